"""What other people's tools make of the same data, for `cargo xtask bench attribution`.

alternatives.py NAME FOLDER: reads what the benchmark wrote there, prints one JSON object.
"""

import contextlib
import io
import json
import os
import sys
import time

ROUNDS = 5


def best(work):
    """Milliseconds of the best of some rounds, by this process's processor time, and the last result."""
    times, result = [], None
    for _ in range(ROUNDS):
        started = time.process_time()
        result = work()
        times.append(time.process_time() - started)
    return 1e3 * min(times), result


def scan(folder, about):
    import numpy as np

    rows = np.fromfile(os.path.join(folder, "rows.i8"), dtype=np.int8).reshape(-1, about["dim"] + 1)[:, 1:]
    query = np.fromfile(os.path.join(folder, "query.i8"), dtype=np.int8)
    rows = np.ascontiguousarray(rows)
    floats, query_floats = rows.astype(np.float32), query.astype(np.float32)

    def top(scores):
        return np.argpartition(scores, -100)[-100:]

    def by_floats():
        scores = floats @ query_floats
        top(scores)
        return scores

    def by_integers():
        scores = rows.astype(np.int32) @ query.astype(np.int32)
        top(scores)
        return scores

    floating, scores = best(by_floats)
    whole, exact = best(by_integers)
    # Below 2**24 a float is exact.
    return {"float32_ms": floating, "int32_ms": whole, "sum": int(exact.astype(np.int64).sum()), "equal": bool((scores == exact).all())}


def matches(folder, about):
    from infini_gram import indexing
    from infini_gram.engine import InfiniGramEngine

    # The suffix array over the tokens that are in the folder already.
    arguments = ["indexing", "--data_dir", folder, "--save_dir", folder, "--token_dtype", "u16", "--cpus", "1", "--mem", "4", "--ulimit", "1024"]
    argv, sys.argv = sys.argv, arguments
    started = time.perf_counter()
    here = os.getcwd()
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            indexing.main()
    finally:
        sys.argv = argv
        os.chdir(here)
    built = time.perf_counter() - started
    engine = InfiniGramEngine(index_dir=folder, eos_token_id=about["vocabulary"], vocab_size=about["vocabulary"] + 1, token_dtype="u16")
    checked, different, silent = 0, 0, 0
    times = []
    for query in about["queries"]:
        tokens = query["tokens"]
        started = time.process_time()
        found = [engine.infgram_prob(prompt_ids=tokens[max(0, end - about["longest"]):end], cont_id=0)["suffix_len"] for end in range(1, len(tokens) + 1)]
        times.append(time.process_time() - started)
        for length, ours in zip(found, query["longest"]):
            # Shorter matches than of three tokens are not ours to find, and lists that were cut do not tell.
            if ours is None:
                continue
            if length == 0 and ours > 0:
                silent += 1
                continue
            checked += 1
            different += (length if length >= 3 else 0) != ours
    counts = [engine.count(input_ids=[word])["count"] for word in about["words"]]
    wrong = sum(count != ours for count, ours in zip(counts, about["counts"]))
    return {"built_ms": 1e3 * built, "query_ms": 1e3 * sorted(times)[len(times) // 2], "checked": checked, "different": different, "silent": silent, "counts": len(counts), "wrong_counts": wrong}


def shapley(folder, about):
    import numpy as np
    from pydvl.valuation.dataset import Dataset
    from pydvl.valuation.methods.knn_shapley import KNNShapleyValuation
    from sklearn.neighbors import KNeighborsClassifier

    rows = np.fromfile(os.path.join(folder, "labelled.i8"), dtype=np.int8).reshape(-1, about["dim"] + 3)
    labels, values = rows[:, 2].astype(np.int64), np.ascontiguousarray(rows[:, 3:]).astype(np.float64)
    query = np.fromfile(os.path.join(folder, "labelled_query.i8"), dtype=np.int8).astype(np.float64).reshape(1, -1)
    model = KNeighborsClassifier(n_neighbors=about["k"], algorithm="brute")
    train = Dataset(values, labels)
    test = Dataset(query, np.array([about["label"]]))

    def run():
        with contextlib.redirect_stderr(io.StringIO()):
            return KNNShapleyValuation(model, test, progress=False).fit(train)

    taken, fitted = best(run)
    result = fitted.result if hasattr(fitted, "result") else fitted.values()
    found = {int(item.idx): float(item.value) for item in result}
    ours = about["values"]
    return {"ms": taken, "rows": len(found), "furthest": max(abs(found[row] - ours[row]) for row in range(len(ours)))}


def main():
    name, folder = sys.argv[1:]
    with open(os.path.join(folder, "about.json"), encoding="utf-8") as file:
        about = json.load(file)
    print(json.dumps({"scan": scan, "matches": matches, "shapley": shapley}[name](folder, about)))


main()
