"""Long sums are the sums of their parts."""

import pytest

from sgdmoments.exact.long_sum import LongSum


@pytest.mark.parametrize("count", [0, 1, 2, 7, 8, 100])
def test_a_long_sum_is_the_sum_of_its_parts(count):
    total = LongSum()
    for k in range(count):
        total.add(k * k)
    assert total.value(5) == 5 + (count - 1) * count * (2 * count - 1) // 6
