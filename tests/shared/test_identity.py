"""Who a shopper is to us: keyed hashes, and keys of photos that name just one shopper."""

import itertools

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tryon_worker.identity import (
    InvalidShopperId,
    Origin,
    Pseudonymizer,
    check_shopper_id,
    photo_prefixes,
    shopper_of_key,
)

IDENTITIES = Pseudonymizer(b"s" * 64)


def _usable(text: str) -> bool:
    try:
        check_shopper_id(text)
    except InvalidShopperId:
        return False
    return True


def shoppers() -> st.SearchStrategy[str]:
    visible = st.characters(exclude_categories=["C", "Z"])
    awkward = st.sampled_from("%/'()!*~.+ &é")
    return st.text(visible | awkward, min_size=1, max_size=12).filter(_usable)


@given(shopper=shoppers())
def test_every_prefix_of_a_shopper_names_that_shopper(shopper: str) -> None:
    for prefix in photo_prefixes(shopper):
        assert shopper_of_key(f"{prefix}me.jpg") == shopper
        assert prefix.count("/") == 2


@given(one=shoppers(), other=shoppers())
def test_no_shoppers_photos_lie_below_anothers_prefix(one: str, other: str) -> None:
    assume(one != other)
    keys = [f"{prefix}me.jpg" for prefix in photo_prefixes(one)]
    assert not any(key.startswith(photo_prefixes(other)) for key in keys)


@given(key=st.text(max_size=40).map(lambda text: f"photos/{text}"))
def test_a_key_names_a_shopper_whose_erasure_finds_it_or_nobody(key: str) -> None:
    try:
        shopper = shopper_of_key(key)
    except InvalidShopperId:
        return
    assert key.startswith(photo_prefixes(shopper))


@pytest.mark.parametrize(
    ("key", "shopper"),
    [
        ("photos/7/me.jpg", "7"),
        ("photos/7/holiday/me.jpg", "7"),
        ("photos/a%2Fb/me.jpg", "a/b"),
        ("photos/o'neil/me.jpg", "o'neil"),
        ("photos/o%27neil/me.jpg", "o'neil"),
        ("photos/caf%C3%A9/me.jpg", "café"),
        ("photos/a%2520b/me.jpg", "a%20b"),
    ],
)
def test_keys_of_photos(key: str, shopper: str) -> None:
    assert shopper_of_key(key) == shopper


def test_parts_do_not_run_into_each_other() -> None:
    forms = [("ab", "c"), ("a", "bc"), ("abc",), ("a", "b", "c"), ("", "abc"), ("abc", "")]
    ids = {IDENTITIES.try_on_id(Origin.ORDER, *parts) for parts in forms}
    assert len(ids) == len(forms)


def test_no_two_kinds_of_names_are_ever_equal() -> None:
    names = [
        IDENTITIES.shopper_key("x"),
        IDENTITIES.photo_id("x"),
        IDENTITIES.request_key("x"),
        *(IDENTITIES.try_on_id(origin, "x") for origin in Origin),
    ]
    assert len(set(names)) == len(names)


@pytest.mark.promise("Rows that hold no names", "shopper-keys-are-hmacs")
def test_names_depend_on_the_stacks_secret_and_show_nothing() -> None:
    others = Pseudonymizer(b"t" * 64)
    for one, other in itertools.product(["7"], [others]):
        assert IDENTITIES.shopper_key(one) != other.shopper_key(one)
    assert len(IDENTITIES.shopper_key("customer-4711")) == 40
    assert "4711" not in IDENTITIES.shopper_key("customer-4711")


def test_names_stay_the_same() -> None:
    """Rows of deployed stacks are found by them."""
    assert IDENTITIES.shopper_key("shopper-7") == "d90e22e74cc7fb3708ab679723f4e8794e14c3d4"
    assert IDENTITIES.try_on_id(Origin.REQUEST, "shopper-7", "r-1") == (
        "4029841092d2fedac2ccc50c608fcc1ac0909da8"
    )
