"""The control API itself: what it refuses, and what a reset leaves."""

import httpx
import pytest

from local.genlook.faults import CallFault, Fate
from local.genlook.server import StandIn
from tests.local.genlook.helpers import Caller, http_get


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("PATCH", "/quirks", {"noSuchQuirk": 1}, 422),
        ("PATCH", "/quirks", {"charge": "twice"}, 422),
        ("PATCH", "/accounts/nobody", {"credits": 1}, 404),
        ("PATCH", "/accounts/account-1", {"credits": -1}, 422),
        ("GET", "/accounts/nobody", None, 404),
        ("POST", "/clock", {"seconds": -1}, 422),
        ("POST", "/faults", {"kind": "explode"}, 422),
        ("POST", "/faults", {"times": 0}, 422),
        ("POST", "/fates", {"kind": "win"}, 422),
        ("POST", "/keys", {"key": ""}, 422),
        ("GET", "/nothing", None, 404),
    ],
)
def test_wrong_commands(
    stand_in: StandIn, method: str, path: str, body: object, status: int
) -> None:
    response = httpx.request(method, f"{stand_in.origin}/_control{path}", json=body)
    assert response.status_code == status
    assert response.json()


def test_the_helper_says_when_a_command_fails(stand_in: StandIn) -> None:
    with pytest.raises(httpx.HTTPStatusError):
        stand_in.control.set_quirks(noSuchQuirk=1)


def test_what_is_armed_can_be_read(stand_in: StandIn) -> None:
    stand_in.control.arm(CallFault(operation="try_on", times=3))
    stand_in.control.decide(Fate(kind="hang"))
    armed = http_get(f"{stand_in.origin}/_control/faults").json()
    assert [fault["times"] for fault in armed["calls"]] == [3]
    assert [fate["kind"] for fate in armed["fates"]] == ["hang"]


def test_a_reset_forgets_all_but_the_time(caller: Caller, stand_in: StandIn) -> None:
    stand_in.control.set_quirks(nulls=True)
    stand_in.control.refuse("credits", 500, times=None)
    stand_in.control.set_account(credits=1, requestsPerMinute=1)
    caller.upload()
    now = stand_in.control.advance(5)
    stand_in.control.reset()
    assert stand_in.control.now() == now
    assert sum(stand_in.control.store().values()) == 0
    assert stand_in.control.calls() == []
    assert caller.credits() == 50
    assert not stand_in.state.quirks.nulls


def test_keys_come_and_go(stand_in: StandIn) -> None:
    stand_in.control.add_key("gk_new", "account-9")
    caller = Caller(stand_in, "gk_new")
    with caller.http:
        assert caller.credits() == 50
        stand_in.control.revoke_key("gk_new")
        assert caller.http.get("/account/credits").status_code == 401
