"""What is no number is none beside an answer either, on either side of every operator.

NumPy's scalars read some kinds as numbers on their own: a span of time as its count, a truth value as 1.
"""

import operator

import numpy as np
import pytest
import sympy

import sgdmoments as sm

X = sympy.Symbol("x")
RUN = sm.SGD(sm.LinearRegression([[1], [2], [3]], [1, 1, 2]), "1/10", [0])
LETTERS = sm.SGD(sm.LinearRegression([[X], [2], [3]], [1, 1, 2]), "1/10", [0])
ANSWERS = {
    "BatchPolynomial": RUN.variance(sm.gradient(1)),
    "Polynomial": LETTERS.variance(sm.gradient(0)).entries[1],
    "Expression": sm.SGD(sm.Network((2, 2, 1)), "1/10").variance(sm.gradient(0)).entries[1],
    "matrix": sm.matrix("A", 2, 2),
    "quantity": sm.gradient(1),
}
KINDS = {
    "a span of time": np.timedelta64(3), "seconds": np.timedelta64(3, "s"), "a date": np.datetime64("2020-01-01"),
    "void": np.void(b"ab"), "a record": np.array([(1, 2)], dtype=[("a", int), ("b", int)])[0],
    "NumPy's text": np.str_("3"), "text": "3", "NumPy's bytes": np.bytes_(b"3"), "bytes": b"3",
    "NumPy's truth value": np.bool_(True), "a complex number": 1j, "NumPy's complex number": np.complex128(2),
    "NaN": np.float64("nan"), "nothing": None,
}
OPERATORS = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "**": operator.pow,
             "@": operator.matmul}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("answer", ANSWERS)
def test_what_is_no_number_is_refused(answer, kind):
    for name, operate in OPERATORS.items():
        for pair in ((ANSWERS[answer], KINDS[kind]), (KINDS[kind], ANSWERS[answer])):
            if isinstance(KINDS[kind], str) and answer in ("Expression", "matrix"):
                continue  # these read a text of digits as the number that it writes
            with pytest.raises((sm.SgdMomentsError, TypeError)):
                print(name, operate(*pair))


@pytest.mark.parametrize("three", [np.int8(3), np.uint64(3), np.int64(3)], ids=repr)
@pytest.mark.parametrize("answer", ["BatchPolynomial", "Polynomial", "Expression"])
def test_integers_of_numpy_are_integers(answer, three):
    p = ANSWERS[answer]
    assert three + p == p + three == 3 + p
    assert three - p == 3 - p
    assert p - three == p - 3
    assert three * p == p * three == 3 * p


@pytest.mark.parametrize("answer", ["BatchPolynomial", "Polynomial"])
def test_arrays_work_entry_by_entry(answer):
    p, array = ANSWERS[answer], np.array([1, 2])
    assert (array + p).tolist() == [p + 1, p + 2]
    assert (array * p).tolist() == [p, 2 * p]
    assert (array - p).tolist() == [1 - p, 2 - p]
