"""`sgdmoments regression`: results equal the library's, files are lossless and whole, errors name what was found."""

from __future__ import annotations

import csv
import importlib
import io
import json
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

import sgdmoments as sm
from sgdmoments.data import load
from sgdmoments.exact.population import PopulationCertificate
from sgdmoments.exact.roots import Certificate, DecreasingCertificate, verify_decreasing
from sgdmoments.testing import enumerate_moment

#: The module; the package's attribute of that name is the command.
regression = importlib.import_module("sgdmoments.cli.regression")

COMMON = ("--target", "y", "--features", "x,z", "--learning-rate", "1/(2*(t+1))", "--initial", "1/2,-1")


def reference(sampling: str = "without_replacement") -> sm.SGD:
    X = [["0.1", 1], [-2, "1/3"], [10, 2], [0, -1], ["1.5", 0]]
    return sm.SGD(sm.LinearRegression(X, [1, 0, "2.5", 1, -1]), lambda t: Fraction(1, 2 * (t + 1)),
                  initial=["1/2", -1], sampling=sampling)


def test_json_is_the_library_s_answer(cli: Any, table: Path) -> None:
    outcome = cli("regression", str(table), *COMMON, "--steps", "2", "--at", "0,2", "--format", "json")
    assert outcome.status == 0, outcome.err
    data = json.loads(outcome.out)
    assert [step["t"] for step in data["steps"]] == [0, 2]
    for step in data["steps"]:
        expected = reference().variance(sm.gradient(step["t"]))
        assert sm.BatchPolynomial.from_json(json.dumps(step["polynomial"])) == expected
        assert step["values"] == {str(b): str(expected(b)) for b in (1, 2, 4, 5)}
        assert step["decreasing_from"] == expected.decreasing_from()


@pytest.mark.parametrize("sampling", ["without_replacement", "with_replacement"])
@pytest.mark.parametrize(("quantity", "moment"), [("gradient", "variance"), ("full_gradient", "variance"),
                                                  ("weights", "second_moment"), ("loss", "variance")])
def test_values_equal_enumeration(cli: Any, table: Path, sampling: str, quantity: str, moment: str) -> None:
    outcome = cli("regression", str(table), *COMMON, "--steps", "1", "--at", "1", "--format", "json", "--quantity",
                  quantity, "--moment", moment, "--sampling", sampling, "--batch-sizes", "1,2")
    values = json.loads(outcome.out)["steps"][0]["values"]
    asked = getattr(sm, quantity)(1)
    for b in (1, 2):
        assert Fraction(values[str(b)]) == enumerate_moment(reference(sampling), asked, b, moment)


@pytest.mark.parametrize("command", [("regression", "--output"), ("regression", "--plot"), ("report", "--out")])
def test_the_input_is_never_overwritten(command: tuple[str, str], cli: Any, table: Path) -> None:
    before = table.read_bytes()
    link = table.with_name("link.svg")
    link.symlink_to(table)
    for name in (str(table), str(link), str(table.parent / "." / table.name)):
        outcome = cli(command[0], str(table), *COMMON, "--steps", "1", command[1], name)
        assert outcome.status == 2
        assert "would be overwritten" in outcome.err
    assert table.read_bytes() == before


def test_two_results_need_two_files(cli: Any, table: Path) -> None:
    outcome = cli("regression", str(table), *COMMON, "--steps", "1", "--output", "a.svg", "--plot", "./a.svg")
    assert outcome.status == 2
    assert "one file" in outcome.err
    assert not Path("a.svg").exists()


def test_certificate_in_json_proves_its_claim(cli: Any, table: Path) -> None:
    data = json.loads(cli("regression", str(table), *COMMON, "--steps", "2", "--at", "2", "--format", "json").out)
    step = data["steps"][0]
    polynomial = sm.BatchPolynomial.from_json(json.dumps(step["polynomial"]))
    proof = step["certificate"]
    certificate = PopulationCertificate(proof["batch_size"], proof["population"], tuple(proof["chain"]))
    verify_decreasing(polynomial.entries, certificate)
    assert certificate == polynomial.decreasing_certificate()


