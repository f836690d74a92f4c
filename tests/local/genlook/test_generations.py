"""GET /generations/:id and the list: what is shown when, and the result behind the link."""

import re
from typing import Any

import pytest

from local.genlook.faults import Fate
from local.genlook.server import StandIn
from tests.local.genlook.helpers import (
    SHIRT_URL,
    Caller,
    http_get,
    one_shot,
    paths,
    person,
    picture,
    refusal,
)

ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
ALWAYS = {"generationId", "status", "createdAt", "updatedAt"}


def test_the_way_through_the_states(caller: Caller, stand_in: StandIn) -> None:
    stand_in.control.decide(Fate(seconds=10))
    generation = caller.generation_id()
    seen = []
    for _ in range(4):
        data = caller.generation(generation)
        assert data["generationId"] == generation
        assert ISO.fullmatch(data["createdAt"])
        seen.append((data["status"], data["updatedAt"], data.keys() - ALWAYS))
        stand_in.clock.advance(4)
    assert [status for status, _, _ in seen] == [
        "PENDING", "PROCESSING", "PROCESSING", "COMPLETED",
    ]  # fmt: skip
    assert seen[0][1] < seen[1][1] == seen[2][1] < seen[3][1]
    assert [extra for _, _, extra in seen] == [set(), set(), set(), {"resultImageUrl"}]


def test_durations_are_drawn_around_the_median(caller: Caller, stand_in: StandIn) -> None:
    body = {"products": [one_shot()], "person": person(caller.image_id())}
    stand_in.control.set_account(requestsPerMinute=1000)
    ids = [caller.try_on(body).json()["generationId"] for _ in range(40)]
    rows = [stand_in.state.generations[generation] for generation in ids]
    seconds = sorted(row.ends_at - row.created_at for row in rows)
    assert 11 < seconds[20] / 1.25 < 14.5  # each one-shot is new, so each is a quarter slower
    assert seconds[0] < 11
    assert seconds[-1] > 20


def test_a_registered_product_is_quicker(caller: Caller, stand_in: StandIn) -> None:
    def median(external_id: str) -> float:
        body = {"products": [{"externalId": external_id}], "person": person(image_id)}
        stand_in.state.random.seed(1)
        row = stand_in.state.generations[caller.try_on(body).json()["generationId"]]
        return row.ends_at - row.created_at

    image_id = caller.image_id()
    for name in ("registered", "seen"):
        caller.http.post("/products", json=one_shot(externalId=name))
    stand_in.state.products["account-1", "seen"].analysed = False
    slow, quick = median("seen"), median("registered")
    assert slow == pytest.approx(quick * 1.25)
    assert median("seen") == pytest.approx(quick)


@pytest.mark.parametrize(
    ("fate", "status", "extra"),
    [
        (Fate(kind="fail"), "FAILED", {"errorMessage"}),
        (Fate(kind="fail", code="NSFW"), "FAILED", {"errorMessage", "errorCode"}),
        (Fate(kind="fail", code=None, message=None), "FAILED", set()),
        (Fate(kind="hang"), "PROCESSING", set()),
        (Fate(kind="status"), "PAUSED", set()),
        (Fate(kind="status", status="CANCELED"), "CANCELED", set()),
        (Fate(kind="no_link"), "COMPLETED", set()),
        (Fate(kind="dead_link"), "COMPLETED", {"resultImageUrl"}),
    ],
)
def test_how_a_generation_can_end(
    caller: Caller, stand_in: StandIn, fate: Fate, status: str, extra: set[str]
) -> None:
    stand_in.control.decide(fate)
    data = caller.finished(caller.generation_id())
    assert data["status"] == status
    assert data.keys() - ALWAYS == extra
    after = caller.finished(caller.generation_id())
    assert after["status"] == "COMPLETED"  # it struck once


def test_a_fate_can_wait_and_strike_twice(caller: Caller, stand_in: StandIn) -> None:
    stand_in.control.decide(Fate(kind="fail", skip=1, times=2))
    statuses = [caller.finished(caller.generation_id())["status"] for _ in range(4)]
    assert statuses == ["COMPLETED", "FAILED", "FAILED", "COMPLETED"]


def test_the_first_links_can_be_dead(caller: Caller, stand_in: StandIn) -> None:
    stand_in.control.decide(Fate(kind="dead_link", dead_links=2))
    generation = caller.generation_id()
    links = [caller.finished(generation)["resultImageUrl"] for _ in range(3)]
    assert [http_get(link).status_code for link in links] == [404, 404, 200]


def test_a_link_dies_and_is_signed_anew(caller: Caller, stand_in: StandIn) -> None:
    generation = caller.generation_id()
    old = caller.finished(generation)["resultImageUrl"]
    assert http_get(old).status_code == 200
    stand_in.clock.advance(stand_in.state.settings.link_seconds)
    assert http_get(old).status_code == 403
    fresh = caller.generation(generation)["resultImageUrl"]
    assert http_get(fresh).status_code == 200


