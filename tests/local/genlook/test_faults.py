"""Faults that are armed at run time: each does what it says, and no more often."""

import time
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from local.genlook.faults import CallFault
from local.genlook.server import StandIn
from tests.local.genlook.helpers import Caller, http_get, one_shot, person, refusal
from tests.support.functions import until


def order(caller: Caller) -> dict[str, Any]:
    return {"products": [one_shot()], "person": person(caller.image_id())}


def counted(stand_in: StandIn) -> tuple[int, int]:
    """Return generations made and credits spent."""
    return stand_in.control.store()["generations"], stand_in.control.credits_spent()


@pytest.mark.parametrize("reset", [False, True])
def test_an_answer_is_lost_after_it_took_effect(
    caller: Caller, stand_in: StandIn, reset: bool
) -> None:
    body = order(caller)
    stand_in.control.lose_answer("try_on", reset=reset)
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        caller.try_on(body)
    assert counted(stand_in) == (1, 1)
    call = stand_in.control.calls("try_on")[-1]
    assert (call["status"], call["charged"], call["fault"]) == (0, True, "lose after")
    assert call["generationId"] in stand_in.state.generations
    assert caller.try_on(body).status_code == 201


@pytest.mark.parametrize("reset", [False, True])
def test_a_call_is_lost_before(caller: Caller, stand_in: StandIn, reset: bool) -> None:
    body = order(caller)
    stand_in.control.lose_call("try_on", reset=reset)
    with pytest.raises(httpx.TransportError):
        caller.try_on(body)
    assert counted(stand_in) == (0, 0)
    assert not stand_in.control.calls("try_on")[-1]["charged"]


def test_a_large_upload_is_lost_before(caller: Caller, stand_in: StandIn) -> None:
    stand_in.control.lose_call("upload")
    with pytest.raises(httpx.TransportError):
        caller.upload(bytes(9_000_000))


def test_an_answer_is_cut(caller: Caller, stand_in: StandIn) -> None:
    body = order(caller)
    stand_in.control.arm(CallFault(operation="try_on", kind="cut"))
    with pytest.raises(httpx.RemoteProtocolError):
        caller.try_on(body)
    assert counted(stand_in) == (1, 1)


def test_a_result_is_cut(caller: Caller, stand_in: StandIn) -> None:
    link = caller.finished(caller.generation_id())["resultImageUrl"]
    stand_in.control.arm(CallFault(operation="file", kind="cut"))
    with pytest.raises(httpx.RemoteProtocolError):
        http_get(link)
    assert http_get(link).status_code == 200


@pytest.mark.parametrize(("when", "effect"), [("before", (0, 0)), ("after", (1, 1))])
def test_an_error_comes_before_or_after_the_effect(
    caller: Caller, stand_in: StandIn, when: Any, effect: tuple[int, int]
) -> None:
    body = order(caller)
    stand_in.control.arm(CallFault(operation="try_on", status=503, code="DOWN", when=when))
    assert refusal(caller.try_on(body)) == (503, "DOWN")
    assert counted(stand_in) == effect


@pytest.mark.parametrize(
    ("body", "kind", "content"),
    [
        ("html", "text/html", b"<html>"),
        ("empty", "application/json", b""),
        ("broken", "application/json", b'{"code": "INT'),
        ("text", "text/plain", b"Simulated"),
        ("json", "application/json", b"[1, 2]"),
    ],
)
def test_bodies_that_are_no_error_of_the_api(
    caller: Caller, stand_in: StandIn, body: Any, kind: str, content: bytes
) -> None:
    stand_in.control.arm(CallFault(status=502, body=body, payload=[1, 2]))
    response = caller.http.get("/account/credits")
    assert response.status_code == 502
    assert response.headers["content-type"] == kind
    assert response.content.startswith(content)
    if body in {"empty", "broken"}:
        with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
            response.json()


