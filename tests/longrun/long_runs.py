"""A second program for long runs of least squares, that shares no code with the package.

Batches are listed; the moments of w up to degree 4 are the state, moved by one matrix of numbers a step; the matrix
is squared until t = 2^16 or 2^17. Floats: a run beyond them ends in inf or nan.
"""

from fractions import Fraction as F
from itertools import combinations, product

import numpy as np


def times(p, q):
    """The product of two polynomials {exponents: coefficient}."""
    total = {}
    for e, c in p.items():
        for f, d in q.items():
            key = tuple(a + b for a, b in zip(e, f, strict=True))
            total[key] = total.get(key, 0) + c * d
    return total


def plus(*terms):
    """The sum of factor * polynomial."""
    total = {}
    for factor, p in terms:
        for e, c in p.items():
            total[e] = total.get(e, 0) + factor * c
    return total


class Listing:
    """SGD on 1/2 (x.w - y)^2 with every batch listed."""

    def __init__(self, X, y, rate, b, w0, replace=False):
        n, p = len(X), len(X[0])
        self.p, self.rate, self.w0 = p, F(rate), [F(w) for w in w0]
        unit = [tuple(int(a == k) for a in range(p)) for k in range(p)]
        self.one, self.w = {(0,) * p: F(1)}, [{e: F(1)} for e in unit]
        residuals = [plus(*[(F(v), w) for v, w in zip(x, self.w, strict=True)], (-F(t), self.one))
                     for x, t in zip(X, y, strict=True)]
        self.batches = list(product(range(n), repeat=b)) if replace else list(combinations(range(n), b))
        self.gradients = [[plus(*[(F(X[i][k]) / b, residuals[i]) for i in batch]) for k in range(p)]
                          for batch in self.batches]
        self.loss = plus(*[(F(1, 2 * n), times(r, r)) for r in residuals])

    def mean(self, polynomials):
        return plus(*[(F(1, len(self.batches)), p) for p in polynomials])

    def values(self, polynomials, doublings, more):
        """E of polynomials in w_t at t = 2^doublings + more, as floats."""
        degree = max(sum(e) for p in polynomials for e in p)
        basis = [e for e in product(range(degree + 1), repeat=self.p) if sum(e) <= degree]
        place = {e: i for i, e in enumerate(basis)}
        matrix = np.zeros((len(basis), len(basis)))
        moved = [[plus((1, w), (-self.rate, g)) for w, g in zip(self.w, gradient, strict=True)]
                 for gradient in self.gradients]
        for e in basis:
            images = []
            for new in moved:
                image = self.one
                for factor, power in zip(new, e, strict=True):
                    for _ in range(power):
                        image = times(image, factor)
                images.append(image)
            for f, c in self.mean(images).items():
                matrix[place[e], place[f]] = float(c)
        start = np.array([float(np.prod([w**k for w, k in zip(self.w0, e, strict=True)])) for e in basis])
        with np.errstate(all="ignore"):
            end = np.linalg.matrix_power(matrix, more) @ start
            for _ in range(doublings):
                matrix = matrix @ matrix
            end = matrix @ end
            return [sum(float(c) * end[place[e]] for e, c in p.items() if c) for p in polynomials]

    def variance_of_gradient(self):
        """(E||g||^2, E g) as polynomials in w."""
        square = self.mean([plus(*[(1, times(g, g)) for g in gradient]) for gradient in self.gradients])
        return square, [self.mean([gradient[k] for gradient in self.gradients]) for k in range(self.p)]


def long_run(listing, name, doublings=16, more=0):
    """The value of a moment at t = 2^doublings + more."""
    if name == "mean of the loss":
        return listing.values([listing.loss], doublings, more)[0]
    if name == "variance of the loss":
        square, mean = listing.values([times(listing.loss, listing.loss), listing.loss], doublings, more)
        return square - mean**2
    if name == "second moment of the weights":
        return listing.values([plus(*[(1, times(w, w)) for w in listing.w])], doublings, more)[0]
    square, means = listing.variance_of_gradient()
    values = listing.values([square, *means], doublings, more)
    return values[0] - sum(v**2 for v in values[1:])


def settles(listing, name):
    """Whether the moment is the same at t = 2^16, 2^16 + 1 and 2^17."""
    ends = [long_run(listing, name, *at) for at in ((16, 0), (16, 1), (17, 0))]
    return all(abs(end - ends[0]) <= 1e-6 * abs(ends[0]) + 1e-9 for end in ends)
