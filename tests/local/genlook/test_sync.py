"""POST /try-on/sync: the held connection."""

from pathlib import Path

import httpx
import pytest

from local.genlook.faults import Fate
from local.genlook.server import StandIn, serve
from local.genlook.settings import Settings
from tests.local.genlook.helpers import SHIRT_URL, Caller, http_get, one_shot, person, refusal


@pytest.fixture
def patient(shop_pictures: Path) -> object:
    folder = {SHIRT_URL.removesuffix("shirt.png"): shop_pictures}
    return Settings(median_seconds=0.2, sync_hold_seconds=0.6, resolve=folder)


def hold(running: StandIn) -> httpx.Response:
    caller = Caller(running)
    with caller.http:
        body = {"products": [one_shot()], "person": person(caller.image_id())}
        return caller.http.post("/try-on/sync", json=body)


def test_finished_in_time(patient: Settings) -> None:
    with serve(patient) as running:
        response = hold(running)
        assert response.status_code == 200
        assert response.json()["status"] == "COMPLETED"
        assert http_get(response.json()["resultImageUrl"]).status_code == 200


def test_not_finished_in_time(patient: Settings) -> None:
    with serve(patient) as running:
        running.control.decide(Fate(kind="hang"))
        response = hold(running)
        assert response.status_code == 202
        assert response.json().keys() == {"generationId", "status", "productExternalId"}


def test_failed_while_held(patient: Settings) -> None:
    with serve(patient) as running:
        running.control.decide(Fate(kind="fail", code="NSFW"))
        assert refusal(hold(running)) == (422, "NSFW")
        running.control.decide(Fate(kind="fail"))
        assert refusal(hold(running)) == (422, "GENERATION_FAILED")


def test_the_same_refusals_as_without_holding(caller: Caller) -> None:
    body = {"products": [{"externalId": "none"}], "person": person(caller.image_id())}
    response = caller.http.post("/try-on/sync", json=body)
    assert refusal(response) == (404, "PRODUCT_NOT_FOUND")
