"""Runs the executable reference as a child for the precompiles: one case a line of JSON on standard input, an answer a line on standard output.
The folder of reference.py is the argument. Weights, scores and shares are written as strings.

Text:   {"kind": "text", "steps": [["append", who, text] | ["status", row, status] | ["reassign", row, who]], "ask": [[version, text, most]]}
Sketch: {"kind": "sketch", "dim", "steps": [["append", who, [[exponent, label, values]]] | as above],
         "ask": [{"version", "queries", "label", "k", "lambda", "most"}]}
Split:  {"kind": "split", "pool", "weights"}"""
import importlib.util, json, os, sys

spec = importlib.util.spec_from_file_location('reference', os.path.join(sys.argv[1], 'reference.py'))
reference = importlib.util.module_from_spec(spec)
spec.loader.exec_module(reference)
WITHDRAWN = reference.WITHDRAWN


def ranked(scores, most):
    """The best by score, then index; without zeros; all when `most` is 0. As two lists."""
    best = sorted(((k, s) for k, s in scores if s), key=lambda x: (-x[1], x[0]))
    best = best[:most or None]
    return [[k for k, _ in best], [str(s) for _, s in best]]


def words_of(text):
    return [token for token, _, _ in reference.tokenize(text)]


def credited(held, version, row, place):
    """Where a covered token is from, and whether nobody is credited for it."""
    origin = held.rows[row].origin[place] or (row, place)
    home = held.rows[origin[0]]
    status = home.status(version)
    return origin, status == WITHDRAWN or home.origin[origin[1]] is None and status != reference.REFINEMENT


def evidence(held, version, text, texts, most):
    """Runs of output tokens that one chain was paid for, with consecutive tokens of one row and of one origin: in paying order."""
    spans = reference.tokenize(text)
    chains, weights, log_n = held.chains(version, [t for t, _, _ in spans], lambda d: held.rows[d].status(version) != WITHDRAWN, 1)
    paid, runs = set(), []
    for score, row, covered in chains:
        if score < 3 * log_n // 2:
            continue
        last = None
        for token, place in sorted(covered.items()):
            if token in paid:
                continue
            paid.add(token)
            origin, withheld = credited(held, version, row, place)
            follows = last and last['token'] + last['n'] == token and last['place'] + last['n'] == place
            if follows and (last['origin'][0], last['origin'][1] + last['n']) == origin and last['withheld'] == withheld:
                last['n'] += 1
            else:
                last = dict(token=token, place=place, origin=origin, withheld=withheld, row=row, n=1)
                runs.append(last)
    known = {}
    def span(row, first, n):
        if row not in known:
            known[row] = reference.tokenize(texts[row])
        return [known[row][first][1], known[row][first + n - 1][2]]
    out = []
    for r in runs:
        weight = sum(weights[r['token']:r['token'] + r['n']])
        if weight:
            at = [spans[r['token']][1], spans[r['token'] + r['n'] - 1][2]]
            out.append([r['row'], r['origin'][0]] + at + span(r['row'], r['place'], r['n'])
                       + span(r['origin'][0], r['origin'][1], r['n']) + [weight, r['withheld']])
    return out[:most or None]


def novelty(held, version, text):
    """What an append to the rows of a version would find."""
    words, then = words_of(text), reference.Set()
    then.rows, then.version = [row for row in held.rows if row.born <= version], version
    weights, _ = then.weights(version, words)
    then.append(words)
    rows, here = {}, len(then.rows) - 1
    for origin, weight in zip(then.rows[-1].origin, weights):
        if origin and origin[0] != here and weight:
            rows[origin[0]] = rows.get(origin[0], 0) + weight
    closed = sum(w for o, w in zip(then.rows[-1].origin, weights) if o is None)
    return [str(sum(rows.values())), str(closed), str(sum(weights)), sorted(rows), [str(rows[r]) for r in sorted(rows)]]