def test_certificate_of_independent_draws_in_json(cli: Any, table: Path) -> None:
    data = json.loads(cli("regression", str(table), *COMMON, "--steps", "2", "--at", "2", "--format", "json",
                          "--sampling", "with_replacement").out)
    step = data["steps"][0]
    polynomial = sm.BatchPolynomial.from_json(json.dumps(step["polynomial"]))
    proof = step["certificate"]
    parts = {name: tuple(map(Fraction, proof["derivative"][name])) for name in ("square_root", "factor", "pieces")}
    derivative = tuple(k * c for k, c in enumerate(polynomial.entries))[1:]
    witness = None if proof["witness"] is None else Fraction(proof["witness"])
    certificate = DecreasingCertificate(proof["batch_size"], Certificate(derivative, **parts), witness)
    verify_decreasing(polynomial.entries, certificate)


def test_csv_is_lossless(cli: Any, table: Path) -> None:
    outcome = cli("regression", str(table), *COMMON, "--steps", "2", "--at", "2", "--batch-sizes", "3,1", "--format",
                  "csv", "--output", "out.csv")
    assert (outcome.status, outcome.out) == (0, "")
    rows = list(csv.DictReader(io.StringIO(Path("out.csv").read_text())))
    expected = reference().variance(sm.gradient(2))
    assert [Fraction(r["exact"]) for r in rows if r["kind"] == "coefficient"] == list(expected.coefficients)
    assert {int(r["index"]): Fraction(r["exact"]) for r in rows if r["kind"] == "value"} == {
        1: expected(1), 3: expected(3)}
    assert all(float(r["approximate"]) == pytest.approx(float(Fraction(r["exact"]))) for r in rows)


def test_long_integers_survive(cli: Any) -> None:
    """Coefficients with more digits than Python prints by default."""
    outcome = cli("regression", "longley", "--target", "employment", "--standardize", "--intercept",
                  "--learning-rate", "1/3", "--steps", "30", "--at", "30", "--batch-sizes", "2", "--format", "json")
    assert outcome.status == 0, outcome.err
    step = json.loads(outcome.out)["steps"][0]
    assert max(map(len, step["polynomial"]["coefficients"])) > 4300
    polynomial = sm.BatchPolynomial.from_json(json.dumps(step["polynomial"]))
    design = load("longley").design("employment", standardize=True, intercept=True)
    sgd = sm.SGD(design.model(), "1/3", initial=[0] * 7)
    assert polynomial == sgd.variance(sm.gradient(30))


def test_latex_and_table(cli: Any, table: Path) -> None:
    latex = cli("regression", str(table), *COMMON, "--steps", "0", "--format", "latex").out
    assert latex == f"\\[ \\operatorname{{var}}(g_{{0}}) = {reference().variance(sm.gradient(0)).latex()} \\]\n"
    shown = cli("regression", str(table), *COMMON, "--steps", "1", "--batch-sizes", "1,5").out
    assert "n = 5 points, p = 2 weights (x, z), target y" in shown
    assert "never increases with b from b0 = 1 on (proved; proof re-checked)" in shown


def test_standardized_and_intercept(cli: Any, table: Path) -> None:
    outcome = cli("regression", str(table), "--target", "y", "--features", "x,z", "--standardize", "--intercept",
                  "--learning-rate", "0.1,0.05", "--steps", "2", "--at", "2", "--format", "json")
    data = json.loads(outcome.out)
    assert data["problem"]["weights"] == ["x", "z", "intercept"]
    assert data["problem"]["standardized"] is True


def test_plot(cli: Any, table: Path) -> None:
    outcome = cli("regression", str(table), *COMMON, "--steps", "2", "--plot", "figure.png")
    assert outcome.status == 0, outcome.err
    assert Path("figure.png").read_bytes().startswith(b"\x89PNG")
    assert [p.name for p in Path().iterdir() if p.name.startswith(".")] == []


def test_random_initial_weights(cli: Any, table: Path) -> None:
    outcome = cli("regression", str(table), *COMMON[:-2], "--initial", "gaussian:1/4", "--steps", "1", "--at", "1",
                  "--format", "json")
    sgd = sm.SGD(reference().model, lambda t: Fraction(1, 2 * (t + 1)), initial=sm.GaussianInit(variance="1/4"))
    answer = json.loads(outcome.out)["steps"][0]["polynomial"]
    assert sm.BatchPolynomial.from_json(json.dumps(answer)) == sgd.variance(sm.gradient(1))


