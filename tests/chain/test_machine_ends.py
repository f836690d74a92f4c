"""An execution that ends by itself: its status event leads to the one terminal event all the same.

The deployed machine is changed so that it ends as it is told to, before it has looked.
"""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from local.system import System
from tests.support.shop import Shop
from tests.support.stack import SHOP

JPEG = (Path(__file__).parent.parent / "photos" / "shopper.jpg").read_bytes()
TEE = {"externalId": "tee-ends", "title": "Tee", "images": [{"url": f"{SHOP}shirt.png"}]}
TERMINAL = {"TryOnCompleted", "TryOnFailed"}

Machine = dict[str, Any]

# Longer than a generation takes here; the first look would come a little later.
_WAIT_SECONDS = 6


@pytest.fixture(scope="module")
def shop(stack: System) -> Shop:
    shop = Shop(stack)
    shop.send("ProductUpserted", {**TEE, "updatedAt": "2026-01-01T00:00:00Z"})
    return shop


def _waits_long(machine: Machine) -> None:
    machine["States"]["Wait"]["Seconds"] = 600


def _fails(machine: Machine) -> None:
    machine["States"]["Wait"] |= {"Seconds": _WAIT_SECONDS, "Next": "NotSettled"}


def _runs_out_of_time(machine: Machine) -> None:
    _waits_long(machine)
    machine["TimeoutSeconds"] = _WAIT_SECONDS


@contextmanager
def _changed(shop: Shop, change: Callable[[Machine], None]) -> Iterator[Any]:
    """The deployed machine with other states, for the `with` block."""
    client = shop.system.engine.client("stepfunctions")
    arn = shop.outputs["StateMachineArn"]
    was = client.describe_state_machine(stateMachineArn=arn)["definition"]
    machine = json.loads(was)
    change(machine)
    client.update_state_machine(stateMachineArn=arn, definition=json.dumps(machine))
    try:
        yield client
    finally:
        client.update_state_machine(stateMachineArn=arn, definition=was)


def _execution(shop: Shop, client: Any, try_on_id: str) -> Any:
    found = client.list_executions(stateMachineArn=shop.outputs["StateMachineArn"])["executions"]
    (execution,) = [one for one in found if one["name"].startswith(try_on_id)]
    return execution


def _abort(shop: Shop, client: Any, try_on_id: str) -> None:
    time.sleep(_WAIT_SECONDS)  # the generation is ready by then
    arn = _execution(shop, client, try_on_id)["executionArn"]
    client.stop_execution(executionArn=arn)


@pytest.mark.promise("One outcome, one publisher", "all-ends-go-through-it")
@pytest.mark.parametrize(
    ("change", "status"),
    [(_waits_long, "ABORTED"), (_fails, "FAILED"), (_runs_out_of_time, "TIMED_OUT")],
)
def test_one_that_ends_by_itself_leads_to_one_outcome(
    shop: Shop, change: Callable[[Machine], None], status: str
) -> None:
    shopper = shop.new_shopper()
    shop.photo(shopper, JPEG)
    shop.of(shopper, "PhotoReady")
    with _changed(shop, change) as client:
        shop.order(shopper, f"order-{shopper}", "tee-ends")
        try_on_id = shop.of(shopper, "TryOnSubmitted").detail["tryOnId"]
        if status == "ABORTED":
            _abort(shop, client, try_on_id)
        shop.of(shopper, "TryOnCompleted")
        assert _execution(shop, client, try_on_id)["status"] == status
    # Another shopper's way through passes after whatever the end might still cause.
    other = shop.new_shopper()
    shop.photo(other, JPEG)
    shop.of(other, "PhotoReady")
    shop.order(other, f"order-{other}", "tee-ends")
    shop.of(other, "TryOnCompleted")
    result_of = [e for e in shop.heard if e.detail.get("tryOnId") == try_on_id]
    assert [e.detail_type for e in result_of if e.detail_type in TERMINAL] == ["TryOnCompleted"]
