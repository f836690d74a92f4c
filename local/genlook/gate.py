"""Stands before every endpoint: key, rate, armed faults, the journal."""

import asyncio
import json
import math
import socket
import struct
import time
from email.utils import formatdate

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from local.genlook import errors
from local.genlook.body import drain
from local.genlook.errors import ApiError
from local.genlook.faults import CallFault
from local.genlook.generations import settle
from local.genlook.journal import Call
from local.genlook.operations import BASE, FILE, name_of, refuse_unknown
from local.genlook.store import State

Connections = dict[tuple[str, int], asyncio.Transport]
RESET = struct.pack("ii", 1, 0)
"""SO_LINGER with no time: the socket ends in a reset."""


class Gate:
    """ASGI middleware around the endpoints and the links; everything else passes by."""

    def __init__(self, app: ASGIApp, state: State, connections: Connections) -> None:
        self.app = app
        self.state = state
        self.connections = connections

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        raw = scope.get("raw_path", b"").decode("ascii", "replace") if "raw_path" in scope else ""
        if scope["type"] != "http" or not raw.startswith((f"{BASE}/", "/files/")):
            await self.app(scope, receive, send)
            return
        name = name_of(scope["method"], raw)
        call = self.state.journal.open(self.state.clock.now(), name, scope["method"], raw)
        # Routed by the raw path: an id is one encoded segment, whatever it holds.
        scope = {**scope, "path": raw, "state": {**scope.get("state", {}), "call": call}}
        began = time.monotonic()
        try:
            await self._handle(scope, receive, send, call)
        finally:
            call.seconds = round(time.monotonic() - began, 4)

    async def _handle(self, scope: Scope, receive: Receive, send: Send, call: Call) -> None:
        settle(self.state)
        try:
            self._admit(scope, call)
        except ApiError as error:
            await drain(receive)
            call.status, call.code = error.status, error.code
            await _send_error(send, error)
            return
        fault = self.state.faults.for_call(call.operation)
        if fault is None:
            await self.app(scope, receive, _noting(send, call))
            return
        call.fault = f"{fault.kind} {fault.when}"
        await self._go_wrong(fault, scope, receive, send, call)

    def _admit(self, scope: Scope, call: Call) -> None:
        """Check the key and the rate; raise if the call may not pass."""
        key = _header(scope, b"x-api-key")
        call.api_key_sent = key is not None
        if call.operation == FILE:
            if key is not None:
                raise ApiError(400, "KEY_NOT_WANTED", "A link is no place for an API key.")
            return
        if not key:
            raise errors.missing_api_key()
        account = self.state.accounts.get(self.state.keys.get(key, ""))
        if account is None or not account.active:
            raise errors.invalid_api_key()
        call.account = account.name
        account.rate.count_refused = self.state.quirks.refused_count
        wait = account.rate.take(self.state.clock.now())
        if wait > 0:
            raise errors.rate_limited(self._retry_after(wait))
        refuse_unknown(call.method, call.path)

    def _retry_after(self, seconds: float) -> dict[str, str]:
        match self.state.quirks.retry_after:
            case "seconds":
                return {"Retry-After": str(math.ceil(seconds))}
            case "date":
                moment = math.ceil(self.state.clock.now() + seconds)
                return {"Retry-After": formatdate(moment, usegmt=True)}
            case "none":
                return {}

    async def _go_wrong(
        self, fault: CallFault, scope: Scope, receive: Receive, send: Send, call: Call
    ) -> None:
        answer: list[Message] = []

        async def keep(message: Message) -> None:
            answer.append(message)

        if fault.when == "before":
            await fault.wait()
        if fault.takes_effect:
            await self.app(scope, receive, _noting(keep, call))
        if fault.when == "after":
            await fault.wait()
        await self._answer(fault, answer, scope, receive, send, call)

    async def _answer(
        self,
        fault: CallFault,
        answer: list[Message],
        scope: Scope,
        receive: Receive,
        send: Send,
        call: Call,
    ) -> None:
        """Send what the fault leaves of the answer."""
        match fault.kind:
            case "lose":
                call.status, call.code = 0, None
                await self._hang_up(scope, receive, reset=fault.reset)
            case "cut":
                call.status = 0
                await _send_half(send, answer)
                await self._hang_up(scope, receive, reset=fault.reset)
            case "answer":
                if not fault.takes_effect:
                    await drain(receive)
                call.status, call.code = fault.status, fault.code
                body, kind = fault.content()
                await _send(send, fault.status, body, kind, fault.headers)
            case "no_id":
                status, body = _joined(answer)
                await _send(send, status, _without_ids(body), "application/json", {})
            case "delay":
                for message in answer:
                    await send(message)

    async def _hang_up(self, scope: Scope, receive: Receive, *, reset: bool) -> None:
        """End the connection without a (whole) answer."""
        transport = self.connections.get(tuple(scope["client"]))
        if transport is None:
            return
        if reset:
            transport.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, RESET
            )
            transport.abort()
        transport.close()
        await _disconnected(receive)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        continue


def _noting(send: Send, call: Call) -> Send:
    """Return a `send` that writes the status into the journal."""

    async def noting(message: Message) -> None:
        if message["type"] == "http.response.start":
            call.status = message["status"]
        await send(message)

    return noting


def _header(scope: Scope, name: bytes) -> str | None:
    values = [value for key, value in scope["headers"] if key == name]
    return values[0].decode("latin-1") if values else None


async def _send_error(send: Send, error: ApiError) -> None:
    body = json.dumps(error.body()).encode()
    await _send(send, error.status, body, "application/json", error.headers)


async def _send(send: Send, status: int, body: bytes, kind: str, headers: dict[str, str]) -> None:
    merged = {"content-type": kind, "content-length": str(len(body)), **headers}
    raw = [(key.lower().encode(), value.encode("latin-1")) for key, value in merged.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})


async def _send_half(send: Send, answer: list[Message]) -> None:
    start, *rest = answer
    body = b"".join(message.get("body", b"") for message in rest)
    await send(start)
    await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})


def _joined(answer: list[Message]) -> tuple[int, bytes]:
    start, *rest = answer
    return start["status"], b"".join(message.get("body", b"") for message in rest)


def _without_ids(body: bytes) -> bytes:
    data = json.loads(body or b"{}")
    return json.dumps({k: v for k, v in data.items() if not k.endswith("Id")}).encode()