@pytest.mark.parametrize(("arguments", "message"), [
    (("--target", "wage"), "there is no column 'wage'; the columns are name, x, z, flat, y"),
    (("--target", "y"), "row 1 (line 2), column 'name': cannot read the text 'ann' as a number"),
    (("--target", "y", "--features", "x,q"), "there is no column 'q'"),
    (("--target", "y", "--features", "x,y"), "the target 'y' is among the features"),
    (("--target", "y", "--features", "x,x"), "the feature 'x' is given twice"),
    (("--target", "y", "--features", "x,"), "--features: an entry of the list"),
    (("--target", "y", "--features", "x,flat", "--standardize"), "column 'flat' is constant (every value is 3)"),
    (("--target", "y", "--features", "x", "--batch-sizes", "2,6"), "found 6 > n = 5"),
    (("--target", "y", "--features", "x", "--batch-sizes", "0"), "found 0; an integer >= 1"),
    (("--target", "y", "--features", "x", "--batch-sizes", "1.5"), "found 1.5; an integer >= 1"),
    (("--target", "y", "--features", "x", "--at", "9"), "--at: found 9, beyond --steps 2"),
    (("--target", "y", "--features", "x", "--initial", "1,2,3"), "3 numbers given, but there are 1 weights"),
    (("--target", "y", "--features", "x", "--initial", "one"), "--initial: cannot read the text 'one'"),
    (("--target", "y", "--features", "x", "--learning-rate", "1/t"), "'1/t' divides by zero at t = 0"),
    (("--target", "y", "--features", "x", "--learning-rate", "exp(t)"), "'exp(t)' cannot be used"),
    (("--target", "y", "--features", "x", "--learning-rate", "0.1,0.2"), "alpha"),
    (("--target", "y", "--features", "x", "--learning-rate", "-1"), "a learning rate cannot be negative"),
    (("--target", "y", "--features", "x", "--steps", "-1"), "--steps: found -1"),
    (("--target", "y", "--features", "x", "--route", "guess"), "route: found 'guess'"),
    (("--target", "y", "--features", "x", "--quantity", "entropy"), "entropy"),
    (("--target", "y", "--features", "x", "--plot", "figure.abc"), "the ending of a figure's file must be one of"),
    (("--target", "y", "--features", "x", "--format", "csv", "--output", "no/where.csv"), "cannot be written"),
])
def test_errors_are_one_line_with_status_2(cli: Any, table: Path, arguments: tuple[str, ...], message: str) -> None:
    defaults = ("--steps", "2" if "0.1,0.2" not in arguments else "3", "--learning-rate", "1/10")
    given = [a for pair in zip(defaults[::2], defaults[1::2], strict=True) if pair[0] not in arguments for a in pair]
    outcome = cli("regression", str(table), *arguments, *given)
    assert outcome.status == 2
    assert outcome.out == ""
    assert outcome.err.startswith("sgdmoments: error: ")
    assert outcome.err.count("\n") == 1
    assert message in outcome.err


@pytest.mark.parametrize(("content", "message"), [
    (None, "there is no such file"),
    ("", "the file is empty"),
    ("\n\n", "the file is empty"),
    ("x,y\n", "a line of column names but no data"),
    ("1,2\n3,4\n", "the first line must name the columns, found the numbers 1, 2"),
    ("x,x\n1,2\n", "two columns are called 'x'"),
    ("x,y\n1,2\n3\n", "line 3 has 1 cells, but the first line names 2 columns"),
    ("x,y\n1,2\n\n3,NaN\n", "row 2 (line 4), column 'y': found NaN; every number must be finite"),
    ("x,y\n1,2\n,4\n", "row 2 (line 3), column 'x': the cell is empty"),
    ("x,y\n1,2\n1/0,4\n", "'1/0' divides by zero"),
    ("x,y\n1,2\n1e999999999,4\n", "is beyond 10^400"),
    ("x,y\n1,inf\n", "found Infinity; every number must be finite"),
])
def test_bad_files(cli: Any, tmp_path: Path, content: str | None, message: str) -> None:
    if content is not None:
        (tmp_path / "data.csv").write_text(content)
    outcome = cli("regression", "data.csv", "--target", "y", "--learning-rate", "1/10", "--steps", "1")
    assert outcome.status == 2
    assert message in outcome.err
    assert outcome.err.count("\n") == 1


