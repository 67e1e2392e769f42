"""The time left falls steadily, hardly moves for one odd step, and is said in words a person would use."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budgetwatch.jobs import left_words
from budgetwatch.jobs.remaining import RISE, Remaining


def test_nothing_is_told_before_anybody_can_know() -> None:
    left = Remaining()
    assert left.told(0.5, 0.5) is None
    assert left.told(30.0, 0.001) is None


def test_at_a_steady_pace_it_is_right_from_the_first_and_only_falls() -> None:
    left = Remaining()
    told = [left.told(float(second), second / 100) for second in range(2, 100)]
    assert told == pytest.approx([100 - second for second in range(2, 100)])


def test_one_slow_step_does_not_make_it_jump() -> None:
    left = Remaining()
    before = [left.told(float(s), s / 100) for s in range(2, 50)][-1]
    during = [left.told(float(s), 0.49) for s in range(50, 56)]
    assert before is not None
    assert all(told is not None and told <= before + 3 for told in during)


def test_a_lasting_change_of_pace_is_followed() -> None:
    left = Remaining()
    for second in range(2, 50):
        left.told(float(second), second / 100)
    for second in range(50, 150):  # from now on half as fast
        told = left.told(float(second), 0.5 + (second - 50) / 200)
    assert told is not None
    assert abs(told - 0) < 20


@given(st.lists(st.tuples(st.floats(0.1, 30), st.floats(0, 0.2)), min_size=1, max_size=60))
def test_it_never_grows_faster_than_half_the_time_that_passes(steps: list[tuple[float, float]]) -> None:
    left, passed, share, before = Remaining(), 0.0, 0.0, None
    for seconds, more in steps:
        passed, share = passed + seconds, min(1.0, share + more)
        told = left.told(passed, share)
        if told is not None:
            assert told >= 0
            if before is not None:
                assert told <= before + RISE * seconds + 1e-6
            before = told


@pytest.mark.parametrize(
    ("seconds", "zh", "en"),
    [
        (3, "还需几秒", "A few seconds left"),
        (40, "还需不到 1 分钟", "Less than a minute left"),
        (61, "还需约 1 分钟", "About 1 minute left"),
        (170, "还需约 3 分钟", "About 3 minutes left"),
        (13 * 60, "还需约 15 分钟", "About 15 minutes left"),
        (3 * 3600, "还需约 3 小时", "About 3 hours left"),
    ],
)
def test_it_is_said_in_words(seconds: float, zh: str, en: str) -> None:
    said = left_words(seconds)
    assert said is not None
    assert (said.zh, said.en) == (zh, en)


def test_nothing_is_said_of_what_nobody_knows() -> None:
    assert left_words(None) is None