def test_a_link_takes_no_key_and_no_rate(caller: Caller, stand_in: StandIn) -> None:
    link = caller.finished(caller.generation_id())["resultImageUrl"]
    before = stand_in.control.account()["requestsLastMinute"]
    assert http_get(link).status_code == 200
    assert stand_in.control.account()["requestsLastMinute"] == before
    with_key = http_get(link, headers={"x-api-key": stand_in.api_key})
    assert refusal(with_key) == (400, "KEY_NOT_WANTED")
    assert stand_in.control.calls("file")[-1]["apiKeySent"]


def test_an_invented_link(stand_in: StandIn) -> None:
    assert http_get(f"{stand_in.origin}/files/none.jpg").status_code == 404


def test_the_result_shows_the_product_on_the_person(caller: Caller) -> None:
    done = caller.finished(caller.generation_id())
    image = picture(http_get(done["resultImageUrl"]).content).convert("RGB")
    red, green, blue = image.getpixel((210, 300))  # type: ignore[misc]  # RGB has three
    assert blue > 150 > green > red  # the chest of the shopper wears the blue shirt
    red, _, blue = image.getpixel((4, 4))  # type: ignore[misc]  # RGB has three
    assert red > 130 > blue  # the banner that marks it as simulated


def test_the_mock_product_gives_the_photo_back(caller: Caller, stand_in: StandIn) -> None:
    upload = caller.upload().json()
    body = {"products": [one_shot(title="mock")], "person": person(upload["imageId"])}
    generation = caller.try_on(body).json()["generationId"]
    row = stand_in.state.generations[generation]
    assert 1 <= row.ends_at - row.created_at <= 2
    result = http_get(caller.finished(generation)["resultImageUrl"]).content
    assert result == stand_in.state.photos[upload["imageId"]].data


def test_the_mock_product_is_named_exactly(caller: Caller, stand_in: StandIn) -> None:
    generation = caller.generation_id(products=[one_shot(title="Mock")])
    assert not stand_in.state.generations[generation].mock


def test_a_failed_first_use_by_url_is_mended_by_another_url(caller: Caller) -> None:
    dead = [{"source": {"url": SHIRT_URL + ".gone"}}]
    product = {"externalId": "sku", "images": dead}
    assert caller.finished(caller.generation_id(products=[product]))["status"] == "FAILED"
    mended = caller.finished(caller.generation_id(products=[one_shot(externalId="sku")]))
    assert mended["status"] == "COMPLETED"


def test_a_url_that_gives_no_picture_fails_later(caller: Caller) -> None:
    page = [{"source": {"url": SHIRT_URL.replace("shirt.png", "page.html")}}]
    done = caller.finished(caller.generation_id(products=[{"images": page}]))
    assert done["errorCode"] == "PRODUCT_IMAGE_FETCH_FAILED"


# The list, known from the alpha only.


def test_list_is_paged_newest_first(caller: Caller, stand_in: StandIn) -> None:
    ids = []
    for _ in range(5):
        ids.append(caller.generation_id())
        stand_in.clock.advance(1)
    seen: list[str] = []
    cursor: dict[str, Any] = {}
    while True:
        page = caller.http.get("/generations", params={"limit": 2, **cursor}).json()
        assert page.keys() == {"items", "nextCursor", "hasMore", "count"}
        assert page["count"] == len(page["items"])
        assert page["hasMore"] == (page["nextCursor"] is not None)
        seen += [item["id"] for item in page["items"]]
        if not page["hasMore"]:
            break
        cursor = {"cursor": page["nextCursor"]}
    assert seen == ids[::-1]


def test_list_items_and_filter(caller: Caller, stand_in: StandIn) -> None:
    stand_in.control.decide(Fate(seconds=12.5))
    caller.generation_id()
    stand_in.clock.advance(60)
    caller.generation_id()
    done = caller.http.get("/generations", params={"status": "COMPLETED"}).json()["items"]
    pending = caller.http.get("/generations", params={"status": "PENDING"}).json()["items"]
    assert [item["generationTimeMs"] for item in done] == [12500]
    assert done[0]["productDescription"] == "Blue shirt"
    assert [item["status"] for item in pending] == ["PENDING"]


@pytest.mark.parametrize("path", ["/generations", "/products"])
@pytest.mark.parametrize(
    ("name", "value"),
    [("limit", "0"), ("limit", "201"), ("limit", "x"), ("cursor", "!"), ("cursor", "MTIz")],
)
def test_wrong_paging(caller: Caller, path: str, name: str, value: str) -> None:
    assert paths(caller.http.get(path, params={name: value})) == [name]


def test_wrong_status_filter(caller: Caller) -> None:
    assert paths(caller.http.get("/generations", params={"status": "DONE"})) == ["status"]


def test_the_list_shows_nobody_elses(caller: Caller, stranger: Caller) -> None:
    caller.generation_id()
    assert stranger.http.get("/generations").json()["items"] == []
