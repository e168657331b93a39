"""`sgdmoments report`: a regression's answers with their proofs, as one HTML file that needs nothing else."""

from __future__ import annotations

import io
import shlex
from html import escape
from pathlib import Path
from typing import Annotated, Any

import typer

from sgdmoments import __version__
from sgdmoments.cli.options import (
    At,
    BatchSizes,
    Data,
    Features,
    Initial,
    Intercept,
    LearningRate,
    Moment,
    Proof,
    QuantityName,
    RouteName,
    SamplingName,
    Standardize,
    Steps,
    Target,
)
from sgdmoments.cli.output import check_targets, lossless
from sgdmoments.cli.problem import parse_batch_sizes, parse_steps, regression_problem
from sgdmoments.cli.progress import progress_bar
from sgdmoments.cli.regression import draw
from sgdmoments.cli.results import Answer, Results, certificate_json, compute
from sgdmoments.errors import InputError, MissingExtraError
from sgdmoments.exact.population import PopulationCertificate
from sgdmoments.exact.roots import DecreasingCertificate
from sgdmoments.files import write_text
from sgdmoments.show.numbers import is_short, number_text

Out = Annotated[Path, typer.Option(help="The HTML file to write.")]

_STYLE = """body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; color: #1f2933 }
table { border-collapse: collapse; margin: 1rem 0 } th, td { padding: .2rem .9rem; text-align: right }
thead th { border-bottom: 1px solid #9aa5b1 } code, pre { background: #f3f5f7; padding: .1rem .3rem }
pre { overflow-x: auto; padding: .6rem } details { margin: .4rem 0 } .exact { word-break: break-all; text-align: left }
svg { max-width: 100%; height: auto }"""


def report(
    context: typer.Context, data: Data, target: Target, learning_rate: LearningRate, steps: Steps,
    out: Out = Path("sgdmoments-report.html"),
    features: Features = None, standardize: Standardize = False, intercept: Intercept = False, at: At = None,
    batch_sizes: BatchSizes = None, quantity: QuantityName = "gradient", moment: Moment = "variance",
    initial: Initial = "0", sampling: SamplingName = "without_replacement", route: RouteName = "auto",
    proof: Proof = True,
) -> None:
    """Write a report of a regression: polynomials, values, figure, proofs, and where the numbers come from."""
    check_targets((out,), (data,))
    problem = regression_problem(data, target, features=features, standardize=standardize, intercept=intercept,
                                 learning_rate=learning_rate, initial=initial, sampling=sampling)
    sizes = parse_batch_sizes(batch_sizes, problem.sgd.population, problem.n)
    with progress_bar() as progress:
        results = compute(problem, moment, quantity, parse_steps(steps, at), sizes, route, progress, proof)
    write_text(out, html(results, shlex.join(context.obj or ())), (data,))
    typer.echo(f"Report written to {out}")


def html(results: Results, command: str = "") -> str:
    """The report as an HTML page."""
    title = f"{results.name('t')} for {results.problem.source}"
    parts = [f"<h1>{escape(title)}</h1>", *(f"<p>{escape(line)}</p>" for line in results.problem.description()),
             "<h2>Values</h2>", _values(results), "<h2>Against the batch size</h2>", _figure(results),
             "<h2>Polynomials in 1/<i>b</i></h2>", *(_answer(results, answer) for answer in results.answers),
             "<h2>Where the numbers come from</h2>",
             f"<pre>{escape(str(results.answers[-1].polynomial.provenance))}</pre>",
             f"<p>sgdmoments {__version__}{f', <code>sgdmoments {escape(command)}</code>' if command else ''}</p>"]
    return (f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
            f"<style>{_STYLE}</style></head>\n<body>\n" + "\n".join(parts) + "\n</body></html>\n")


def _values(results: Results) -> str:
    head = "".join(f"<th>t = {answer.step}</th>" for answer in results.answers)
    rows = "".join(
        f"<tr><th>{b}</th>" + "".join(f"<td>{number_text(a.values[k], exact_digits=0)}</td>" for a in results.answers)
        + "</tr>" for k, b in enumerate(results.batch_sizes))
    return f"<table><thead><tr><th>b</th>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _figure(results: Results) -> str:
    try:
        axes: Any = draw(results)
    except (MissingExtraError, InputError) as error:  # nothing to draw with, or nothing to draw
        return f"<p>No figure: {escape(str(error))}</p>"
    text = io.StringIO()
    axes.figure.savefig(text, format="svg", metadata={"Date": None})
    picture = text.getvalue()
    return picture[picture.index("<svg"):]


def _answer(results: Results, answer: Answer) -> str:
    rows = []
    for k, c in enumerate(answer.polynomial.entries):
        exact = "" if isinstance(c, float) or is_short(c) else \
            f'<details><summary>exact</summary><div class="exact">{lossless(c)}</div></details>'
        rows.append(f"<tr><td>b<sup>{-k}</sup></td><td>{number_text(c)}</td><td>{exact}</td></tr>")
    proof = "" if answer.certificate is None else (
        f"<details><summary>proof</summary><p>{escape(_proof(answer.certificate))}</p></details>")
    return (f"<h3>{escape(results.name(answer.step))}</h3><p>Degree {answer.polynomial.degree}; "
            f"{escape(answer.threshold())}.</p>{proof}<details><summary>coefficients</summary><table>"
            f"<thead><tr><th>power</th><th>coefficient</th><th></th></tr></thead><tbody>{''.join(rows)}</tbody></table>"
            "</details>")


def _proof(certificate: DecreasingCertificate | PopulationCertificate) -> str:
    """A certificate in words."""
    data = certificate_json(certificate)
    if isinstance(certificate, PopulationCertificate):
        before = certificate.batch_size - 1
        return (f"From each of the batch sizes {', '.join(map(str, certificate.chain))} to the next the value does "
                "not increase: of neighbours the values are compared, between others the derivative in u = 1/b has "
                "nonnegative Bernstein coefficients."
                + (f" From b = {before} to b = {before + 1} it increases." if before else ""))
    return ("The derivative in u = 1/b is a square times a factor whose Bernstein coefficients are nonnegative on each "
            f"interval between the points u = {', '.join(data['derivative']['pieces'])}."
            + (f" At u = {data['witness']} it is negative." if data["witness"] else ""))
