"""Credits: when they go and come back. The rate: any sixty seconds."""

from concurrent.futures import ThreadPoolExecutor
from email.utils import parsedate_to_datetime

import pytest

from local.genlook.faults import Fate
from local.genlook.rate import SlidingMinute
from local.genlook.server import StandIn
from tests.local.genlook.helpers import Caller, one_shot, person, refusal


def test_a_credit_goes_at_creation(caller: Caller, stand_in: StandIn) -> None:
    assert caller.credits() == 50
    caller.generation_id()
    assert caller.credits() == 49
    call = stand_in.control.calls("try_on")[-1]
    assert call["charged"]
    assert stand_in.control.credits_spent() == 1


@pytest.mark.parametrize(
    ("charge", "after_post", "after_success", "after_failure"),
    [("reserve", 49, 49, 50), ("create", 49, 49, 49), ("complete", 50, 49, 50)],
)
def test_when_the_credit_goes_can_be_switched(
    caller: Caller,
    stand_in: StandIn,
    charge: str,
    after_post: int,
    after_success: int,
    after_failure: int,
) -> None:
    stand_in.control.set_quirks(charge=charge)
    caller.generation_id()
    assert caller.credits() == after_post
    stand_in.clock.advance(300)
    assert caller.credits() == after_success
    stand_in.control.set_account(credits=50)
    stand_in.control.decide(Fate(kind="fail"))
    caller.generation_id()
    assert caller.credits() == after_post
    stand_in.clock.advance(300)
    assert caller.credits() == after_failure


def test_charges_and_refunds_are_counted_apart(caller: Caller, stand_in: StandIn) -> None:
    stand_in.control.decide(Fate(kind="fail"))
    caller.finished(caller.generation_id())
    assert (stand_in.control.charges(), stand_in.control.credits_spent()) == (1, 0)


def test_the_last_credit_cannot_be_spent_twice(caller: Caller, stand_in: StandIn) -> None:
    stand_in.control.set_account(credits=1)
    body = {"products": [one_shot()], "person": person(caller.image_id())}
    with ThreadPoolExecutor(4) as pool:
        codes = sorted(r.status_code for r in pool.map(lambda _: caller.try_on(body), range(4)))
    assert codes == [201, 402, 402, 402]
    assert caller.credits() == 0


def test_credits_can_be_topped_up(caller: Caller, stand_in: StandIn) -> None:
    stand_in.control.set_account(credits=0)
    assert refusal(caller.simple()) == (402, "INSUFFICIENT_CREDITS")
    stand_in.control.set_account(credits=1)
    assert caller.simple().status_code == 201


@pytest.mark.parametrize(("free", "left"), [(False, 49), (True, 50)])
def test_the_mock_product_counts_or_not(
    caller: Caller, stand_in: StandIn, free: bool, left: int
) -> None:
    stand_in.control.set_quirks(mockFree=free)
    caller.finished(caller.generation_id(products=[one_shot(title="mock")]))
    assert caller.credits() == left


def test_accounts_pay_for_themselves(caller: Caller, stranger: Caller) -> None:
    caller.generation_id()
    assert stranger.credits() == 50


def test_two_keys_of_one_account_share_all(caller: Caller, stand_in: StandIn) -> None:
    stand_in.control.add_key("gk_rotated", "account-1")
    rotated = Caller(stand_in, "gk_rotated")
    with rotated.http:
        generation = caller.generation_id()
        assert rotated.credits() == 49
        assert rotated.generation(generation)["status"] == "PENDING"


# The rate.


def test_a_hundred_a_minute_and_not_one_more(caller: Caller, stand_in: StandIn) -> None:
    codes = [caller.http.get("/account/credits").status_code for _ in range(101)]
    assert codes == [200] * 100 + [429]
    assert refusal(caller.http.get("/account/credits")) == (429, "RATE_LIMITED")
    stand_in.clock.advance(60)
    assert caller.http.get("/account/credits").status_code == 200


def test_every_kind_of_request_counts(caller: Caller, stand_in: StandIn) -> None:
    caller.upload(b"")
    caller.try_on({})
    caller.http.get("/generations/none")
    caller.http.delete("/customers/none")
    caller.http.get("/products")
    caller.http.get("/nothing")
    assert stand_in.control.account()["requestsLastMinute"] == 6


def test_the_rate_is_the_accounts(caller: Caller, stranger: Caller, stand_in: StandIn) -> None:
    stand_in.control.set_account(requestsPerMinute=0)
    assert caller.http.get("/account/credits").status_code == 429
    assert stranger.http.get("/account/credits").status_code == 200


def test_a_wrong_key_uses_nobodys_rate(stand_in: StandIn) -> None:
    wrong = Caller(stand_in, "gk_wrong")
    with wrong.http:
        wrong.http.get("/account/credits")
    assert stand_in.control.account()["requestsLastMinute"] == 0


@pytest.mark.parametrize("style", ["none", "seconds", "date"])
def test_retry_after(caller: Caller, stand_in: StandIn, style: str) -> None:
    stand_in.control.set_quirks(retryAfter=style)
    stand_in.control.set_account(requestsPerMinute=1)
    caller.http.get("/account/credits")
    stand_in.clock.advance(20)
    header = caller.http.get("/account/credits").headers.get("retry-after")
    if style == "none":
        assert header is None
    elif style == "seconds":
        assert header == "60"  # the refused call counts too: only a pause of a minute helps
    else:
        wait = parsedate_to_datetime(header or "").timestamp() - stand_in.clock.now()
        assert 59 < wait <= 61


def test_refused_calls_can_go_uncounted(caller: Caller, stand_in: StandIn) -> None:
    stand_in.control.set_quirks(refusedCount=False, retryAfter="seconds")
    stand_in.control.set_account(requestsPerMinute=1)
    caller.http.get("/account/credits")
    stand_in.clock.advance(20)
    assert caller.http.get("/account/credits").headers["retry-after"] == "40"
    stand_in.clock.advance(40)
    assert caller.http.get("/account/credits").status_code == 200


def test_the_minute_slides() -> None:
    minute = SlidingMinute(2, count_refused=False)
    assert [minute.take(moment) for moment in (0, 30, 59, 60, 61)] == [0, 0, 1, 0, 29]
    assert minute.used(200) == 0
