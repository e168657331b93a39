"""`sgdmoments network` and `plan`."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

import sgdmoments as sm
from sgdmoments.cli.network_problem import random_weights


def test_letters(cli: Any) -> None:
    outcome = cli("network", "--widths", "p,p1,p2", "--layer", "1")
    assert outcome.status == 0, outcome.err
    assert "var(g_0,1) = ((p + 1) ||W2' R||^2)/b" in outcome.out
    assert "where R = W2 W1 - W2* W1*" in outcome.out


def test_json_is_the_library_s_answer(cli: Any) -> None:
    outcome = cli("network", "--widths", "p,p1,p2", "--layer", "2", "--step", "1", "--order", "2", "--format", "json")
    expected = sm.SGD(sm.Network(("p", "p1", "p2"))).variance(sm.gradient(1, layer=2), learning_rate_order=2)
    assert sm.BatchPolynomial.from_json(outcome.out) == expected


def test_numbers_from_a_file(cli: Any) -> None:
    model = sm.Network((2, 3, 1), activation=(0, 1, "1/2"), data=sm.Uniform(-1, 1))
    weights = random_weights(model, 5)
    Path("weights.json").write_text(json.dumps({k: [[str(c) for c in row] for row in m] for k, m in weights.items()}))
    outcome = cli("network", "--widths", "2,3,1", "--activation", "0,1,1/2", "--data", "uniform:-1,1", "--weights",
                  "weights.json", "--layer", "1", "--learning-rate", "1/10", "--format", "json")
    expected = sm.SGD(model, "1/10", initial=weights).variance(sm.gradient(0, layer=1))
    assert sm.BatchPolynomial.from_json(outcome.out) == expected
    assert all(isinstance(c, Fraction) for c in expected.coefficients)


def test_series_says_where_it_ends(cli: Any) -> None:
    outcome = cli("network", "--widths", "p,p1,p2", "--layer", "1", "--step", "t", "--order", "1")
    assert "+ O(learning rate^2)\n" in outcome.out


def test_latex_and_svg(cli: Any) -> None:
    latex = cli("network", "--widths", "p,p1,p2", "--layer", "1", "--format", "latex").out
    assert latex.startswith("\\[ \\frac{1}{b} \\left((p + 1) \\lVert W_{2}^{\\top} R\\rVert_F^{2}\\right)")
    outcome = cli("network", "--widths", "p,p1,p2", "--layer", "1", "--format", "svg", "--output", "graph.svg")
    assert outcome.status == 0, outcome.err
    assert Path("graph.svg").read_text().startswith("<svg")


@pytest.mark.parametrize(("arguments", "message"), [
    (("--widths", "2,0"), "a width is a positive integer"),
    (("--widths", "2"), "widths: expected"),
    (("--widths", "2,3-1"), "--widths: found '3-1'"),
    (("--widths", "p,p1", "--step", "t"), "give learning_rate_order"),
    (("--widths", "p,p1", "--step", "-2"), "--step: found '-2'"),
    (("--widths", "p,p1", "--layer", "3"), "layer"),
    (("--widths", "p,p1", "--quantity", "loss", "--layer", "1"), "the loss belongs to no layer"),
    (("--widths", "p,p1", "--data", "cauchy"), "--data: found 'cauchy'"),
    (("--widths", "p,p1", "--data", "uniform:1"), "write uniform:A,B"),
    (("--widths", "p,p1", "--activation", "a"), "--activation"),
    (("--widths", "p,p1", "--weights", "random:1"), "needs widths that are integers"),
    (("--widths", "2,1", "--weights", "random:x"), "an integer SEED"),
    (("--widths", "2,1", "--weights", "nothing.json"), "cannot be read"),
    (("--widths", "2,1", "--weights", "table.csv"), "is not JSON"),
])
def test_errors(cli: Any, table: Path, arguments: tuple[str, ...], message: str) -> None:
    outcome = cli("network", *arguments)
    assert outcome.status == 2
    assert message in outcome.err
    assert outcome.err.count("\n") == 1


def test_plan(cli: Any) -> None:
    regression = cli("plan", "regression", "longley", "--target", "gnp", "--learning-rate", "1/10", "--step", "5")
    network = cli("plan", "network", "--widths", "2,3,1", "--step", "1", "--weights", "random:1",
                  "--learning-rate", "1/10")
    for outcome in (regression, network):
        assert outcome.status == 0, outcome.err
        assert all(route in outcome.out for route in ("closure", "symbolic", "components"))
    closure = next(line for line in regression.out.splitlines() if line.startswith("closure"))
    assert "yes" in closure


def test_widths_are_written_in_ascii_digits(cli):
    found = cli("network", "--widths", "²,1")
    assert found.status in (0, 2)
    assert "Traceback" not in found.err
