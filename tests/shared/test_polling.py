"""When a generation is looked at."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tryon_worker import polling


@pytest.mark.parametrize(
    ("age", "wait"), [(0, 2), (19, 2), (30, 3), (100, 10), (599, 60), (600, 60), (90_000, 60)]
)
def test_looks_become_rarer_with_age(age: float, wait: int) -> None:
    assert polling.next_look(age) == wait


@given(st.floats(min_value=-1e6, max_value=1e9))
def test_a_wait_is_one_that_step_functions_can_wait(seconds: float) -> None:
    for wait in (polling.next_look(seconds), polling.wait_for(seconds), polling.first_look()):
        assert isinstance(wait, int)
        assert 1 <= wait <= polling.MAX_WAIT_SECONDS


@given(st.floats(min_value=0, max_value=60))
def test_a_slot_is_waited_for_long_enough(seconds: float) -> None:
    assert seconds <= polling.wait_for(seconds) < seconds + 2
