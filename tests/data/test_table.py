"""Tables, CSV files and the embedded data."""

from __future__ import annotations

import time
from fractions import Fraction
from pathlib import Path

import flint
import numpy as np
import pytest

from sgdmoments.data import available, load, read_csv
from sgdmoments.data.reader import parse_csv
from sgdmoments.data.table import Table
from sgdmoments.errors import InputError
from sgdmoments.exact.ring import from_fmpq, to_fmpq


def test_longley_gives_nist_s_certified_coefficients() -> None:
    """Least squares in exact arithmetic against the certified values of NIST's data set (15 digits)."""
    design = load("longley").design("employment", intercept=True)
    X = flint.fmpq_mat([[to_fmpq(c) for c in row] for row in design.X])
    y = flint.fmpq_mat([[to_fmpq(c)] for c in design.y])
    solution = (X.transpose() * X).solve(X.transpose() * y)
    certified = (15.0618722713733, -0.0358191792925910, -2.02022980381683, -1.03322686717359, -0.0511041056535807,
                 1829.15146461355, -3482258.63459582)
    for k, value in enumerate(certified):
        assert float(from_fmpq(solution[k, 0])) == pytest.approx(value, rel=2e-15)


def test_embedded_data_have_a_note_of_their_source() -> None:
    import sgdmoments.data

    folder = Path(sgdmoments.data.__file__).parent
    for name in available():
        assert "public domain" in (folder / f"{name}.md").read_text(encoding="utf-8")
    with pytest.raises(InputError, match="there is longley"):
        load("iris")


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_separators_quotes_and_byte_order_mark(tmp_path: Path, separator: str) -> None:
    path = tmp_path / "t.csv"
    lines = [["﻿x", '"a name"', "y"], ["1.50", " 2 ", "-3"], ["1e2", "1/3", "+4"]]
    path.write_text("\r\n".join(separator.join(row) for row in lines), encoding="utf-8")
    table = read_csv(path)
    assert table.names == ("x", "a name", "y")
    assert table.column("x") == (Fraction(3, 2), Fraction(100))
    assert table.column("a name") == (Fraction(2), Fraction(1, 3))
    assert table.column("y") == (Fraction(-3), Fraction(4))


def test_not_text(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"x,y\n1,\xff\n")
    with pytest.raises(InputError, match="not UTF-8"):
        read_csv(path)
    with pytest.raises(InputError, match="cannot be read"):
        read_csv(tmp_path)


def test_design_is_exact_and_in_order() -> None:
    design = parse_csv("a,b,y\n0.1,2,3\n1,-1/7,0", "t").design("y", ["b", "a"], intercept=True)
    assert ((Fraction(2), Fraction(1, 10), Fraction(1)), (Fraction(-1, 7), Fraction(1), Fraction(1))) == design.X
    assert design.y == (Fraction(3), Fraction(0))
    assert design.names == ("b", "a", "intercept")
    assert repr(design.model()) == "LinearRegression([[2, '1/10', 1], ['-1/7', 1, 1]], [3, 0])"


def test_standardised_columns_have_mean_0_and_variance_1_and_are_dyadic() -> None:
    table = load("longley")
    design = table.design("employment", standardize=True, intercept=True)
    columns = np.array([[float(c) for c in row] for row in design.X])[:, :-1]
    assert np.allclose(columns.mean(axis=0), 0, atol=1e-15)
    assert np.allclose((columns**2).mean(axis=0), 1, atol=1e-14)
    raw = np.array([float(c) for c in table.column("gnp")])
    assert np.allclose(columns[:, 1], (raw - raw.mean()) / raw.std(), rtol=1e-13)
    assert all(c == Fraction(float(c)) for row in design.X for c in row)


def test_standardising_does_not_depend_on_units() -> None:
    small = parse_csv("x,y\n1e-300,1\n2e-300,2\n4e-300,0", "t").design("y", standardize=True)
    large = parse_csv("x,y\n1e300,1\n2e300,2\n4e300,0", "t").design("y", standardize=True)
    assert small.X == large.X


def test_no_features() -> None:
    table = parse_csv("y\n1\n2", "t")
    with pytest.raises(InputError, match="no features are left"):
        table.design("y")
    assert ((Fraction(1),), (Fraction(1),)) == table.design("y", intercept=True).X


def test_many_columns_take_time_in_proportion() -> None:
    columns = 40_000
    text = "\n".join([",".join(f"c{k}" for k in range(columns)), *[",".join(str(k % 7 + row) for k in range(columns))
                                                                  for row in range(2)]])
    start = time.process_time()
    design = parse_csv(text, "a wide table").design("c0")
    assert time.process_time() - start < 10
    assert len(design.names) == columns - 1
    assert design.X[1][5] == 7


def test_a_table_may_have_more_than_a_million_rows():
    rows = 1_000_001
    assert len(Table(("x",), (("1",),) * rows, "a table", tuple(range(rows)))) == rows
