"""Messages that come again to the deployed stack: at the same moment, or after they were dead."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local.genlook.control import Control
from local.genlook.faults import Fate
from tests.support.shop import Shop
from tests.support.stack import SHOP

JPEG = (Path(__file__).parent.parent / "photos" / "shopper.jpg").read_bytes()
TEE = {"externalId": "tee-again", "title": "Tee", "images": [{"url": f"{SHOP}shirt.png"}]}


def with_photo(shop: Shop) -> str:
    shopper = shop.new_shopper()
    shop.photo(shopper, JPEG)
    shop.of(shopper, "PhotoReady")
    return shopper


def request(shop: Shop, shopper: str) -> dict[str, Any]:
    detail = {"externalUserId": shopper, "requestId": f"r-{shopper}", "product": TEE}
    shop.send("TryOnRequested", detail)
    return detail


def submission(control: Control, shopper: str) -> int:
    return sum(call["externalUserId"] == shopper for call in control.calls("try_on"))


def said(shop: Shop, shopper: str) -> list[str]:
    return sorted(e.detail_type for e in shop.heard if e.detail.get("externalUserId") == shopper)


def one_passes(shop: Shop) -> None:
    """Another try-on, all the way: it passes after whatever was said before it."""
    other = with_photo(shop)
    request(shop, other)
    shop.of(other, "TryOnCompleted")


@pytest.mark.promise("P1", "duplicates-are-one-paid-call")
def test_ten_deliveries_at_the_same_moment_are_one_paid_call(shop: Shop, control: Control) -> None:
    """Each worker accepts the request itself and asks for its step: both come ten times."""
    shopper = with_photo(shop)
    control.delay("try_on", 3)  # the others come while the first one pays
    detail = {"externalUserId": shopper, "requestId": "ten", "product": TEE}
    for _ in range(10):
        shop.direct("TryOnQueueUrl", json.dumps(detail))
    shop.of(shopper, "TryOnCompleted")
    shop.emptied("TryOnQueueUrl")
    one_passes(shop)
    assert submission(control, shopper) == 1
    assert said(shop, shopper) == ["PhotoReady", "TryOnCompleted", "TryOnSubmitted"]


def _completed(shop: Shop, _: Control) -> tuple[str, str]:
    shopper = with_photo(shop)
    request(shop, shopper)
    return shopper, "TryOnCompleted"


def _refused(shop: Shop, control: Control) -> tuple[str, str]:
    shopper = with_photo(shop)
    control.refuse("try_on", 400, "VALIDATION_FAILED")
    request(shop, shopper)
    return shopper, "TryOnFailed"


def _running(shop: Shop, control: Control) -> tuple[str, str]:
    shopper = with_photo(shop)
    control.decide(Fate(seconds=45))
    request(shop, shopper)
    return shopper, "TryOnSubmitted"


def _under_review(shop: Shop, control: Control) -> tuple[str, str]:
    shopper = with_photo(shop)
    control.lose_answer("try_on")
    request(shop, shopper)
    return shopper, "TryOnNeedsReview"


def _waiting(shop: Shop, _: Control) -> tuple[str, str]:
    shopper = shop.new_shopper()
    request(shop, shopper)
    return shopper, "TryOnDeferred"


Story = Callable[[Shop, Control], tuple[str, str]]


@pytest.mark.promise("P1", "redrive-spends-nothing")
def test_a_redrive_of_all_dead_letters_spends_nothing_and_says_nothing_twice(
    shop: Shop, control: Control
) -> None:
    """Steps and requests of try-ons in every state, and one message that is poison."""
    stories: list[Story] = [_completed, _refused, _running, _under_review, _waiting]
    dead = shop.dead_letter_queue("TryOnQueueUrl")
    sqs = shop.system.engine.client("sqs")
    before: dict[str, list[str]] = {}
    sent: set[str] = set()
    for story in stories:
        shopper, last = story(shop, control)
        event = shop.of(shopper, last)
        before[shopper] = said(shop, shopper)
        step = {"type": "step", "tryOnId": event.detail["tryOnId"], "requestedAt": 0}
        again = {"externalUserId": shopper, "requestId": f"r-{shopper}", "product": TEE}
        for body in map(json.dumps, (step, step, again)):
            sqs.send_message(QueueUrl=dead, MessageBody=body)
            sent.add(body)
    sqs.send_message(QueueUrl=dead, MessageBody="poison")
    calls = len(control.calls("try_on"))
    assert calls >= 4
    shop.redrive("TryOnQueueUrl")
    shop.dead_letter(dead, "poison")
    shop.emptied("TryOnQueueUrl")
    one_passes(shop)
    assert len(control.calls("try_on")) == calls + 1
    assert {shopper: said(shop, shopper) for shopper in before} == before
    # What other tests left to die here was driven back too, and is dead again.
    assert not sent & shop.dead_letters(dead)
