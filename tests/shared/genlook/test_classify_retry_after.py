"""How `Retry-After` is read in all its forms."""

from datetime import timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.shared.genlook.fakes import NOW
from tryon_worker.genlook.classify import retry_after_seconds


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("", None),
        ("0", 0),
        ("7", 7),
        (" 7 ", 7),
        ("1.5", 1.5),
        ("-3", 0),
        ("soon", None),
        ("inf", None),
        ("nan", None),
        ("9" * 400, None),
        ("7, 7", None),
        ("Sat, 20 Jun 2026 12:00:30 GMT", 30),
        ("Saturday, 20-Jun-26 12:00:30 GMT", 30),
        ("Sat, 20 Jun 2026 14:00:30 +0200", 30),
        ("Sat, 20 Jun 2026 12:00:30 -0000", 30),
        ("Sat, 20 Jun 2026 11:00:00 GMT", 0),
        ("Sat, 99 Jun 2026 11:00:00 GMT", None),
    ],
)
def test_seconds_dates_and_nonsense(value: str | None, seconds: float | None) -> None:
    assert retry_after_seconds(value, NOW) == seconds


def test_a_date_is_held_against_the_clock_whatever_its_zone() -> None:
    elsewhere = NOW.astimezone(timezone(timedelta(hours=-7)))
    assert retry_after_seconds("Sat, 20 Jun 2026 12:01:00 GMT", elsewhere) == 60


@given(st.text())
def test_no_text_makes_it_crash(value: str) -> None:
    seconds = retry_after_seconds(value, NOW)
    assert seconds is None or seconds >= 0
