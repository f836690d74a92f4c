"""Brings a try-on to where a test begins, and lets EventBridge refuse what is said of it."""

import io
from typing import Any

from PIL import Image

from local.genlook.faults import Fate
from tests.support.world import SHOPPER, World
from tryon_worker.events.publisher import Publisher
from tryon_worker.tryons.model import State

TERMINAL = {"TryOnCompleted", "TryOnFailed"}


def _small_photo() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (96, 120), (200, 160, 140)).save(file, "JPEG")
    return file.getvalue()


PHOTO = _small_photo()


def submitted(world: World, fate: Fate | None = None, **changes: Any) -> str:
    """A try-on whose generation is under way; what was said so far is read away."""
    world.ready_photo(data=PHOTO, metadata={"crop": "false"})
    world.genlook.control.decide(fate or Fate(seconds=5))
    try_on_id = world.accepted(**changes)
    world.run()
    world.events()
    assert world.try_on(try_on_id).state is State.SUBMITTED
    return try_on_id


def under_review(world: World, **changes: Any) -> str:
    """A try-on whose paid call was answered by nothing."""
    world.ready_photo(data=PHOTO, metadata={"crop": "false"})
    world.genlook.control.lose_answer("try_on")
    try_on_id = world.accepted(**changes)
    world.run()
    assert world.try_on(try_on_id).state is State.UNKNOWN
    world.clock.advance(1)  # nobody answers within the very second
    return try_on_id


class RefusingBus:
    """EventBridge that answers 200 and takes nothing, so many times; or dies after it took it."""

    def __init__(self, client: Any, *, refusals: int = 0) -> None:
        self._client = client
        self.refusals = refusals

    def put_events(self, **arguments: Any) -> Any:
        if self.refusals:
            self.refusals -= 1
            refused = {"ErrorCode": "InternalFailure", "ErrorMessage": "later"}
            return {"FailedEntryCount": 1, "Entries": [refused]}
        return self._client.put_events(**arguments)


def refusing_bus(world: World, refusals: int) -> RefusingBus:
    """From here on the worker is a new process, whose events are refused at first."""
    bus = RefusingBus(world.cloud.client("events"), refusals=refusals)
    # Typed as Any: it stands in for boto3's client, of which one method is used.
    client: Any = bus
    publisher = Publisher(client, world.name, world.clock.now)
    world.container = world.new_process(publisher=publisher)
    return bus


def open_erasure(world: World) -> None:
    """Sets the tombstone, and nothing else yet."""
    erasures = world.container.erase.erasures
    pseudonymizer = world.container.pseudonymizer
    erasures.open(
        pseudonymizer.shopper_key(SHOPPER),
        pseudonymizer.request_key("e-1"),
        request_id="e-1",
        external_user_id=SHOPPER,
        now=int(world.clock.now()),
    )


def close_erasure(world: World) -> None:
    """Lets what the shopper does from now on go its way."""
    erasures, pseudonymizer = world.container.erase.erasures, world.container.pseudonymizer
    erasure = erasures.get(pseudonymizer.shopper_key(SHOPPER), pseudonymizer.request_key("e-1"))
    assert erasure is not None
    erasures.close(erasure, now=int(world.clock.now()))