def test_success_without_an_id(caller: Caller, stand_in: StandIn) -> None:
    body = order(caller)
    stand_in.control.arm(CallFault(operation="try_on", kind="no_id"))
    response = caller.try_on(body)
    assert response.status_code == 201
    assert response.json() == {"status": "PENDING"}
    assert counted(stand_in) == (1, 1)


@pytest.mark.parametrize("retry_after", [None, "7", "Wed, 21 Oct 2026 07:28:00 GMT"])
def test_a_throttle(caller: Caller, stand_in: StandIn, retry_after: str | None) -> None:
    stand_in.control.throttle(retry_after=retry_after)
    response = caller.http.get("/account/credits")
    assert refusal(response) == (429, "RATE_LIMITED")
    assert response.headers.get("retry-after") == retry_after
    assert caller.http.get("/account/credits").status_code == 200


def test_a_redirect(caller: Caller, stand_in: StandIn) -> None:
    elsewhere = {"Location": "http://127.0.0.1:1/"}
    stand_in.control.arm(CallFault(operation="credits", status=302, headers=elsewhere))
    assert caller.http.get("/account/credits").headers["location"] == "http://127.0.0.1:1/"


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_delay_is_real_and_harmless(caller: Caller, stand_in: StandIn, when: Any) -> None:
    stand_in.control.arm(CallFault(operation="credits", kind="delay", delay_seconds=0.3, when=when))
    began = time.monotonic()
    assert caller.credits() == 50
    assert time.monotonic() - began >= 0.3


def test_a_caller_without_patience_has_paid_all_the_same(caller: Caller, stand_in: StandIn) -> None:
    body = order(caller)
    stand_in.control.delay("try_on", 3)
    with pytest.raises(httpx.ReadTimeout):
        caller.http.post("/try-on", json=body, timeout=httpx.Timeout(20, read=0.5))
    until(lambda: counted(stand_in) == (1, 1))


def test_a_fault_hits_its_operation_only(caller: Caller, stand_in: StandIn) -> None:
    stand_in.control.refuse("credits", 500)
    assert caller.http.get("/products").status_code == 200
    assert caller.http.get("/account/credits").status_code == 500
    assert caller.http.get("/account/credits").status_code == 200


def test_times_and_skip(caller: Caller, stand_in: StandIn) -> None:
    stand_in.control.arm(CallFault(operation="credits", skip=1, times=2))
    codes = [caller.http.get("/account/credits").status_code for _ in range(4)]
    assert codes == [200, 500, 500, 200]


def test_until_it_is_disarmed(caller: Caller, stand_in: StandIn) -> None:
    stand_in.control.refuse("credits", 500, times=None)
    assert [caller.http.get("/account/credits").status_code for _ in range(3)] == [500] * 3
    stand_in.control.disarm()
    assert caller.http.get("/account/credits").status_code == 200


def test_an_unknown_operation_cannot_be_armed(stand_in: StandIn) -> None:
    with pytest.raises(ValidationError):
        CallFault(operation="tryon")
    response = httpx.post(f"{stand_in.origin}/_control/faults", json={"operation": "tryon"})
    assert response.status_code == 422


def test_control_is_neither_counted_nor_journaled(stand_in: StandIn) -> None:
    stand_in.control.store()
    assert stand_in.control.calls() == []
    assert stand_in.control.account()["requestsLastMinute"] == 0


def test_the_journal_tells_what_was_asked(caller: Caller, stand_in: StandIn) -> None:
    body = order(caller) | {"externalUserId": "u-1"}
    generation = caller.try_on(body).json()["generationId"]
    upload, try_on = stand_in.control.calls()
    assert upload["operation"] == "upload"
    assert upload["request"]["file"] > 0
    assert try_on["time"] == stand_in.clock.now()
    assert (try_on["externalUserId"], try_on["generationId"]) == ("u-1", generation)
    assert (try_on["status"], try_on["shape"], try_on["charged"]) == (201, "1.4", True)
    assert try_on["request"]["data"] == body
    assert try_on["number"] == upload["number"] + 1
    stand_in.control.clear_journal()
    assert (stand_in.control.calls(), stand_in.control.credits_spent()) == ([], 0)
