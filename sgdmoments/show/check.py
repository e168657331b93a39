"""Check reports as text, HTML and plots."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING, Any

from sgdmoments.show.plots import axes_of, new_axes

if TYPE_CHECKING:
    from sgdmoments.simulate.report import CheckReport

Rows = list[tuple[str, ...]]


def _headline(report: CheckReport) -> str:
    subject = "claim" if report.claimed else "exact answer"
    word = report.verdict.upper()
    within = f" (to {100 * report.tolerance:g} % of the values)" if report.passed else ""
    return f"{report.question}: the {subject} is {word}{within}"


def _summary(report: CheckReport) -> list[str]:
    condition = "" if report.condition is None else f" Condition number of the fit: {report.condition:.3g}."
    return [
        *report.reasons,
        f"{report.samples:,} runs at each b, seed {report.seed}, {report.seconds:.1f} s "
        f"({report.steps_per_second:,.0f} SGD steps/s).",
        f"Joint chi-square {report.chi_square:.2f} on {report.degrees} degrees of freedom, p = {report.joint_p:.3g}. "
        f"Smallest p of {report.tests} tests {report.smallest_p:.3g}; rejected below "
        f"{report.false_alarm_rate / report.tests:.2g} (false-alarm rate {report.false_alarm_rate:g}).{condition}",
        *report.advice]


def _points(report: CheckReport) -> Rows:
    rows: Rows = [("b", "estimate", "standard error", "exact", "z", "")]
    for p in report.points:
        error, z = (f"{p.standard_error:.2g}", f"{p.z:+.2f}") if math.isfinite(p.standard_error) else ("-", "-")
        rows.append((str(p.batch_size), f"{p.estimate:.6g}", error, f"{p.exact:.6g}", z, p.note))
    return rows


def _coefficients(report: CheckReport) -> Rows:
    rows: Rows = [("power of 1/b", "estimate", "standard error", "exact", "z", "z alone", "detectable", "")]
    for c in report.coefficients:
        fitted = ("-", "-") if c.estimate is None else (f"{c.estimate:.6g}", f"{c.standard_error:.2g}")
        change = "-" if not math.isfinite(c.detectable) else f"{c.detectable:.2g}" if not c.exact else \
            f"{100 * c.detectable / abs(c.exact):.2g} %"
        rows.append((str(c.power), *fitted, f"{c.exact:.6g}", "-" if c.z is None else f"{c.z:+.2f}",
                     f"{c.z_alone:+.2f}", change, c.status))
    return rows


def _table(rows: Rows) -> list[str]:
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    lines = ["  ".join(cell.rjust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows]
    return [lines[0], "-" * len(lines[0]), *lines[1:]]


def report_text(report: CheckReport) -> str:
    """The report as a text table."""
    return "\n".join([_headline(report), "", *_table(_points(report)), "", *_table(_coefficients(report)), "",
                      *_summary(report)])


def report_html(report: CheckReport) -> str:
    """The report as HTML, for notebooks."""
    def table(rows: Rows) -> str:
        head = "".join(f"<th>{escape(cell)}</th>" for cell in rows[0])
        body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows[1:])
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"

    notes = "".join(f"<p>{escape(line)}</p>" for line in _summary(report))
    return (f"<div><h4>{escape(_headline(report))}</h4>{table(_points(report))}{table(_coefficients(report))}"
            f"{notes}</div>")


def plot_report(report: CheckReport, ax: Any = None) -> Any:
    """The exact curve against b, and the estimates with bars of two standard errors."""
    axes = new_axes() if ax is None else axes_of(ax)
    shown = [p for p in report.points if p.exact > 0 and p.estimate > 0 and math.isfinite(p.estimate)]
    low, high = report.points[0].batch_size, report.points[-1].batch_size
    bs = sorted({p.batch_size for p in report.points} | {round(low * (high / low) ** (k / 60)) for k in range(61)})
    curve = [(b, float(report.polynomial(b))) for b in bs]
    curve = [(b, value) for b, value in curve if value > 0]  # both axes are logarithmic
    axes.plot([b for b, _ in curve], [value for _, value in curve], color="C0",
              label="claim" if report.claimed else "exact")
    for trusted, colour in ((True, "C1"), (False, "C3")):
        part = [p for p in shown if p.trusted == trusted]
        if part:
            axes.errorbar([p.batch_size for p in part], [p.estimate for p in part],
                          yerr=[2 * p.standard_error if math.isfinite(p.standard_error) else 0 for p in part],
                          fmt="o", markersize=3, capsize=2, color=colour,
                          label="simulated, 2 standard errors" + ("" if trusted else " (not to be believed)"))
    axes.set(xscale="log", yscale="log", xlabel="batch size b", ylabel=report.question, title=report.verdict)
    axes.legend()
    return axes
