"""What the deployed stack writes down where nothing can be erased: log lines and executions."""

import json
import uuid
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from local.demo.observer import Event
from local.genlook.control import Control
from tests.support.remains import named_in
from tests.support.shop import Shop
from tests.support.stack import SHOP

JPEG = (Path(__file__).parent.parent / "photos" / "shopper.jpg").read_bytes()
TEE = {"externalId": "tee-told", "title": "Tee", "images": [{"url": f"{SHOP}shirt.png"}]}
SECRET = "a gift for aunt Zoë"
# Housekeeping speaks only where something was left to it.
FUNCTIONS = {"upload", "intake", "tryon", "generation", "erasure"}


def new_shopper() -> str:
    return f"zoë {uuid.uuid4().hex[:8]}@shop/7?"


def request(shopper: str, **changes: Any) -> dict[str, Any]:
    context = {"note": SECRET}
    asked = {"externalUserId": shopper, "requestId": uuid.uuid4().hex, "product": TEE}
    return {**asked, "context": context, **changes}


def everything_once(shop: Shop, control: Control, shopper: str) -> None:
    """Each flow and each way in which one fails, for one shopper, up to the erasure."""
    shop.send("ProductUpserted", {**TEE, "updatedAt": "2026-01-01T00:00:00Z"})
    shop.send("TryOnRequested", request(shopper))
    shop.of(shopper, "TryOnDeferred")
    shop.photo(shopper, b"no picture: " + SECRET.encode(), name="text.jpg")
    shop.of(shopper, "PhotoRejected")
    shop.photo(shopper, JPEG)
    shop.of(shopper, "TryOnCompleted")
    control.refuse("try_on", 400, "VALIDATION_FAILED")
    shop.send("OrderPlaced", order(shopper))
    shop.wait("TryOnFailed", lambda e: e.detail.get("orderId") == f"order of {shopper}")
    control.lose_answer("try_on")
    lost = request(shopper)
    shop.send("TryOnRequested", lost)
    asked = shop.of(shopper, "TryOnNeedsReview").detail
    review = {"tryOnId": asked["tryOnId"], "reviewId": asked["reviewId"], "action": "close"}
    shop.send("TryOnReviewed", review, source="tryon.operator")
    refused = [
        shop.send("TryOnRequested", request(shopper, product={"externalId": [7], "title": SECRET})),
        shop.send("TryOnReviewed", {"tryOnId": shopper, "action": SECRET}, "tryon.operator"),
        shop.send("ProductUpserted", {**TEE, "updatedAt": SECRET, "tryOnFor": [shopper]}),
    ]
    for event_id in refused:
        shop.wait("RequestRefused", partial(_about, event_id))
    poison(shop, shopper)
    shop.send("ErasureRequested", {"externalUserId": shopper}, source="shop.privacy")


def _about(event_id: str, event: Event) -> bool:
    return bool(event.detail["eventId"] == event_id)


def order(shopper: str) -> dict[str, Any]:
    items = [{"productExternalId": TEE["externalId"]}]
    return {"orderId": f"order of {shopper}", "externalUserId": shopper, "items": items}


def poison(shop: Shop, shopper: str) -> None:
    """Messages whose very failure might be told in their own words."""
    odd = [
        ("UploadQueueUrl", {"detail": {"object": {"key": f"photos/{shopper}/x.jpg"}}}),
        ("UploadQueueUrl", {"type": "upload", "photoId": {shopper: SECRET}}),
        ("IntakeQueueUrl", {"id": shopper, "detail": SECRET}),
        ("TryOnQueueUrl", {"type": "step", "tryOnId": f"unknown {shopper}", "requestedAt": 1}),
        ("TryOnQueueUrl", {"externalUserId": shopper, "context": SECRET}),
        ("ErasureQueueUrl", {"type": "sweep", "requestKey": shopper}),
    ]
    for queue, message in odd:
        body = json.dumps(message)
        shop.direct(queue, body)
        shop.direct(queue, body[:-1])
    for queue, message in odd:
        shop.dead_letter(shop.dead_letter_queue(queue), json.dumps(message))


def lines(shop: Shop) -> dict[str, str]:
    """All that each function has logged."""
    client = shop.system.engine.client("logs")
    groups = client.describe_log_groups(logGroupNamePrefix="/aws/lambda/")["logGroups"]
    pages = client.get_paginator("filter_log_events")
    return {
        group["logGroupName"].rpartition("-")[2]: "\n".join(
            event["message"]
            for page in pages.paginate(logGroupName=group["logGroupName"])
            for event in page["events"]
        )
        for group in groups
    }


def state_machine(shop: Shop) -> Iterator[str]:
    """Each execution with its input, its output and its whole history."""
    client = shop.system.engine.client("stepfunctions")
    arn = shop.outputs["StateMachineArn"]
    for page in client.get_paginator("list_executions").paginate(stateMachineArn=arn):
        for execution in page["executions"]:
            which = {"executionArn": execution["executionArn"]}
            history = client.get_execution_history(**which)["events"]
            yield json.dumps([client.describe_execution(**which), history], default=str)


@pytest.mark.promise("The machine knows nobody", "executions-carry-ids-only")
@pytest.mark.promise("Nothing leaks", "nothing-personal-in-logs-or-executions")
def test_no_line_and_no_execution_says_whom_it_is_about(shop: Shop, control: Control) -> None:
    shopper, idle = new_shopper(), new_shopper()
    everything_once(shop, control, shopper)
    shop.photo(idle, JPEG)
    shop.of(idle, "PhotoReady")
    request_id = uuid.uuid4().hex
    detail = {"externalUserId": idle, "requestId": request_id}
    shop.send("ErasureRequested", detail, source="shop.privacy")
    shop.erased(request_id)

    logged = lines(shop)
    assert {name for name, text in logged.items() if text} >= FUNCTIONS
    written = [*logged.values(), *state_machine(shop)]
    assert len(written) > len(logged)
    links = (shop.system.genlook.base_url, "/files/", "photos/", "results/", SHOP)
    for text in written:
        assert named_in(text, shopper) + named_in(text, idle) == []
        for secret in (SECRET, "aunt", shop.system.genlook.api_key, *links):
            assert secret not in text
