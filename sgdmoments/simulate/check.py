"""`check`: an exact result, or any claim, against real SGD, coefficient by coefficient."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, get_args

import numpy as np

from sgdmoments.budget import Budget, read_budget, read_progress
from sgdmoments.describe.quantities import Given
from sgdmoments.describe.quantity import Quantity
from sgdmoments.errors import InputError
from sgdmoments.exact.polynomial import BatchPolynomial
from sgdmoments.reading import read_choice, read_flag, read_positive, shown
from sgdmoments.sgd import SGD
from sgdmoments.simulate.arguments import MOST_RUNS, sample_counts, whole_numbers
from sgdmoments.simulate.backend import precision
from sgdmoments.simulate.claim import exact_answer, read_claim
from sgdmoments.simulate.directions import coefficient_directions, score, smallest_shift
from sgdmoments.simulate.estimate import simulate
from sgdmoments.simulate.evidence import Array, Evidence
from sgdmoments.simulate.fit import Fit, generalised_least_squares, identifying_batch_sizes, normal_p, normal_quantile
from sgdmoments.simulate.problem import FloatRun
from sgdmoments.simulate.report import CheckReport, CoefficientCheck, PointCheck
from sgdmoments.simulate.result import Estimates, Simulation, SimulationProgress
from sgdmoments.simulate.verdict import Verdict, judge, number_of_tests

#: Replicates at each b before a simulation may be called sufficient, and their growth between two such looks.
_PILOT, _GROWTH = 4096, 1.1

#: A chosen sample size lets a change of this part of any coefficient be found, with this power.
_DETECT, _POWER_Z = 0.05, 1.645


def check(sgd: SGD, q: Quantity, samples: int | None = None, batch_sizes: Sequence[int] | None = None,
          claim: BatchPolynomial | Sequence[Any] | None = None, seed: int = 0, *, moment: str = "variance",
          false_alarm_rate: float = 0.01, tolerance: float = 0.05, seconds: float = 10.0,
          budget: Budget | None = None, run: Simulation | None = None, **options: Any) -> CheckReport:
    """Put a polynomial in 1/b to the test of simulation: passed, rejected or undecided.

    - "rejected": a right answer is rejected with a probability of at most `false_alarm_rate`. The tests, together at
      that rate (Bonferroni): the joint chi-square of all batch sizes; a change of the whole by a factor; a change of
      each coefficient with the others as claimed; gross errors at any number of runs. A variance claimed to be
      negative, or zero where one is seen, or wrong where SGD does not vary (b = n without replacement), is
      impossible and needs no test.
    - "passed": not rejected, and a claim that is off by `tolerance` of its values or more, as a whole or in one
      coefficient, is refuted (a wrong one passes with a probability of at most 5 %).
    - "undecided": anything else; `CheckReport.reasons` says why, and how many runs would tell.

    A batch size at which the fourth moment says that the standard error cannot be believed is reported, but takes no
    part in the sharp tests. See `evidence`, `directions`, `gross` and `verdict` in `sgdmoments.simulate`.

    Args:
        sgd: with numbers for data, weights and learning rates.
        q: a quantity at an integer step.
        samples: replicates at each b; None: as many as it takes to pass, and to find a change of 5 % of any
            coefficient, as far as `seconds` allow (then the number depends on the machine; the report says it).
        batch_sizes: None: degree + 4 of them, small ones included, at which the polynomial is identifiable (where
            there are so many), and b = n without replacement.
        claim: the polynomial to test (`BatchPolynomial` or coefficients, constant first); None: the exact answer.
        seed: of the simulation.
        moment: "variance", "second_moment", or "mean" (of the loss).
        false_alarm_rate: the probability that a right answer is rejected.
        tolerance: the change, as a part of the values (a root mean square over the batch sizes), that must be refuted.
        seconds: what a chosen sample size may cost, compilation apart.
        budget: of the exact answer and of the simulation; see `simulate`.
        run: a simulation of this SGD that recorded q, to judge by in place of a new one; then no samples, batch sizes
            or options are given.
        options: passed to `simulate` (estimator, given, paired, memory, devices, ...).

    Returns:
        A `CheckReport`; ``report.verdict`` is the word, and ``report.passed`` whether it is "passed".

    Raises:
        InputError: the claim is no polynomial of finite numbers, has letters in it, is truncated, or an argument
            cannot be used.
        BudgetExceeded: the answer or the runs cost more than the budget allows; before the runs start.

    >>> import sgdmoments as sm
    >>> sgd = sm.SGD(sm.LinearRegression([[1], [2], [3], [5]], [1, 1, 2, 0]), learning_rate="1/20", initial=[1])
    >>> check(sgd, sm.gradient(1), samples=20_000).passed
    True
    >>> check(sgd, sm.gradient(1), samples=20_000, claim=2 * sgd.variance(sm.gradient(1))).verdict
    'rejected'
    >>> check(sgd, sm.gradient(1), samples=16).verdict
    'undecided'
    """
    if not isinstance(sgd, SGD):
        raise InputError(f"sgd: expected an SGD, found {type(sgd).__name__}.")
    if not isinstance(q, Quantity) or not isinstance(q.step, int):
        raise InputError(f"q: expected a quantity at an integer step such as gradient(2), found {shown(q)}.")
    rate = read_positive(false_alarm_rate, "false_alarm_rate")
    if rate >= 1:
        raise InputError(f"false_alarm_rate: found {false_alarm_rate}; expected a number between 0 and 1.")
    tolerance = read_positive(tolerance, "tolerance")
    seconds = read_positive(seconds, "seconds")
    budget = read_budget(budget)
    moment = read_choice(moment, "moment", ("variance", "second_moment", "mean"))
    counts = None if samples is None else sample_counts(samples)
    sizes = None if batch_sizes is None else tuple(sorted(whole_numbers(batch_sizes, "batch_sizes", 1)))
    if run is not None:
        if counts or sizes or options:
            raise InputError("run: samples, batch_sizes and the options of `simulate` are those of the run; leave them "
                             "out.")
        sizes, options = _as_run(run, sgd)
    given = read_choice(options.get("given", "initial"), "given", get_args(Given))
    population = sgd.population
    polynomial = read_claim(exact_answer(sgd, q, moment, given, budget) if claim is None else claim, population)
    if sizes is None:
        largest = None if population is None else max(population - 1, 1)
        sizes = identifying_batch_sizes(polynomial.degree, largest)
        if population is not None and population > 1:
            sizes = (*sizes, population)
    values, coefficients = _floats(polynomial, sizes, q, moment)
    started = time.perf_counter()
    question = _Asked(sgd, q, moment, given, polynomial, sizes, values, coefficients, rate, tolerance,
                      not read_flag(options.get("x64", True), "x64"))
    if run is not None:
        return question.report(run, claim is not None, 0.0)
    if counts is None:
        options |= {"seconds": seconds, "progress": _Sufficient(question, read_progress(options.get("progress")))}
    found = simulate(sgd, q, None, sizes, counts, seed, budget=budget, **options)
    return question.report(found, claim is not None, time.perf_counter() - started)


def _as_run(run: Simulation, sgd: SGD) -> tuple[tuple[int, ...], dict[str, Any]]:
    """The batch sizes and options of a run of this SGD."""
    if not isinstance(run, Simulation):
        raise InputError(f"run: expected a Simulation, found {type(run).__name__}.")
    with precision(run.identity["x64"]):
        if FloatRun.read(sgd).fingerprint(run.steps[-1]) != run.identity["fingerprint"]:
            raise InputError("run: a simulation of another SGD (data, weights, learning rates or sampling differ).")
    given = "nothing" if run.identity["options"][-1] else "initial"
    return run.batch_sizes, {"given": given, "x64": run.identity["x64"]}


def _floats(polynomial: BatchPolynomial, sizes: Sequence[int], q: Quantity, moment: str) -> tuple[Array, Array]:
    """The claimed values at the batch sizes, and the coefficients."""
    try:
        values = np.array([float(polynomial(b)) for b in sizes])
        coefficients = np.array([float(c) for c in polynomial.coefficients])
        if np.isfinite(values).all() and np.isfinite(coefficients).all():
            return values, coefficients
    except OverflowError:
        pass
    raise InputError(f"{q}: its exact {moment} is beyond floating-point numbers (1.8e308), so there is no simulating "
                     "it; take fewer steps or a smaller learning rate.")


@dataclass(frozen=True)
class _Asked:
    """What is put to the test, and how."""

    sgd: SGD
    q: Quantity
    moment: str
    given: str
    polynomial: BatchPolynomial
    sizes: tuple[int, ...]
    values: Array
    coefficients: Array
    rate: float
    tolerance: float
    single: bool

    @property
    def degree(self) -> int:
        return self.polynomial.degree

    @cached_property
    def rounding(self) -> float:
        """What a moment of rounding errors may amount to, from the sizes of data, labels and weights."""
        problem = FloatRun.read(self.sgd)
        arrays = [a for a in problem.start if isinstance(a, np.ndarray)]
        weights = max((float(np.max(np.abs(a), initial=0.0)) for a in arrays), default=1.0)
        points = 1.0 if problem.points is None else float(np.max(np.abs(problem.points), initial=0.0))
        return float(((1e-6 if self.single else 1e-14) * max(points**2 * (1 + weights), weights)) ** 2)

    @cached_property
    def constant(self) -> Array:
        """Where every run gives the same value: at b = n without replacement, but for noise and random weights."""
        random = self.sgd.starts_at_random
        alike = self.moment == "variance" and self.given == "initial" if random else True
        varies = len(self.sgd.model.law.factors) > 1 or not alike
        return np.array([b == self.sgd.population and not varies for b in self.sizes])

    def evidence(self, found: Estimates) -> Evidence:
        return Evidence(self.sizes, found, self.values, self.sgd.population, self.constant, self.rounding, self.single)

    def report(self, run: Simulation, claimed: bool, seconds: float) -> CheckReport:
        evidence = self.evidence(run.estimates(self.moment, self.q))
        verdict = judge(evidence, self.degree, self.rate, self.tolerance, run.samples)
        fit = None
        used = evidence.used
        if used.sum() > self.degree:
            covariance = np.diag(evidence.found.standard_error[used] ** 2)
            if evidence.found.covariance is not None:
                covariance = evidence.found.covariance[np.ix_(used, used)]
            fit = generalised_least_squares(tuple(np.array(self.sizes)[used].tolist()), evidence.found.value[used],
                                            covariance, self.degree)
        return CheckReport(
            question=f"{self.moment.replace('_', ' ')} of {self.q}", model=repr(self.sgd), claimed=claimed,
            verdict=verdict.word, reasons=verdict.reasons, tolerance=self.tolerance, points=_points(evidence),
            coefficients=self._coefficients(fit, verdict), condition=None if fit is None else fit.condition,
            chi_square=verdict.chi_square, degrees=verdict.degrees, joint_p=verdict.joint_p,
            smallest_p=verdict.smallest_p, tests=number_of_tests(self.degree), false_alarm_rate=self.rate,
            samples=run.samples, seed=int(np.ravel(run.identity["options"][0])[0]), seconds=seconds,
            steps_per_second=run.throughput.steps_per_second, polynomial=self.polynomial)

    def _coefficients(self, fit: Fit | None, verdict: Verdict) -> tuple[CoefficientCheck, ...]:
        level = self.rate / number_of_tests(self.degree)
        threshold = normal_quantile(level)
        biggest = float(np.max(np.abs(self.coefficients)))
        rows = []
        for k, value in enumerate(map(float, self.coefficients)):
            score, shift = verdict.scores[k], verdict.shifts[k]
            detectable = (threshold + _POWER_Z) / shift if shift else float("inf")
            estimate = error = z = None
            status = "not resolved"
            if fit is not None:
                estimate, error = fit.coefficients[k], fit.standard_errors[k]
                z = (estimate - value) / error
                status = "not resolved" if 3 * error > (abs(value) or biggest) else "agrees"
            if normal_p(score) < level:
                status = "differs"
            rows.append(CoefficientCheck(k, value, estimate, error, z, score, detectable, status))
        return tuple(rows)


def _points(evidence: Evidence) -> tuple[PointCheck, ...]:
    found, rows = evidence.found, []
    z = found.z(evidence.claim)
    for k, b in enumerate(evidence.batch_sizes):
        note = ""
        if not np.isfinite(found.value[k]):
            note = "left the range of floats"
        elif evidence.fixed[k]:
            note = "does not vary"
        elif not evidence.trusted[k]:
            note = f"heavy tails (kurtosis {evidence.kurtosis[k]:.3g})" if evidence.heavy[k] else "too few runs"
        informative = bool(evidence.used[k] or (evidence.fixed[k] and evidence.claim[k] != 0))
        rows.append(PointCheck(b, float(found.value[k]), float(found.standard_error[k]), float(evidence.claim[k]),
                               float(z[k]), bool(evidence.trusted[k]), bool(evidence.fixed[k]),
                               float(found.kurtosis[k]), note, informative))
    return tuple(rows)


class _Sufficient:
    """Stops a simulation when it would pass, and a change of `_DETECT` of any coefficient be found.

    It looks after `_PILOT` runs, and again each time the runs have grown by `_GROWTH`: a look may cost as much as a
    small chunk of runs.
    """

    def __init__(self, asked: _Asked, then: Any) -> None:
        self.asked, self.then, self.next = asked, then, _PILOT
        self.needed = normal_quantile(asked.rate / number_of_tests(asked.degree)) + _POWER_Z

    def __call__(self, progress: SimulationProgress) -> bool:
        if self.then is not None and self.then(progress) is False:
            return False
        if progress.done >= MOST_RUNS // 2:
            return False
        if progress.done < self.next:
            return True
        self.next = int(progress.done * _GROWTH)
        asked = self.asked
        return not self._enough(asked.evidence(progress.result.estimates(asked.moment, asked.q)))

    def _enough(self, evidence: Evidence) -> bool:
        varying = evidence.claim[~evidence.fixed]
        if not varying.any():
            return True
        if smallest_shift(evidence, self.asked.degree, self.asked.tolerance) < self.needed:
            return False
        shifts = [score(evidence, d)[1] for d in coefficient_directions(evidence, self.asked.degree)]
        return all(_DETECT * abs(c) * shift >= self.needed
                   for c, shift in zip(self.asked.coefficients, shifts, strict=True) if c)
