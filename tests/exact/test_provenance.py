"""The receipt in print: each line where there is something to say."""

from sgdmoments.exact.provenance import Provenance


def test_a_whole_receipt():
    receipt = Provenance("variance of g_1", "closure", "linear", ("half", "mean"), (("terms", 3), ("t", 1)),
                         ("Theorem 1", "Theorem 2"), ("two ways",), 0.12345)
    assert str(receipt).splitlines() == [
        "question: variance of g_1", "route: closure (linear)", "sizes: terms = 3, t = 1", "conventions: half; mean",
        "rules: Theorem 1; Theorem 2", "checks: two ways", "time: 0.123 s"]


def test_an_empty_receipt():
    assert str(Provenance("q", "r")).splitlines() == ["question: q", "route: r", "time: 0 s"]
