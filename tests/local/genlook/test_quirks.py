"""Where the real API's behaviour is not known: every way a client must tolerate."""

import pytest

from local.genlook.faults import Fate
from local.genlook.server import StandIn
from tests.local.genlook.helpers import Caller, one_shot, paths, person, refusal


@pytest.mark.parametrize("status", [200, 201, 202])
@pytest.mark.parametrize("operation", ["upload", "try_on", "product_upsert"])
def test_success_codes(caller: Caller, stand_in: StandIn, operation: str, status: int) -> None:
    stand_in.control.set_quirks(successStatus={operation: status})
    image = person(stand_in_photo(caller, stand_in))
    match operation:
        case "upload":
            response = caller.upload()
        case "try_on":
            response = caller.simple(person=image)
        case _:
            response = caller.http.post("/products", json=one_shot(externalId="a"))
    assert response.status_code == status


def stand_in_photo(caller: Caller, stand_in: StandIn) -> str:
    caller.upload(crop="false")
    return next(iter(stand_in.state.photos))


@pytest.mark.parametrize("how", ["400:BAD_IMAGE", "403:NOPE", "404:X", "409:GONE", "410:GONE"])
def test_how_a_dead_image_id_is_refused(caller: Caller, stand_in: StandIn, how: str) -> None:
    stand_in.control.set_quirks(unknownImage=how)
    status, _, code = how.partition(":")
    assert refusal(caller.simple(person=person("gone"))) == (int(status), code)


def test_a_dead_image_id_can_be_accepted_and_fail(caller: Caller, stand_in: StandIn) -> None:
    stand_in.control.set_quirks(unknownImage="fail:PERSON_IMAGE_GONE")
    done = caller.finished(caller.generation_id(person=person("gone")))
    assert (done["status"], done["errorCode"]) == ("FAILED", "PERSON_IMAGE_GONE")


def test_somebody_elses_image_id(caller: Caller, stranger: Caller) -> None:
    body = {"products": [one_shot()], "person": person(caller.image_id())}
    assert refusal(stranger.try_on(body)) == (403, "FORBIDDEN")


def test_another_answer_for_too_large(caller: Caller, stand_in: StandIn) -> None:
    stand_in.control.set_quirks(tooLarge="422:IMAGE_TOO_LARGE")
    assert refusal(caller.upload(bytes(11_000_000))) == (422, "IMAGE_TOO_LARGE")


def test_extra_keys_can_be_ignored(caller: Caller, stand_in: StandIn) -> None:
    body = {
        "products": [one_shot(colour="red")],
        "person": person(caller.image_id()),
        "note": {"deep": 1},
    }
    assert sorted(paths(caller.try_on(body))) == ["note", "products.0.colour"]
    assert paths(caller.upload(note="x")) == ["note"]
    stand_in.control.set_quirks(extraKeys="ignore")
    assert caller.try_on(body).status_code == 201
    assert caller.upload(note="x").status_code == 201
    assert paths(caller.try_on(body | {"output": {"keepForDays": 2}})) == ["output.keepForDays"]


def test_nulls_in_place_of_absent_keys(caller: Caller, stand_in: StandIn) -> None:
    stand_in.control.set_quirks(nulls=True)
    data = caller.generation(caller.generation_id())
    assert (data["resultImageUrl"], data["errorCode"], data["errorMessage"]) == (None, None, None)


def test_keys_nobody_has_documented(caller: Caller, stand_in: StandIn) -> None:
    stand_in.control.set_quirks(extraFields=True)
    assert "beta" in caller.http.get("/account/credits").json()


@pytest.mark.parametrize(
    ("how", "status", "code"),
    [
        ("absent", 404, "NOT_FOUND"),
        ("forbidden", 403, "FORBIDDEN"),
        ("invalid", 400, "VALIDATION_FAILED"),
    ],
)
def test_the_list_can_be_refused(
    caller: Caller, stand_in: StandIn, how: str, status: int, code: str
) -> None:
    stand_in.control.set_quirks(listing=how)
    assert refusal(caller.http.get("/generations")) == (status, code)


def listed(caller: Caller, **query: int) -> list[str]:
    response = caller.http.get("/generations", params=query)
    return [item["id"] for item in response.json()["items"]]


def test_the_list_can_end_after_fifty(caller: Caller, stand_in: StandIn) -> None:
    stand_in.control.set_account(requestsPerMinute=1_000, credits=100)
    image = person(caller.image_id())
    made = [caller.generation_id(person=image) for _ in range(51)]
    assert listed(caller, limit=200) == made[::-1]
    stand_in.control.set_quirks(listing="cut")
    page = caller.http.get("/generations", params={"limit": 200}).json()
    assert [item["id"] for item in page["items"]] == made[:0:-1]
    assert (page["hasMore"], page["nextCursor"]) == (False, None)


def test_the_list_can_be_half_a_minute_late(caller: Caller, stand_in: StandIn) -> None:
    stand_in.control.set_quirks(listing="late")
    stand_in.control.decide(Fate(seconds=20))
    generation = caller.generation_id()
    assert listed(caller) == []
    stand_in.clock.advance(31)
    assert caller.generation(generation)["status"] == "COMPLETED"
    (item,) = caller.http.get("/generations").json()["items"]
    assert (item["id"], item["status"]) == (generation, "PENDING")
    assert item["updatedAt"] == item["createdAt"]


def test_the_list_can_be_another_accounts(
    caller: Caller, stranger: Caller, stand_in: StandIn
) -> None:
    caller.generation_id()
    theirs = stranger.generation_id()
    stand_in.control.set_quirks(listing="stranger")
    assert listed(caller) == [theirs]


def test_the_list_can_have_another_shape(caller: Caller, stand_in: StandIn) -> None:
    generation = caller.generation_id()
    stand_in.control.set_quirks(listing="shape")
    assert caller.http.get("/generations").json() == {
        "generations": [{"generation": generation, "state": "PENDING"}]
    }


def test_the_list_can_keep_quiet_about_more(caller: Caller, stand_in: StandIn) -> None:
    image = person(caller.image_id())
    made = [caller.generation_id(person=image) for _ in range(2)]
    stand_in.control.set_quirks(listing="no_cursor")
    page = caller.http.get("/generations", params={"limit": 1}).json()
    assert [item["id"] for item in page["items"]] == made[1:]
    assert (page["hasMore"], page["nextCursor"]) == (False, None)
