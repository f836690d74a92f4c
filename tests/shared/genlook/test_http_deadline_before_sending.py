"""Time that is over before the first byte: nothing was sent."""

import ipaddress
import socket
from typing import Any

import pytest

from tests.shared.genlook.fakes import WISH, RawServer
from tryon_worker.genlook import GenlookClient, NotSent, SocketTransport, Timeouts
from tryon_worker.genlook.addresses import IPAddress


def test_time_that_the_key_took_is_counted_and_nothing_is_sent() -> None:
    now = 0.0

    def slow_key() -> str:
        nonlocal now
        now += 31
        return "gk"

    with RawServer(lambda connection: connection.close()) as server:
        genlook = GenlookClient(api_key=slow_key, base_url=server.base_url, monotonic=lambda: now)
        with pytest.raises(NotSent):
            genlook.create_try_on(WISH)
        assert server.connections == 0


def test_time_that_ran_out_before_the_first_byte_means_that_nothing_was_sent() -> None:
    now = 0.0

    def slow(*_: object) -> list[IPAddress]:
        nonlocal now
        now += 31
        return [ipaddress.ip_address("127.0.0.1")]

    seen: list[bytes] = []
    with RawServer(lambda connection: seen.append(connection.recv(1))) as server:
        genlook = GenlookClient(
            api_key=lambda: "gk",
            base_url=server.base_url,
            transport=SocketTransport(resolver=slow),
            monotonic=lambda: now,
        )
        with pytest.raises(NotSent):
            genlook.create_try_on(WISH)
    assert seen in ([], [b""])  # whether it was accepted at all is up to the machine


def test_dead_addresses_share_the_time_to_connect(monkeypatch: pytest.MonkeyPatch) -> None:
    shares: list[float] = []

    def black_hole(_: Any, timeout: float) -> socket.socket:
        shares.append(timeout)
        raise TimeoutError("late")

    monkeypatch.setattr(socket, "create_connection", black_hole)
    addresses = [ipaddress.ip_address(f"192.0.2.{n}") for n in range(1, 5)]
    genlook = GenlookClient(
        api_key=lambda: "k",
        base_url="http://x.example",
        timeouts=Timeouts(connect=8),
        transport=SocketTransport(resolver=lambda *_: list(addresses)),
    )
    with pytest.raises(NotSent):
        genlook.credits()
    assert [round(share, 1) for share in shares] == [2.0, 2.7, 4.0, 8.0]
