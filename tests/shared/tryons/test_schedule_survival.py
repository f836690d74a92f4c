"""What is believed of durations: learned ones, a guess before them, and room for surprises."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.shared.tryons.laws import lognormal, two_peaks
from tryon_worker.tryons.schedule import survival

DURATIONS = st.lists(st.floats(min_value=0.5, max_value=3_600), max_size=64)


@given(DURATIONS)
def test_it_is_a_curve_that_only_falls_from_all_to_hardly_any(durations: list[float]) -> None:
    curve = survival(durations)
    assert curve.alive[0] == 1
    assert all(a >= b >= 0 for a, b in pairwise(curve.alive))
    assert all(a < b for a, b in pairwise(curve.ages))
    assert curve.alive[-1] < 0.05
    assert len(curve.ages) < 120, "a plan is reckoned within milliseconds"


def test_before_anything_is_learned_most_are_expected_within_ten_to_sixty_seconds() -> None:
    curve = survival([])
    assert curve.at(5) > 0.9
    assert curve.at(15) == pytest.approx(0.5, abs=0.05)
    assert curve.at(60) < 0.1


@pytest.mark.promise("Polls are planned, not ticked", "first-poll-is-learned")
@pytest.mark.parametrize("middle", [4, 12.5, 40, 150])
def test_it_follows_what_was_learned(middle: float) -> None:
    curve = survival(lognormal(middle, 64))
    assert curve.at(middle) == pytest.approx(0.5, abs=0.12)
    assert curve.at(middle / 3) > 0.97
    assert curve.at(middle * 3) < 0.05


def test_a_few_durations_already_say_more_than_the_guess() -> None:
    assert survival([40.0] * 8).at(30) > 0.9


def test_the_newest_count_for_more() -> None:
    slower = survival([*lognormal(25, 24), *lognormal(12.5, 40)])
    faster = survival([*lognormal(12.5, 24), *lognormal(25, 40)])
    assert slower.at(18) > 0.5 > faster.at(18)


def test_two_peaks_stay_apart() -> None:
    curve = survival(two_peaks())
    assert curve.at(13) - curve.at(20) < 0.05, "hardly any ends between them"
    assert curve.at(6) - curve.at(11) > 0.3
    assert curve.at(24) - curve.at(44) > 0.3


def test_longer_than_ever_seen_is_not_impossible() -> None:
    curve = survival([10.0] * 64)
    assert curve.at(20) > 0.002
    assert curve.ages[-1] > 60
