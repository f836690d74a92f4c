"""Where the real API's behaviour is not known: every way a client must tolerate."""

import pytest

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


def test_the_list_can_be_dead(caller: Caller, stand_in: StandIn) -> None:
    stand_in.control.set_quirks(listing=False)
    assert refusal(caller.http.get("/generations")) == (404, "NOT_FOUND")
