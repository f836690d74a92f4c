"""Which failure of the transport means what, and that none is met with a second call."""

from typing import Any

import httpx
import pytest

from tests.shared.genlook.fakes import WISH, answering, client, end_of_submitting
from tryon_worker.genlook import (
    GenlookError,
    InsufficientCredits,
    NotSent,
    ResponseLost,
    UnknownRefusal,
    classify,
)

TRANSPORT = [
    (httpx.ConnectError, NotSent),
    (httpx.ConnectTimeout, NotSent),
    (httpx.PoolTimeout, NotSent),
    (httpx.LocalProtocolError, NotSent),
    (httpx.UnsupportedProtocol, NotSent),
    (httpx.InvalidURL, NotSent),
    (httpx.ReadError, ResponseLost),
    (httpx.ReadTimeout, ResponseLost),
    (httpx.WriteError, ResponseLost),
    (httpx.WriteTimeout, ResponseLost),
    (httpx.CloseError, ResponseLost),
    (httpx.RemoteProtocolError, ResponseLost),
    (httpx.DecodingError, ResponseLost),
    (httpx.TooManyRedirects, ResponseLost),
    (httpx.ProxyError, ResponseLost),
]


@pytest.mark.promise("The paid call", "not-sent-goes-again")
@pytest.mark.parametrize(("failure", "kind"), TRANSPORT)
def test_each_failure_of_the_transport_has_its_kind(
    failure: type[Exception], kind: type[GenlookError]
) -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise failure(f"gk_test at {request.url}")

    raised = end_of_submitting(fail)
    assert type(raised) is kind
    assert raised.__suppress_context__


def test_every_exception_of_httpx_is_in_the_table_above() -> None:
    def leaves(kind: type[Exception]) -> set[type[Exception]]:
        below: set[type[Exception]] = set()
        for child in kind.__subclasses__():
            if child.__module__.startswith("httpx"):
                below |= leaves(child)
        return below or {kind}

    assert leaves(httpx.RequestError) | {httpx.InvalidURL} == {row[0] for row in TRANSPORT}


@pytest.mark.parametrize(
    ("failure", "wrote", "kind"),
    [
        (httpx.LocalProtocolError, False, NotSent),
        (httpx.LocalProtocolError, True, ResponseLost),
        (httpx.WriteTimeout, False, NotSent),
        (httpx.RemoteProtocolError, False, NotSent),
        (httpx.StreamClosed, True, ResponseLost),
    ],
)
def test_what_the_transport_knows_of_the_first_byte_decides(
    failure: type[Exception], wrote: bool, kind: type[GenlookError]
) -> None:
    exc = failure() if failure is httpx.StreamClosed else failure("x")
    assert type(classify.transport_error(exc, wrote=wrote)) is kind


class _BreaksOff(httpx.SyncByteStream):
    def __iter__(self) -> Any:
        yield b'{"code": "PRODUCT_NOT'
        raise httpx.ReadError("gone")


@pytest.mark.parametrize(
    ("status", "kind"),
    [(404, UnknownRefusal), (402, InsufficientCredits), (200, ResponseLost), (409, ResponseLost)],
)
def test_a_body_that_breaks_off_leaves_what_the_status_says(
    status: int, kind: type[GenlookError]
) -> None:
    assert type(end_of_submitting(answering(status, stream=_BreaksOff()))) is kind


@pytest.mark.promise("The paid call", "transport-never-repeats")
def test_no_failure_is_ever_answered_by_a_second_call() -> None:
    calls = 0

    def refuse(_: httpx.Request) -> httpx.Response:
        nonlocal calls
        calls += 1
        return httpx.Response((429, 500, 503, 302)[calls % 4], headers={"location": "/again"})

    genlook = client(refuse)
    for expected in range(1, 9):
        with pytest.raises(GenlookError):
            genlook.create_try_on(WISH)
        assert calls == expected
