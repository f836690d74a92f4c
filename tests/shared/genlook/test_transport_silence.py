"""Nothing of a shopper, a link or the key reaches a log, whatever the log level and the end."""

import logging
import socket
import traceback
from io import BytesIO

import httpx
import pytest

from tests.shared.genlook.fakes import (
    answering,
    client,
    error,
    over_socket,
    read_request,
    replying,
)
from tryon_worker.genlook import (
    GenlookClient,
    GenlookError,
    PersonByUrl,
    Product,
    SocketTransport,
    TryOnInput,
)

SECRETS = ("gk_test", "shopper-77", "photos.example", "signature", "Summer dress")
WISH = TryOnInput(
    Product("p", title="Summer dress"),
    PersonByUrl("https://photos.example/me.jpg?signature=1"),
    "shopper-77",
)


@pytest.mark.promise("Nothing leaks", "nothing-personal-in-logs-or-executions")
def test_no_call_logs_anything_personal_even_at_debug(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    def script(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")

    with over_socket(script) as (genlook, server):
        link = f"http://127.0.0.1:{server.port}/r.jpg?signature=1"
        genlook.download_result(link, BytesIO(), max_bytes=100)
        for call in (
            lambda: genlook.delete_customer("shopper-77"),
            lambda: genlook.create_try_on(WISH),
            genlook.credits,
        ):
            with pytest.raises(GenlookError):
                call()
    for secret in SECRETS:
        assert secret not in caplog.text


@pytest.mark.parametrize(
    "genlook",
    [
        client(answering(400, json=error("NEW", "https://photos.example/me.jpg?signature=1"))),
        client(answering(502, text="shopper-77 Summer dress")),
        client(answering(201, text="shopper-77 Summer dress")),
        client(answering(307, headers={"location": "https://photos.example/?signature"})),
        GenlookClient(
            api_key=lambda: "gk_test",
            base_url="http://x.example",
            transport=SocketTransport(resolver=lambda *_: []),
        ),
    ],
    ids=["refused", "bad gateway", "unusable", "redirect", "no address"],
)
def test_no_traceback_holds_anything_personal(genlook: GenlookClient) -> None:
    with pytest.raises(GenlookError) as raised:
        genlook.create_try_on(WISH)
    _assert_clean(raised.value)


def test_no_traceback_quotes_what_the_transport_quotes() -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise httpx.LocalProtocolError(f"Illegal header value {request.headers['x-api-key']!r}")

    with pytest.raises(GenlookError) as raised:
        client(fail).create_try_on(WISH)
    _assert_clean(raised.value)


def test_no_traceback_of_a_download_holds_the_link() -> None:
    with over_socket(replying(b"")) as (genlook, server):
        link = f"http://127.0.0.1:{server.port}/r.jpg?signature=1"
        with pytest.raises(GenlookError) as raised:
            genlook.download_result(link, BytesIO(), max_bytes=100)
    _assert_clean(raised.value)


def _assert_clean(error: GenlookError) -> None:
    # Without source lines, which would quote this very test.
    shown = "".join(traceback.format_exception_only(error)) + repr(error)
    context = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    while context:
        shown += repr(context) + str(context)
        context = context.__cause__ or context.__context__
    for secret in SECRETS:
        assert secret not in shown
