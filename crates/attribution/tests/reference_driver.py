"""Runs the executable reference as a child: one case a line of JSON on standard input, what the reference says of it a line on
standard output. The folder of reference.py is the argument.

A case: {"steps": [["append", text] | ["status", row, status]], "ask": [[version, text]]}. Every text that is asked about is
traced at its version, and tried as an append there."""
import importlib.util, json, os, sys

spec = importlib.util.spec_from_file_location('reference', os.path.join(sys.argv[1], 'reference.py'))
reference = importlib.util.module_from_spec(spec)
spec.loader.exec_module(reference)


def tokens(text):
    return [token for token, _, _ in reference.tokenize(text)]


def play(steps):
    """The set after the steps, and the runs that each append returned."""
    held, runs = reference.Set(), []
    for step in steps:
        if step[0] == 'append':
            runs.append(held.append(tokens(step[1])))
        else:
            held.set_status(step[1], step[2])
    return held, runs


def novelty(held, text):
    """Inherited, closed and total weight of a text as the next row, and [row, weight] of the origins."""
    words = tokens(text)
    weights, _ = held.weights(held.version, words)
    held.append(words)
    origins, rows = held.rows[-1].origin, {}
    for i, origin in enumerate(origins):
        if origin and origin[0] != len(held.rows) - 1:
            rows[origin[0]] = rows.get(origin[0], 0) + weights[i]
    closed = sum(w for o, w in zip(origins, weights) if o is None)
    return [sum(rows.values()), closed, sum(weights), sorted([r, w] for r, w in rows.items() if w)]


def answer(case):
    held, runs = play(case['steps'])
    traces = []
    for version, text in case['ask']:
        words = tokens(text)
        found, _, _ = held.chains(version, words, lambda row: held.rows[row].status(version) != reference.WITHDRAWN, 1)
        credit, explained, withheld, total = held.trace(version, words)
        traces.append(dict(
            tokens=[list(token) for token in reference.tokenize(text)],
            chains=[[score, row, sorted(covered.items())] for score, row, covered in found],
            credits=[[row, origin, weight] for (row, origin), weight in sorted(credit.items()) if weight],
            sums=[explained, withheld, total]))
    # Each step makes a version: at `version`, the first `version - 1` of them were made.
    asked = [novelty(play(case['steps'][:version - 1])[0], text) for version, text in case['ask']]
    return dict(runs=runs, origins=[[list(o) if o else None for o in row.origin] for row in held.rows], traces=traces, novelty=asked)


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
