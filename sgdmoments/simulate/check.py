"""`check`: an exact result, or any claim, against real SGD, coefficient by coefficient."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from sgdmoments.errors import InputError
from sgdmoments.exact.polynomial import BatchPolynomial
from sgdmoments.models.quantities import Quantity
from sgdmoments.models.run import SGD
from sgdmoments.simulate.estimate import simulate
from sgdmoments.simulate.fit import (
    Fit,
    chi_square_p,
    generalised_least_squares,
    identifying_batch_sizes,
    normal_p,
    normal_quantile,
)
from sgdmoments.simulate.report import CheckReport, CoefficientCheck, PointCheck
from sgdmoments.simulate.result import Estimates, Simulation, SimulationProgress

Array = np.ndarray[Any, Any]

#: Replicates at each b before a simulation may be called sufficient, and the most there can be.
_PILOT, _MOST = 4096, 1 << 31

#: A chosen sample size lets a change of this part of any coefficient be found, with this power.
_DETECT, _POWER_Z = 0.05, 1.645


def check(sgd: SGD, q: Quantity, samples: int | None = None, batch_sizes: Sequence[int] | None = None,
          claim: BatchPolynomial | Sequence[Any] | None = None, seed: int = 0, *, moment: str = "variance",
          false_alarm_rate: float = 0.01, seconds: float = 10.0, **options: Any) -> CheckReport:
    """Put a polynomial in 1/b to the test of simulation.

    Tests, together at the stated false-alarm rate (each at rate / number of tests, Bonferroni):
    the joint chi-square of all batch sizes; each coefficient estimated by generalised least squares with the
    others free; each coefficient with the others as claimed (much sharper for a single wrong coefficient);
    and agreement to rounding where SGD does not vary (b = n without replacement).

    A batch size at which the fourth moment says that the standard error cannot be believed is reported, but
    takes no part in the verdict. A coefficient that the data cannot tell from zero is "not resolved".

    Args:
        sgd: with numbers for data, weights and learning rates.
        q: a quantity at an integer step.
        samples: replicates at each b; None: as many as it takes to find a change of 5 % of any
            coefficient, as far as `seconds` allow (then the number depends on the machine; the report says it).
        batch_sizes: None: degree + 4 of them, small ones included, at which the polynomial is identifiable (where
            there are so many), and b = n without replacement.
        claim: the polynomial to test (`BatchPolynomial` or coefficients, constant first); None: the exact answer.
        seed: of the simulation.
        moment: "variance", "second_moment", or "mean" (of a number).
        false_alarm_rate: the probability that a right answer is rejected.
        seconds: what a chosen sample size may cost, compilation apart.
        options: passed to `simulate` (estimator, given, paired, memory, devices, ...).

    Returns:
        A `CheckReport`; ``report.passed`` is the verdict.

    Raises:
        InputError: the polynomial has letters in it, is truncated, or an argument cannot be used.

    >>> import sgdmoments as sm
    >>> sgd = sm.SGD(sm.LinearRegression([[1], [2], [3], [5]], [1, 1, 2, 0]), learning_rate="1/20", initial=[1])
    >>> check(sgd, sm.gradient(1), samples=20_000).passed
    True
    >>> check(sgd, sm.gradient(1), samples=20_000, claim=2 * sgd.variance(sm.gradient(1))).passed
    False
    """
    if not isinstance(q, Quantity) or not isinstance(q.step, int):
        raise InputError(f"q: expected a quantity at an integer step such as gradient(2), found {q!r}.")
    if not 0 < false_alarm_rate < 1:
        raise InputError(f"false_alarm_rate: found {false_alarm_rate}; expected a number between 0 and 1.")
    polynomial = _polynomial(sgd, q, claim, moment, str(options.get("given", "initial")))
    population = sgd.population
    if batch_sizes is None:
        largest = None if population is None else max(population - 1, 1)
        sizes = identifying_batch_sizes(polynomial.degree, largest)
        if population is not None and population > 1:
            sizes = (*sizes, population)
    else:
        sizes = tuple(sorted(int(b) for b in batch_sizes))
    try:
        exact = np.array([float(polynomial(b)) for b in sizes])
        size_of = np.array([float(c) for c in polynomial.coefficients])
    except OverflowError:
        raise InputError(f"{q}: its exact {moment} is beyond floating-point numbers (1.8e308), so there is no "
                         "simulating it; take fewer steps or a smaller learning rate.") from None
    tests = 2 * len(size_of) + 2
    started = time.perf_counter()
    if samples is None:
        threshold = normal_quantile(false_alarm_rate / tests)
        options["progress"] = _Sufficient(moment, q, sizes, size_of, threshold, seconds, options.get("progress"))
    run = simulate(sgd, q, None, sizes, samples or _MOST, seed, **options)
    found = run.estimates(moment, q)
    return _judge(sgd, q, moment, polynomial, found, run, exact, claim is not None, false_alarm_rate, tests,
                  time.perf_counter() - started)


def _judge(sgd: SGD, q: Quantity, moment: str, polynomial: BatchPolynomial, found: Estimates, run: Simulation,
           exact: Array, is_claim: bool, rate: float, tests: int, seconds: float) -> CheckReport:
    sizes = run.batch_sizes
    z = found.z(exact)
    scale = float(np.max(np.abs(exact)))
    fixed = found.standard_error <= 1e-9 * np.maximum(np.abs(found.value), 1e-3 * scale)
    use = found.trusted & ~fixed
    level = rate / tests
    p_values: list[float] = []
    points = tuple(PointCheck(b, float(v), float(s), float(e), float(zz), bool(t), bool(f), float(k))
                   for b, v, s, e, zz, t, f, k in zip(sizes, found.value, found.standard_error, exact, z,
                                                      found.trusted | fixed, fixed, found.kurtosis, strict=True))
    exact_points = [(v, e) for v, e, f in zip(found.value, exact, fixed, strict=True) if f]
    if exact_points:
        agree = all(abs(v - e) <= 1e-7 * max(abs(v), abs(e), 1e-3 * scale) + 1e-300 for v, e in exact_points)
        p_values.append(1.0 if agree else 0.0)
    degree = polynomial.degree
    chi_square, joint_p = 0.0, 1.0
    fit: Fit | None = None
    score_z, score_information = [0.0] * (degree + 1), [0.0] * (degree + 1)
    used = tuple(b for b, ok in zip(sizes, use, strict=True) if ok)
    if used:
        values, residuals = found.value[use], (found.value - exact)[use]
        covariance = np.diag(found.standard_error[use] ** 2)
        if found.covariance is not None:
            covariance = found.covariance[np.ix_(use, use)]
        precision = np.linalg.inv(covariance)
        chi_square = float(residuals @ precision @ residuals)
        joint_p = chi_square_p(chi_square, len(used))
        p_values.append(joint_p)
        for k in range(degree + 1):
            column = (1 / np.array(used, dtype=float)) ** k
            score_information[k] = float(np.sqrt(column @ precision @ column))
            score_z[k] = float(column @ precision @ residuals) / score_information[k]
            p_values.append(normal_p(score_z[k]))
        if len(used) > degree:
            fit = generalised_least_squares(used, values, covariance, degree)
    threshold = normal_quantile(level)
    coefficients = []
    biggest = max(abs(float(c)) for c in polynomial.coefficients)
    for k, c in enumerate(polynomial.coefficients):
        value = float(c)
        detectable = (threshold + _POWER_Z) / score_information[k] if used else float("inf")
        if fit is None:
            coefficients.append(CoefficientCheck(k, value, None, None, None, score_z[k], detectable, "not resolved"))
            continue
        estimate, error = fit.coefficients[k], fit.standard_errors[k]
        zk = (estimate - value) / error
        p_values.append(normal_p(zk))
        status = "not resolved" if 3 * error > (abs(value) or biggest) else "agrees"
        if min(normal_p(zk), normal_p(score_z[k])) < level:
            status = "differs"
        coefficients.append(CoefficientCheck(k, value, estimate, error, zk, score_z[k], detectable, status))
    rejected = bool(p_values) and min(p_values) < level
    verdict = "rejected" if rejected else "passed" if p_values else "undecided"
    return CheckReport(
        question=f"{moment.replace('_', ' ')} of {q}", model=repr(sgd), claimed=is_claim, verdict=verdict,
        points=points, coefficients=tuple(coefficients), condition=None if fit is None else fit.condition,
        chi_square=chi_square, degrees=len(used), joint_p=joint_p, smallest_p=min(p_values, default=1.0), tests=tests,
        false_alarm_rate=rate, samples=run.samples, seed=int(run.identity["options"][0]), seconds=seconds,
        steps_per_second=run.throughput.steps_per_second, polynomial=polynomial)


class _Sufficient:
    """Stops a simulation when a change of `_DETECT` of any coefficient would be found, or when time is up."""

    def __init__(self, moment: str, q: Quantity, sizes: tuple[int, ...], coefficients: Array, threshold: float,
                 seconds: float, then: Any) -> None:
        self.moment, self.q, self.sizes, self.coefficients = moment, q, sizes, coefficients
        self.threshold, self.seconds, self.then = threshold, seconds, then

    def __call__(self, progress: SimulationProgress) -> bool:
        if self.then is not None and self.then(progress) is False:
            return False
        if progress.done < _PILOT:
            return True
        found = progress.result.estimates(self.moment, self.q)
        return progress.result.throughput.seconds < self.seconds and not self._enough(found)

    def _enough(self, found: Estimates) -> bool:
        u = 1 / np.array(self.sizes, dtype=float)
        noisy = found.standard_error > 1e-9 * np.abs(found.value)
        for k, c in enumerate(self.coefficients):
            information = np.sqrt((u[noisy] ** (2 * k) / found.standard_error[noisy] ** 2).sum())
            if c and noisy.any() and (self.threshold + _POWER_Z) > _DETECT * abs(c) * information:
                return False
        return True


def _polynomial(sgd: SGD, q: Quantity, claim: Any, moment: str, given: str) -> BatchPolynomial:
    if claim is None:
        if moment == "variance":
            claim = sgd.variance(q, given=given)  # type: ignore[arg-type]
        elif moment == "second_moment":
            claim = sgd.second_moment(q)
        elif moment == "mean" and q.kind == "loss":
            claim = sgd.mean(q)
        else:
            raise InputError(f"moment: found {moment!r}; use 'variance', 'second_moment', or 'mean' of a loss.")
    if not isinstance(claim, BatchPolynomial):
        claim = BatchPolynomial(tuple(claim), sgd.population)
    if not claim.is_rational and claim.symbols:
        letters = ", ".join(sorted(map(str, claim.symbols)))
        raise InputError(f"claim: the polynomial has letters ({letters}); give numbers with .evaluate({{...}}) and an "
                         "SGD with numbers.")
    if claim.learning_rate_order is not None:
        raise InputError(f"claim: a series in the learning rate to order {claim.learning_rate_order} is not the whole "
                         "polynomial; only a whole one can be put to the test.")
    if claim.truncated is not None:
        raise InputError(f"claim: powers of 1/b beyond {claim.truncated} exist but are not known (truncated); only a "
                         "whole polynomial can be compared with simulation.")
    return claim