def text(case):
    held, runs, who, texts = reference.Set(), [], [], []
    for step in case['steps']:
        if step[0] == 'append':
            runs.append(held.append(words_of(step[2])))
            who.append(step[1])
            texts.append(step[2])
        elif step[0] == 'status':
            held.set_status(step[1], step[2])
        else:
            who[step[1]] = step[2]
    asked = []
    for version, output, most in case['ask']:
        credit, explained, withheld, total = held.trace(version, words_of(output))
        by = {}
        for (_, origin), weight in credit.items():
            by[who[origin]] = by.get(who[origin], 0) + weight
        places, credits = ranked(credit.items(), most)
        sums = [str(explained), str(withheld), str(total)]
        asked.append(dict(trace=[[d for d, _ in places], [o for _, o in places], credits] + sums, contributors=ranked(by.items(), most) + sums,
                          evidence=evidence(held, version, output, texts, most), novelty=novelty(held, version, output) if output else None))
    rows = [[w, row.status(held.version), row.born] for w, row in zip(who, held.rows)]
    return dict(runs=runs, rows=rows, asked=asked)


def sketch(case):
    rows, who, changes, version = [], [], [], 1
    for step in case['steps']:
        if step[0] == 'append':
            version += 1
            for exponent, label, values in step[2]:
                rows.append((version, exponent, label, values))
                who.append(step[1])
                changes.append([])
        elif step[0] == 'status':
            version += 1
            changes[step[1]].append((version, step[2]))
        else:
            who[step[1]] = step[2]
    return dict(asked=[ask_sketches(rows, who, changes, a) for a in case['ask']])


def ask_sketches(rows, who, changes, ask):
    version, most = ask['version'], ask['most']
    n = sum(born <= version for born, _, _, _ in rows)
    exponents, labels, values = ([row[at] for row in rows] for at in (1, 2, 3))
    active = [next((s for v, s in reversed(c) if v <= version), 0) != WITHDRAWN for c in changes]
    scores, sums = None, {}
    for query in ask['queries']:
        each, by = reference.influence(values, exponents, who, active, query, n)
        scores = scores or each
        for k, s in by.items():
            sums[k] = sums.get(k, 0) + s
    known = [s for s in scores if s is not None]
    out = dict(influence=ranked(((k, s) for k, s in enumerate(scores) if s is not None), most)
               + [str(sum(s for s in known if s > 0)), str(sum(s for s in known if s < 0))])
    paid = [(k, s) for k, s in sums.items() if s > 0]
    out['contributors'] = ranked(paid, most) + [str(sum(s for _, s in paid))]
    query, lam = ask['queries'][0], ask['lambda']
    unequal = [k for k in range(n) if exponents[k] != exponents[0]]
    zero = [k for k in range(n) if active[k] and not any(values[k]) and not lam]
    if unequal:
        out['datainf'] = ['UnequalExponents', unequal[0]]
    elif zero:
        out['datainf'] = ['ZeroDivisor', zero[0]]
    else:
        found = reference.datainf(values, active, query, lam, n)
        out['datainf'] = ranked(((k, s) for k, s in enumerate(found) if s is not None), most)
    if ask['k'] == 0:
        out['shapley'] = out['shapleyBy'] = ['ZeroNeighbours', 0]
    else:
        found = reference.knn_shapley(values, labels, active, query, ask['label'], ask['k'], n)
        by = {}
        for k, v in enumerate(found):
            if v is not None:
                by[who[k]] = by.get(who[k], 0) + v
        out['shapley'] = ranked(((k, v) for k, v in enumerate(found) if v is not None), most)
        out['shapleyBy'] = ranked(by.items(), most)
    return out


def split(case):
    return dict(shares=[str(x) for x in reference.split(int(case['pool']), [int(w) for w in case['weights']])])


for line in sys.stdin:
    case = json.loads(line)
    print(json.dumps(dict(text=text, sketch=sketch, split=split)[case['kind']](case)), flush=True)
