"""The answers of a run of steps, and their forms: table, LaTeX, JSON, CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from rich.console import Console
from rich.table import Table

from sgdmoments.budget import ProgressCallback
from sgdmoments.cli.output import lossless
from sgdmoments.cli.problem import SYMBOLS, RegressionProblem
from sgdmoments.errors import AssumptionError
from sgdmoments.exact.polynomial import BatchPolynomial
from sgdmoments.exact.population import PopulationCertificate
from sgdmoments.exact.roots import DecreasingCertificate, verify_decreasing
from sgdmoments.show.numbers import number_text
from sgdmoments.show.text import batch_polynomial_text

#: Polynomials of a higher degree are cut short in tables.
_LONGEST_TEXT = 4


@dataclass(frozen=True)
class Answer:
    """One step's polynomial, its values, and the proof of b_0 (None with the reason where there is none)."""

    step: int
    polynomial: BatchPolynomial
    values: tuple[Fraction, ...]
    certificate: DecreasingCertificate | PopulationCertificate | None
    refusal: str = ""

    def threshold(self) -> str:
        """b_0 in words."""
        if self.certificate is None:
            return f"no b0: {self.refusal}"
        return f"never increases with b from b0 = {self.certificate.batch_size} on (proved; proof re-checked)"


@dataclass(frozen=True)
class Results:
    """The answers for some steps and batch sizes."""

    problem: RegressionProblem
    moment: str
    quantity: str
    batch_sizes: tuple[int, ...]
    answers: tuple[Answer, ...]

    def name(self, step: int | str) -> str:
        """The quantity asked for, as text: var(g_3)."""
        symbol = SYMBOLS[self.quantity].replace("_t", f"_{step}")
        return f"var({symbol})" if self.moment == "variance" else f"E‖{symbol}‖²"

    def latex_name(self, step: int) -> str:
        """The quantity asked for, as LaTeX."""
        symbol = {"gradient": "g_{%}", "full_gradient": r"\nabla L(w_{%})", "weights": "w_{%}",
                  "loss": "L(w_{%})"}[self.quantity].replace("%", str(step))
        return rf"\operatorname{{var}}({symbol})" if self.moment == "variance" else rf"\mathbb{{E}}\|{symbol}\|^2"


def compute(problem: RegressionProblem, moment: str, quantity: str, steps: Sequence[int], batch_sizes: Sequence[int],
            route: str = "auto", progress: ProgressCallback | None = None, proof: bool = True) -> Results:
    """The answers; where a proof is wanted, each threshold proved and re-checked by the independent checker."""
    answers = []
    for t in steps:
        ask = problem.sgd.variance if moment == "variance" else problem.sgd.second_moment
        polynomial = ask(problem.quantity(quantity, t), route=route, progress=progress)
        certificate, refusal = None, "" if proof else "no proof was asked for"
        try:
            if proof:
                certificate = polynomial.decreasing_certificate()
                verify_decreasing(polynomial.entries, certificate)
        except AssumptionError as error:
            refusal = str(error)
        answers.append(Answer(t, polynomial, tuple(polynomial(b) for b in batch_sizes), certificate, refusal))
    return Results(problem, moment, quantity, tuple(batch_sizes), tuple(answers))


def print_table(results: Results, screen: Console) -> None:
    """The table for people: values rounded to six digits, thresholds, the first coefficients."""
    for line in results.problem.description():
        screen.print(line, soft_wrap=True, markup=False)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("b", justify="right")
    for answer in results.answers:
        table.add_column(f"t = {answer.step}", justify="right", no_wrap=True)
    for k, b in enumerate(results.batch_sizes):
        table.add_row(str(b), *(number_text(a.values[k], exact_digits=0) for a in results.answers))
    screen.print(f"\n{results.name('t')} by batch size b and step t")
    screen.print(table)
    screen.print()
    for answer in results.answers:
        screen.print(f"{results.name(answer.step)} {_cut(answer.polynomial)}", soft_wrap=True, markup=False)
        screen.print(f"    degree {answer.polynomial.degree} in 1/b; {answer.threshold()}",
                     soft_wrap=True)


def _cut(polynomial: BatchPolynomial) -> str:
    if polynomial.degree <= _LONGEST_TEXT:
        text = batch_polynomial_text(polynomial)
        return text if text.startswith("≈") else f"= {text}"
    shown = BatchPolynomial(polynomial.entries[:_LONGEST_TEXT])
    text = batch_polynomial_text(shown)
    return f"{text if text.startswith('≈') else f'= {text}'} + ... ({polynomial.degree + 1} coefficients)"


def to_latex(results: Results) -> str:
    """One displayed formula for each step."""
    return "\n".join(f"\\[ {results.latex_name(a.step)} {_relation(a.polynomial.latex())} \\]" for a in results.answers)


def _relation(formula: str) -> str:
    return formula if formula.startswith("\\approx") else f"= {formula}"


def to_csv(results: Results) -> str:
    """Lossless rows: t, kind (coefficient or value), index (power of 1/b, or b), the exact number, a double."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["t", "kind", "index", "exact", "approximate"])
    for answer in results.answers:
        for k, c in enumerate(answer.polynomial.entries):
            writer.writerow([answer.step, "coefficient", k, lossless(c), number_text(c, 17, 0)])
        for b, value in zip(results.batch_sizes, answer.values, strict=True):
            writer.writerow([answer.step, "value", b, lossless(value), number_text(value, 17, 0)])
    return text.getvalue()


def to_json(results: Results) -> str:
    """Lossless JSON: rationals as "p/q"; each polynomial as `BatchPolynomial.to_json` writes it."""
    return json.dumps({
        "format": "sgdmoments.regression/1", "problem": results.problem.to_plain(),
        "moment": results.moment, "quantity": results.quantity,
        "steps": [_answer_json(results, answer) for answer in results.answers],
    }, indent=1)


def _answer_json(results: Results, answer: Answer) -> dict[str, Any]:
    return {
        "t": answer.step,
        "polynomial": json.loads(answer.polynomial.to_json()),
        "values": {str(b): lossless(v) for b, v in zip(results.batch_sizes, answer.values, strict=True)},
        "decreasing_from": None if answer.certificate is None else answer.certificate.batch_size,
        "certificate": None if answer.certificate is None else certificate_json(answer.certificate),
    }


def certificate_json(certificate: DecreasingCertificate | PopulationCertificate) -> dict[str, Any]:
    """The fields of a certificate, rationals as text."""
    if isinstance(certificate, PopulationCertificate):
        return {"batch_size": certificate.batch_size, "population": certificate.population,
                "chain": list(certificate.chain)}
    proof = certificate.derivative
    return {
        "batch_size": certificate.batch_size,
        "witness": None if certificate.witness is None else lossless(certificate.witness),
        "derivative": {"square_root": list(map(lossless, proof.square_root)),
                       "factor": list(map(lossless, proof.factor)), "pieces": list(map(lossless, proof.pieces))},
    }
