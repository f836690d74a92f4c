"""Serves the stand-in on loopback: in a thread for tests, or for as long as a process lives."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from local.genlook.app import build
from local.genlook.clock import Clock
from local.genlook.control import Control
from local.genlook.gate import Connections
from local.genlook.openapi import url
from local.genlook.settings import Settings
from local.genlook.store import State

HOST = "127.0.0.1"
GRACE_SECONDS = 1


@dataclass(frozen=True)
class StandIn:
    """A running stand-in, as a test holds it."""

    origin: str
    state: State
    clock: Clock
    control: Control

    @property
    def base_url(self) -> str:
        """Return the API's base URL."""
        return url(self.origin)

    @property
    def api_key(self) -> str:
        """Return the first account's key."""
        return self.state.settings.api_keys[0]


def listen(port: int) -> socket.socket:
    """Bind a loopback port (0: a free one); raises OSError if it is taken."""
    # Named as TCP, asyncio turns Nagle's algorithm off; else each answer takes 40 ms.
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((HOST, port))
        bound.listen(128)
    except OSError:
        bound.close()
        raise
    return bound


def make_server(
    state: State, bound: socket.socket, on_ready: Callable[[], None] = lambda: None
) -> uvicorn.Server:
    """Return a server for `state` on a bound socket; `on_ready` runs once it answers."""
    state.origin = f"http://{HOST}:{bound.getsockname()[1]}"
    connections: Connections = {}
    config = uvicorn.Config(
        build(state, connections),
        http=_protocol(connections),
        ws="none",
        lifespan="off",
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    return _Server(config, on_ready)


@contextmanager
def serve(settings: Settings | None = None, clock: Clock | None = None) -> Iterator[StandIn]:
    """Serve a stand-in on a free port for the length of a `with` block."""
    state = State(settings or Settings(), clock or Clock())
    ready = threading.Event()
    with listen(0) as bound:
        server = make_server(state, bound, ready.set)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
        thread.start()
        ready.wait(10)
        with Control(f"{state.origin}/_control") as control:
            try:
                yield StandIn(state.origin, state, state.clock, control)
            finally:
                server.should_exit = True
                thread.join(10)


class _Server(uvicorn.Server):
    """Says when it answers."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_ready()


def _protocol(connections: Connections) -> type[H11Protocol]:
    """Return uvicorn's protocol, which also tells which transport serves which caller.

    ASGI has no way to end a connection without an answer; a lost answer needs just that.
    """

    class Tracked(H11Protocol):
        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            if self.client:
                connections[self.client] = transport

        def connection_lost(self, exc: Exception | None) -> None:
            super().connection_lost(exc)
            if self.client:
                connections.pop(self.client, None)

    return Tracked


__all__ = ["StandIn", "listen", "make_server", "serve"]
