"""The frozen answers are still the answers; `compare.py` says what they cost."""

from collections import Counter

import pytest
from compare import asked, difference, frozen
from frozen_cases import every_case

CASES = list(every_case())
KEPT = frozen()


@pytest.mark.parametrize("case", [c for c in CASES if not c.heavy], ids=lambda case: case.name)
def test_an_answer_is_the_frozen_one(case):
    assert not difference(case.name, KEPT[case.name], asked(case))


@pytest.mark.slow
@pytest.mark.parametrize("case", [c for c in CASES if c.heavy], ids=lambda case: case.name)
def test_a_heavy_answer_is_the_frozen_one(case):
    assert not difference(case.name, KEPT[case.name], asked(case))


def test_every_question_has_a_name_of_its_own_and_a_frozen_answer():
    assert Counter(case.name for case in CASES) == dict.fromkeys(KEPT, 1)
