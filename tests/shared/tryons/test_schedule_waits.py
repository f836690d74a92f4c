"""Waits in whole seconds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tryon_worker.tryons.schedule import (
    MAX_WAIT_SECONDS,
    poll_backoff,
    wait_after_denial,
    whole_wait,
)


@pytest.mark.parametrize(
    ("age", "wait"), [(0, 2), (19, 2), (30, 3), (100, 10), (599, 60), (600, 60), (90_000, 60)]
)
def test_a_look_that_said_nothing_is_tried_again_ever_more_rarely(age: float, wait: int) -> None:
    assert poll_backoff(age) == wait


@given(st.floats(min_value=-1e6, max_value=1e9))
def test_a_wait_is_one_that_step_functions_can_wait(seconds: float) -> None:
    for wait in (poll_backoff(seconds), whole_wait(seconds)):
        assert isinstance(wait, int)
        assert 1 <= wait <= MAX_WAIT_SECONDS


@given(st.floats(min_value=0, max_value=60))
def test_a_slot_is_waited_for_long_enough(seconds: float) -> None:
    assert seconds <= whole_wait(seconds) < seconds + 2


@pytest.mark.parametrize(
    ("retry", "age", "wait"), [(0.4, 5, 1), (0.4, 60, 3), (40, 60, 40), (90, 5, 60), (1, 5_000, 60)]
)
def test_a_look_that_is_sent_away_comes_back_when_told_or_later(
    retry: float, age: float, wait: int
) -> None:
    assert wait_after_denial(retry, age) == wait
