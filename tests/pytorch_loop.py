"""SGD as its documentation in PyTorch says it, over every sequence of batches of a regression: a witness of its own.

It shares nothing with the package: lists of Fractions, the loop of torch.optim.SGD, and sums over all batches.
"""

from fractions import Fraction
from itertools import combinations, product


def batches(n, b, replaced):
    """All batches of b of n points, equally likely."""
    return list(product(range(n), repeat=b) if replaced else combinations(range(n), b))


def gradient(data, w, batch):
    """The mean of x (x.w - y) over a batch."""
    errors = [(data[i][0], sum(a * c for a, c in zip(data[i][0], w, strict=True)) - data[i][1]) for i in batch]
    return [sum(x[j] * e for x, e in errors) / Fraction(len(batch)) for j in range(len(w))]


def paths(data, start, rates, b, *, momentum=0, nesterov=False, dampening=0, weight_decay=0, replaced=False):
    """For every sequence of batches: (chance, [w_0, ..., w_t], [v_0, ..., v_t], g_t)."""
    found = [(Fraction(1), [list(start)], [[Fraction(0)] * len(start)], None)]
    drawn = batches(len(data), b, replaced)
    for t in range(len(rates) + 1):
        grown = []
        for chance, ws, vs, _ in found:
            for batch in drawn:
                g = gradient(data, ws[-1], batch)
                if t == len(rates):
                    grown.append((chance / len(drawn), ws, vs, g))
                    continue
                d = [x + weight_decay * w for x, w in zip(g, ws[-1], strict=True)]
                buffer = vs[-1]
                if momentum:
                    buffer = list(d) if t == 0 else [momentum * v + (1 - dampening) * x
                                                     for v, x in zip(vs[-1], d, strict=True)]
                    d = [x + momentum * v for x, v in zip(d, buffer, strict=True)] if nesterov else buffer
                moved = [w - rates[t] * x for w, x in zip(ws[-1], d, strict=True)]
                grown.append((chance / len(drawn), [*ws, moved], [*vs, buffer], None))
        found = grown
    return found


def variance(found, read):
    """The trace of the covariance of what `read` takes from a path."""
    values = [(chance, read(ws, vs, g)) for chance, ws, vs, g in found]
    width = range(len(values[0][1]))
    mean = [sum(c * v[j] for c, v in values) for j in width]
    return sum(c * sum((v[j] - mean[j]) ** 2 for j in width) for c, v in values)


def average(ws, decay=None):
    """The mean of the weights so far, or their exponential average."""
    if decay is None:
        return [sum(column) / Fraction(len(ws)) for column in zip(*ws, strict=True)]
    kept = ws[0]
    for w in ws[1:]:
        kept = [decay * a + (1 - decay) * c for a, c in zip(kept, w, strict=True)]
    return kept
