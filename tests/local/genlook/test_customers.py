"""DELETE /customers/:id: what goes, what stays, and what arrives late."""

from urllib.parse import quote

import httpx
import pytest

from local.genlook.server import StandIn
from tests.local.genlook.helpers import Caller, http_get, one_shot, person, refusal

NOTHING = {"photos": 0, "generations": 0, "snapshots": 0, "results": 0}


def delete(caller: Caller, customer: str) -> httpx.Response:
    return caller.http.delete(f"/customers/{quote(customer, safe='')}")


def finished(caller: Caller, customer: str) -> str:
    image = person(caller.image_id(externalUserId=customer))
    generation = caller.generation_id(person=image, externalUserId=customer)
    caller.finished(generation)
    return generation


def test_everything_of_the_shopper_goes(caller: Caller, stand_in: StandIn) -> None:
    generation = finished(caller, "u-1")
    link = caller.generation(generation)["resultImageUrl"]
    held = stand_in.control.customer("u-1")["counts"]
    assert held == {"photos": 1, "generations": 1, "snapshots": 1, "results": 1}
    response = delete(caller, "u-1")
    assert (response.status_code, response.content) == (204, b"")
    assert stand_in.control.customer("u-1")["counts"] == NOTHING
    assert http_get(link).status_code == 404
    assert stand_in.control.store() == {
        "photos": 0, "products": 1, "generations": 1, "snapshots": 0, "results": 0,
    }  # fmt: skip


def test_the_row_stays_without_its_owner(caller: Caller, stand_in: StandIn) -> None:
    generation = finished(caller, "u-1")
    delete(caller, "u-1")
    assert caller.generation(generation)["status"] == "COMPLETED"
    assert "resultImageUrl" not in caller.generation(generation)
    assert stand_in.state.generations[generation].external_user_id is None


def test_nobody_else_is_touched(caller: Caller, stranger: Caller, stand_in: StandIn) -> None:
    for who, name in ((caller, "u-2"), (stranger, "u-1")):
        finished(who, name)
    delete(caller, "u-1")
    whole = {"photos": 1, "generations": 1, "snapshots": 1, "results": 1}
    assert stand_in.control.customer("u-2")["counts"] == whole
    assert stand_in.control.customer("u-1")["counts"] == whole  # the stranger's own u-1


def test_it_is_idempotent(caller: Caller) -> None:
    assert [delete(caller, "never-seen").status_code for _ in range(2)] == [204, 204]


@pytest.mark.parametrize("customer", ["a/b", "a b", "ü", "a%2Fb", "..", "a?b#c", "+", "a\nb"])
def test_any_id_is_reached_when_encoded(caller: Caller, stand_in: StandIn, customer: str) -> None:
    caller.image_id(externalUserId=customer)
    assert stand_in.control.store()["photos"] == 1
    path = "".join(f"%{byte:02X}" for byte in customer.encode())
    assert caller.http.delete(f"/customers/{path}").status_code == 204
    assert stand_in.control.store()["photos"] == 0


def test_an_unencoded_slash_reaches_nobody(caller: Caller, stand_in: StandIn) -> None:
    caller.image_id(externalUserId="a/b")
    assert refusal(caller.http.delete("/customers/a/b")) == (404, "NOT_FOUND")
    assert stand_in.control.store()["photos"] == 1


def test_a_photo_is_dead_once_erased(caller: Caller) -> None:
    image = person(caller.image_id(externalUserId="u-1"))
    delete(caller, "u-1")
    assert refusal(caller.simple(person=image)) == (404, "CUSTOMER_IMAGE_NOT_FOUND")


def test_what_came_without_the_id_is_not_reached(caller: Caller, stand_in: StandIn) -> None:
    """The id must go on the upload and on the try-on: neither covers the other."""
    anonymous = person(caller.image_id())
    caller.finished(caller.generation_id(person=anonymous, externalUserId="u-1"))
    named = person(caller.image_id(externalUserId="u-1"))
    caller.finished(caller.generation_id(person=named))
    delete(caller, "u-1")
    assert stand_in.control.store() | {"products": 0, "generations": 0} == {
        "photos": 1, "products": 0, "generations": 0, "snapshots": 1, "results": 1,
    }  # fmt: skip


def test_a_running_generation_leaves_a_result_afterwards(caller: Caller, stand_in: StandIn) -> None:
    """The worst that the pages allow: only erasing again gets rid of it."""
    generation = caller.generation_id(externalUserId="u-1")
    delete(caller, "u-1")
    assert caller.finished(generation)["status"] == "COMPLETED"
    assert stand_in.control.customer("u-1")["results"] == [generation]
    delete(caller, "u-1")
    assert stand_in.control.customer("u-1")["counts"] == NOTHING


def test_a_running_generation_can_be_made_to_fail(caller: Caller, stand_in: StandIn) -> None:
    stand_in.control.set_quirks(eraseRunning="fail")
    generation = caller.generation_id(externalUserId="u-1")
    delete(caller, "u-1")
    assert caller.generation(generation)["status"] == "FAILED"
    assert caller.credits() == 50
    assert stand_in.control.customer("u-1")["counts"] == NOTHING


def test_the_same_id_can_be_used_again(caller: Caller, stand_in: StandIn) -> None:
    delete(caller, "u-1")
    finished(caller, "u-1")
    assert stand_in.control.customer("u-1")["counts"]["results"] == 1


def test_products_stay(caller: Caller) -> None:
    caller.generation_id(products=[one_shot(externalId="sku")], externalUserId="u-1")
    delete(caller, "u-1")
    assert caller.http.get("/products/sku").status_code == 200


def test_an_over_long_id(caller: Caller) -> None:
    assert refusal(delete(caller, "x" * 256)) == (400, "VALIDATION_FAILED")
