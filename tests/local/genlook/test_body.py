"""Limits on bodies are noticed while the bytes come, not when they are all there."""

import asyncio

import pytest
from starlette.types import Message

from local.genlook.body import capped, drain
from local.genlook.errors import ApiError
from tests.local.genlook.helpers import Caller, refusal


class Sender:
    """Hands out pieces of a body and counts how many were asked for."""

    def __init__(self, *sizes: int) -> None:
        self.sizes = list(sizes)
        self.handed = 0

    async def receive(self) -> Message:
        if not self.sizes:
            return {"type": "http.disconnect"}
        size = self.sizes.pop(0)
        self.handed += size
        return {"type": "http.request", "body": bytes(size), "more_body": bool(self.sizes)}


async def read_all(sender: Sender, limit: int) -> int:
    receive = capped(sender.receive, limit, ApiError(413, "FILE_TOO_LARGE", "Too much."))
    taken = 0
    while True:
        message = await receive()
        taken += len(message["body"])
        if not message["more_body"]:
            return taken


def test_up_to_the_limit_passes() -> None:
    assert asyncio.run(read_all(Sender(4, 4, 2), 10)) == 10


@pytest.mark.parametrize("sizes", [(11,), (4, 4, 3), (4, 4, 3, 9, 9, 9)])
def test_the_first_byte_too_many_is_refused(sizes: tuple[int, ...]) -> None:
    sender = Sender(*sizes)
    with pytest.raises(ApiError) as caught:
        asyncio.run(read_all(sender, 10))
    assert caught.value.status == 413
    assert sender.handed == sum(sizes)  # the rest was read off: the answer must get through


def test_draining_has_an_end() -> None:
    sender = Sender(*[10] * 100)
    asyncio.run(drain(sender.receive, 50))
    assert sender.handed == 50


def test_draining_ends_with_the_connection() -> None:
    asyncio.run(drain(Sender().receive))


@pytest.mark.parametrize("path", ["/try-on", "/products"])
def test_json_has_a_limit_too(caller: Caller, path: str) -> None:
    response = caller.http.post(path, json={"metadata": {"x": "y" * 1_100_000}})
    assert refusal(response) == (413, "FILE_TOO_LARGE")


def test_a_multipart_order_has_a_limit_too(caller: Caller) -> None:
    response = caller.try_on({}, {"a": bytes(11_000_000)})
    assert refusal(response) == (413, "FILE_TOO_LARGE")
