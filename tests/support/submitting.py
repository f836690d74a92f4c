"""What tests of the paid call need: a try-on that is about to be paid for, and broken wires."""

import io
from collections.abc import Callable
from typing import Any

import httpx
from PIL import Image

from local.genlook.faults import CallFault
from tests.support.world import World
from tryon_worker.container import TIMEOUTS, Container
from tryon_worker.genlook import GenlookClient
from tryon_worker.tryons.model import State


def _small_photo() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (256, 320), (120, 90, 60)).save(file, "PNG")
    return file.getvalue()


SMALL_PHOTO = _small_photo()


def ordered(world: World, request_id: str = "r-1", **changes: Any) -> str:
    """An accepted try-on of a shopper whose photo lies at Genlook; its message is taken away."""
    if not any(row["sk"].startswith("PHOTO#") for row in world.rows()):
        world.ready_photo(data=SMALL_PHOTO)
    try_on_id = world.accepted(request_id, **changes)
    world.messages("tryon")
    return try_on_id


def at_review(world: World, request_id: str = "r-1", **changes: Any) -> str:
    """A try-on whose paid call was carried out and whose answer was lost."""
    try_on_id = ordered(world, request_id, **changes)
    world.genlook.control.lose_answer("try_on")
    world.step(try_on_id)
    assert world.try_on(try_on_id).state is State.UNKNOWN
    world.clock.advance(1)  # nobody answers within the very second
    return try_on_id


def answer(world: World, status: int, **fault: Any) -> None:
    """Lets the next paid call end in this answer, before it takes effect."""
    world.genlook.control.arm(CallFault(operation="try_on", status=status, **fault))


class Wire(httpx.BaseTransport):
    """A transport that does what the test says, and counts how often it was asked to pay."""

    def __init__(self, act: Callable[[httpx.Request], httpx.Response]) -> None:
        self.act = act
        self.submission = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.submission += request.url.path.endswith("/try-on")
        return self.act(request)


def rewire(
    world: World, container: Container, act: Callable[[httpx.Request], httpx.Response]
) -> Wire:
    """Gives a process a transport of the test's own, before its first call."""
    wire = Wire(act)
    container.__dict__["genlook"] = GenlookClient(
        api_key=container.api_key,
        base_url=world.genlook.base_url,
        timeouts=TIMEOUTS,
        transport=wire,
    )
    return wire


def raising(error: Exception) -> Callable[[httpx.Request], httpx.Response]:
    """A wire that fails in this way."""

    def act(_: httpx.Request) -> httpx.Response:
        raise error

    return act


def created(generation_id: str = "gen-1") -> httpx.Response:
    """What Genlook says when it took a try-on."""
    return httpx.Response(201, json={"generationId": generation_id, "status": "PENDING"})


def quiet(world: World, rounds: int = 5, seconds: float = 61) -> None:
    """Lets housekeeping come a few times."""
    for _ in range(rounds):
        world.clock.advance(seconds)
        world.housekeeping_round()


def types(events: list[dict[str, Any]]) -> list[str]:
    return [event["type"] for event in events]
