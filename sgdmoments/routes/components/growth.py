"""How a polynomial grows while steps are undone or taken forward: counted from degrees, no polynomial is made.

A step puts w - alpha (c_1(w) S_1 + ... + c_k(w) S_k) for w: what has degree D in the weights becomes a sum over
j = 0, ..., D of what has degree j in the statistics S and D + j (d - 1) in the weights, d the degree of the gradient.
Of all these monomials as large a part is met as of those of the quantity itself. Means over the statistics then cost
what the recursion for their joint moments costs (`recursion.batch_moments`): one product for each pair of an exponent
and one below it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import comb, lgamma
from typing import Any

#: Seconds for a term: put together, read apart by its statistics, and added up; bytes that it takes. Measured.
SECONDS_PER_IMAGE, BYTES_PER_TERM = 1.8e-5, 1_200
#: Seconds of one product in the recursion for moments, of the same for each order, and of one moment once it is known.
SECONDS_PER_PAIR, SECONDS_PER_ORDER, SECONDS_PER_MOMENT = 4e-6, 2e-7, 1e-4
#: Seconds of one entry of the table of weights of distinct samples.
SECONDS_PER_WEIGHT = 1.5e-6
#: The part of the monomials that is left where gradings and signs that are not looked for thin them out.
_MET = 0.5
#: Steps of a linear model that are looked at one by one.
_MOST_STEPS = 1_000
#: Degrees that are looked at one by one.
_MOST_SUMMED = 60
#: Larger counts are not told apart.
BEYOND = 1e40


@dataclass(frozen=True, slots=True)
class Sizes:
    """The predicted size of one expectation.

    Attributes:
        terms: the most monomials held at once.
        middle: how many first steps to take forward so that this is smallest.
        degree: a bound of the degree of the answer in 1/b.
        setup: seconds before the first step is undone.
        work: monomials met in all steps together.
        moments: seconds for the joint moments of the statistics.
    """

    terms: int
    middle: int
    degree: int
    setup: float = 0.0
    work: int = 0
    moments: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """The prediction for people and for the planner."""
        return {"route": "components", "terms": self.terms, "degree": self.degree, "forward_steps": self.middle,
                "seconds": self.setup + self.moments + self.work * SECONDS_PER_IMAGE,
                "memory": self.terms * BYTES_PER_TERM}


@dataclass(frozen=True, slots=True)
class Degrees:
    """What an expectation's size depends on.

    Attributes:
        steps: t.
        weight_degree: the degree of the gradient in the weights.
        top: the degree of the target in the weights.
        held: its number of terms.
        width, statistics, letters, start_letters: the numbers of weights, of batch statistics, of letters, and of
            letters in the initial weights.
        gradings: independent ways to weigh letters and weights under which a step is homogeneous.
        now: how many factors of its own step's statistics the target held: 0, 1 or 2.
        independent: whether the samples of a batch are independent draws.
        data_letters: how many of the letters are entries of the data.
        sample_degree: the degree of a statistic in the sample.
        rate_letters: how many of the letters are in the learning rates.
        points: the number of points whose label noise is averaged one by one; 0 for none.
        rows: the number of points of a finite data set; 0 for another law.
    """

    steps: int
    weight_degree: int
    top: int
    held: int
    width: int
    statistics: int
    letters: int
    start_letters: int
    gradings: int
    now: int
    independent: bool
    data_letters: int = 0
    sample_degree: int = 1
    rate_letters: int = 0
    points: int = 0
    rows: int = 0


def sizes_of(by: Degrees) -> Sizes:
    """The sizes from degrees: every number of steps taken forward is tried."""
    d, top, steps = max(by.weight_degree, 1), max(by.top, 1), by.steps
    if d > 1 and steps > 12:
        return Sizes(int(BEYOND), 0, int(BEYOND), work=int(BEYOND))
    if steps > _MOST_STEPS:  # every step is like every other: terms and degree grow in proportion
        found, times = sizes_of(replace(by, steps=_MOST_STEPS)), steps / _MOST_STEPS
        return replace(found, terms=int(found.terms * times), degree=int(found.degree * times),
                       work=int(found.work * times**2))
    # orders[k]: the degree of E[target | w_0, ..., w_(k-1)] in the statistics of step k
    orders = [top * d ** (steps - 1 - k) for k in range(steps)]
    u_degree, factors = [max(by.now - 1, 0)] * (steps + 1), [by.now] * (steps + 1)
    for k in range(steps - 1, -1, -1):
        factors[k] = factors[k + 1] + orders[k]
        u_degree[k] = u_degree[k + 1] + max(orders[k] - 1, 0)
        if not by.independent:  # at most n distinct samples in each step
            u_degree[k] = min(u_degree[k], factors[k])
    free = max(by.width + by.letters - by.data_letters - by.gradings, 1)

    def others(k: int) -> float:
        """Powers of 1/b and of letters of the data in E[target | w_k]."""
        return (1 + u_degree[k]) * monomials(max(by.data_letters - 1, 0), by.sample_degree * factors[k])

    held = float(max(by.held, 1))
    density = min(1.0, held / (monomials(free, top) * others(steps)))
    part = _MET * density if density < 1 else 1.0
    backward, undone = [held] * (steps + 1), [0.0] * (steps + 1)  # from step t down to step k: the most, the sum
    for k in range(steps - 1, -1, -1):
        image = _image(by.statistics, free, orders[k], d) * part * others(k + 1)
        mean = monomials(free, orders[k] * d) * part * others(k)  # larger than the image where data are letters
        backward[k], undone[k] = max(backward[k + 1], image, mean), undone[k + 1] + image
    beside = by.letters - by.data_letters - by.rate_letters
    own_gradings = max(by.gradings - by.start_letters, 0) if beside else 0
    start = monomials(max(beside - own_gradings, 0), top * d**steps) if beside else 1.0
    terms, middle, work, forward = backward[0], 0, undone[0], 1.0
    for first in range(1, steps + 1):
        forward *= monomials(by.statistics, orders[first - 1])
        # a rate stands beside each statistic: where the mean of a gradient holds a constant it has powers of its own
        image = forward * others(first) * start * (1 + orders[0]) ** (by.rate_letters / 4)
        most = max(backward[first], image, others(0) * start)
        if most < terms:
            terms, middle, work = most, first, undone[first] + image
        if forward > BEYOND:
            break
    return Sizes(int(min(terms, BEYOND)), middle, u_degree[0], work=int(min(work, BEYOND)),
                 moments=_moment_seconds(by, max(orders), work) if steps else 0.0)


def _image(statistics: int, weights: int, degree: int, d: int) -> float:
    """Monomials of degree j in statistics and up to degree + j (d - 1) in the weights, j = 0, ..., degree."""
    if d == 1:
        return monomials(statistics, degree) * monomials(weights, degree)
    if statistics == 0:
        return monomials(weights, d * degree)
    if degree > _MOST_SUMMED:  # a polynomial of degree statistics + weights - 1 in j, summed up to its last value
        last = monomials(statistics - 1, degree) * monomials(weights, d * degree)
        return min(BEYOND, last * max(1.0, degree / (statistics + weights)))
    return min(BEYOND, sum(monomials(statistics - 1, j) * monomials(weights, degree + j * (d - 1))
                           for j in range(degree + 1)))


def _moment_seconds(by: Degrees, order: int, work: float) -> float:
    """Seconds for the joint moments of the statistics up to an order; no more are asked for than terms are met."""
    count = min(monomials(by.statistics, order), max(work, 1.0))
    pairs = min(monomials(2 * by.statistics, order), count * 2.0 ** min(order, 100))
    letters = monomials(max(by.data_letters - 1, 0), by.sample_degree * order)
    if by.rows:  # a product of means over the rows has a term for each choice of a row in each factor
        letters = min(letters, monomials(by.rows - 1, order))
    return (pairs * letters * (SECONDS_PER_PAIR + SECONDS_PER_ORDER * order) * (1 + 2 * by.points)
            + count * letters * SECONDS_PER_MOMENT + SECONDS_PER_WEIGHT * float(order) ** 3)


def monomials(variables: int, degree: int) -> float:
    """The number of monomials up to a degree, not above `BEYOND`."""
    if lgamma(variables + degree + 1) - lgamma(variables + 1) - lgamma(degree + 1) > 92.0:
        return BEYOND
    return float(comb(variables + degree, variables))
