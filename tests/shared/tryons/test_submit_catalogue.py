"""Each row of the API's error catalogue, from the HTTP answer to what is said about it."""

import pytest

from local.genlook.faults import Fate
from tests.support.submitting import answer, ordered, quiet, types
from tests.support.world import World
from tryon_worker.account.circuit_breaker import CircuitState, OpenReason
from tryon_worker.tryons.model import State, WaitingFor

# Refused for good: the request is wrong in itself, or what it names cannot be used.
REFUSED = {
    "FORBIDDEN": 403,
    "VALIDATION_FAILED": 400,
    "EXTERNAL_ID_REQUIRED": 400,
    "PRODUCT_IMAGES_REQUIRED": 400,
    "CUSTOMER_IMAGE_REQUIRED": 400,
    "CUSTOMER_IMAGE_FETCH_FAILED": 400,
    "FILE_REQUIRED": 400,
    "MULTIPART_FILE_NOT_FOUND": 400,
    "INVALID_IMAGE_INPUT": 400,
    "INVALID_IMAGE": 400,
    "PRODUCT_NOT_FOUND": 404,  # of a product that went inline already
    "RESERVED_EXTERNAL_ID": 409,
}


@pytest.mark.promise("The paid call", "surely-refused-fails-at-once")
@pytest.mark.parametrize(("code", "status"), REFUSED.items())
def test_a_refusal_ends_the_try_on_with_genlooks_code_and_words(
    world: World, code: str, status: int
) -> None:
    try_on_id = ordered(world)
    answer(world, status, code=code, message="Because.")
    world.step(try_on_id)
    (failed,) = world.events()
    assert failed["type"] == "TryOnFailed"
    assert (failed["reason"], failed["code"], failed["message"]) == ("REJECTED", code, "Because.")
    assert failed["context"] == {"cart": 1}
    quiet(world, rounds=2)
    assert (world.paid_calls(), world.events()) == (1, [])


@pytest.mark.parametrize("code", ["MISSING_API_KEY", "INVALID_API_KEY"])
def test_a_refused_key_shuts_the_breaker_and_the_wish_waits(world: World, code: str) -> None:
    try_on_id = ordered(world)
    answer(world, 401, code=code)
    world.step(try_on_id)
    assert world.try_on(try_on_id).waiting_for is WaitingFor.CIRCUIT
    assert world.container.circuit_breaker.circuit().opened_by is OpenReason.INVALID_API_KEY
    assert (world.paid_calls(), world.events()) == (1, [])


@pytest.mark.parametrize("code", ["INSUFFICIENT_CREDITS", "QUOTA_EXCEEDED"])
def test_used_up_credits_shut_the_breaker_and_are_told(world: World, code: str) -> None:
    try_on_id = ordered(world)
    answer(world, 402, code=code)
    world.step(try_on_id)
    assert world.try_on(try_on_id).waiting_for is WaitingFor.CIRCUIT
    assert world.container.circuit_breaker.circuit().opened_by is OpenReason.INSUFFICIENT_CREDITS
    assert types(world.events()) == ["CreditsExhausted"]


def test_too_many_requests_pause_everybody_and_the_wish_waits(world: World) -> None:
    try_on_id = ordered(world)
    answer(world, 429, code="RATE_LIMITED")
    world.step(try_on_id)
    assert world.try_on(try_on_id).waiting_for is WaitingFor.RATE
    assert world.container.circuit_breaker.circuit().state is CircuitState.CLOSED
    assert world.events() == []


def test_an_internal_error_is_left_to_a_person(world: World) -> None:
    try_on_id = ordered(world)
    answer(world, 500, code="INTERNAL_ERROR")
    world.step(try_on_id)
    assert world.try_on(try_on_id).state is State.UNKNOWN
    assert types(world.events()) == ["TryOnNeedsReview"]


def test_a_product_picture_that_cannot_be_fetched_fails_the_generation(world: World) -> None:
    try_on_id = ordered(world)
    world.genlook.control.decide(Fate(kind="fail", code="PRODUCT_IMAGE_FETCH_FAILED"))
    world.step(try_on_id)
    world.watch(try_on_id)
    failed = world.events("TryOnFailed")[0]
    assert (failed["reason"], failed["code"]) == ("GENERATION_FAILED", "PRODUCT_IMAGE_FETCH_FAILED")


def test_a_generation_that_is_not_there_has_no_result(world: World) -> None:
    try_on_id = ordered(world)
    world.step(try_on_id)
    world.clock.advance(61)
    world.genlook.control.refuse("generation", 404, "GENERATION_NOT_FOUND", times=None)
    world.watch(try_on_id)
    failed = world.events("TryOnFailed")[0]
    assert (failed["reason"], failed["code"]) == ("RESULT_UNAVAILABLE", "GENERATION_NOT_FOUND")