def test_missing_matplotlib_is_said_before_the_work(cli: Any, table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    outcome = cli("regression", str(table), *COMMON, "--steps", "1000000", "--plot", "figure.png")
    assert outcome.status == 2
    assert "needs the optional extra 'plot'" in outcome.err


def test_failed_write_leaves_the_old_file(cli: Any, table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from sgdmoments import files

    Path("out.json").write_text("old")

    def fail(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "replace", fail)
    outcome = cli("regression", str(table), *COMMON, "--steps", "0", "--format", "json", "--output", "out.json")
    assert outcome.status == 2
    assert "No space left" in outcome.err
    assert Path("out.json").read_text() == "old"
    assert sorted(p.name for p in Path().iterdir()) == ["out.json", "table.csv"]


@pytest.mark.parametrize("arithmetic", ["float", "certified"])
def test_long_runs_give_values(cli: Any, table: Path, arithmetic: str) -> None:
    options = (*COMMON, "--steps", "40", "--at", "2,40", "--batch-sizes", "1,3", "--arithmetic", arithmetic)
    expected = reference().variance(sm.gradient(2))
    data = json.loads(cli("regression", str(table), *options, "--format", "json").out)
    assert data["steps"][0]["values"]["3"] == pytest.approx(float(expected(3)), rel=1e-9)
    rows = list(csv.DictReader(io.StringIO(cli("regression", str(table), *options, "--format", "csv").out)))
    assert [(row["t"], row["b"]) for row in rows] == [("2", "1"), ("2", "3"), ("40", "1"), ("40", "3")]
    if arithmetic == "certified":
        assert Fraction(float(rows[1]["lower"])) <= expected(3) <= Fraction(float(rows[1]["upper"]))
        low, high = data["steps"][0]["bounds"]["1"]
        assert Fraction(low) <= expected(1) <= Fraction(high)
    shown = cli("regression", str(table), *options, "--plot", "figure.png")
    assert ("certified with" if arithmetic == "certified" else "double precision, without a bound") in shown.out
    assert Path("figure.png").exists()


@pytest.mark.parametrize(("extra", "message"), [(("--quantity", "loss"), "the moments of the loss are of order 4"),
                                                (("--format", "latex"), "give values only")])
def test_what_long_runs_cannot_do(cli: Any, table: Path, extra: tuple[str, ...], message: str) -> None:
    outcome = cli("regression", str(table), *COMMON, "--steps", "3", "--arithmetic", "float", *extra)
    assert outcome.status == 2
    assert message in outcome.err


def test_proofs_can_be_left_out(cli: Any, table: Path) -> None:
    shown = cli("regression", str(table), *COMMON, "--steps", "1", "--no-proof").out
    assert "no b0: no proof was asked for" in shown
    data = json.loads(cli("regression", str(table), *COMMON, "--steps", "1", "--no-proof", "--format", "json").out)
    assert data["steps"][0]["certificate"] is None


def test_interruption_leaves_nothing(cli: Any, table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(regression, "compute", interrupted)
    outcome = cli("regression", str(table), *COMMON, "--steps", "1", "--format", "json", "--output", "out.json")
    assert outcome.status == 130
    assert outcome.err.strip() == "sgdmoments: error: interrupted; nothing was written."
    assert [p.name for p in Path().iterdir()] == ["table.csv"]


def test_names_of_columns_are_no_markup(cli, tmp_path):
    data = tmp_path / "data.csv"
    data.write_text("a,[/],y\n1,2,3\n2,1,1\n3,1,2\n", encoding="utf-8")
    found = cli("regression", str(data), "--target", "y", "--learning-rate", "1/10", "--steps", "1")
    assert found.status == 0
    assert "[/]" in found.out
