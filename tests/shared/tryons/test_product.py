"""Products are never stale: by reference only while Genlook surely has what we would send."""

from typing import Any

import httpx
import pytest

from tests.support.products import BARE, REFERENCE, sent, try_on, upsert
from tests.support.submitting import answer, created, ordered, rewire
from tests.support.world import World
from tryon_worker.aws import keys
from tryon_worker.aws.table import ConditionFailed, delete
from tryon_worker.catalogue.model import PendingUpsert
from tryon_worker.tryons.model import State


@pytest.mark.promise("Products are never stale", "reference-only-while-accepted")
def test_a_product_goes_in_full_once_and_then_by_reference(world: World) -> None:
    upsert(world, "Tee", 1)
    for number in range(3):
        try_on(world, number)
    assert [call.get("title") for call in sent(world)] == ["Tee", None, None]
    assert sent(world)[1] == REFERENCE


@pytest.mark.promise("Products are never stale", "reference-only-while-accepted")
@pytest.mark.parametrize("title", ["Tee II", "Tee"], ids=["other text", "same text, new pictures"])
def test_a_product_that_changed_goes_in_full_again(world: World, title: str) -> None:
    upsert(world, "Tee", 1)
    try_on(world, 1)
    world.clock.advance(100)  # that call is surely over
    upsert(world, title, 2)
    try_on(world, 2)
    try_on(world, 3)
    assert [call.get("title") for call in sent(world)] == ["Tee", title, None]


def test_what_a_wish_says_of_a_product_is_laid_over_what_is_known(world: World) -> None:
    upsert(world, "Tee", 1, description="Cotton")
    try_on(world, 1, product={**REFERENCE, "title": "Special"})
    assert sent(world)[0]["title"] == "Special"
    assert sent(world)[0]["description"] == "Cotton"
    try_on(world, 2)
    assert sent(world)[1]["title"] == "Tee", "Genlook has the special one"


END = {
    "a lost answer": {"kind": "lose", "when": "after", "status": 200},
    "a lost call": {"kind": "lose", "status": 200},
    "a refusal": {"status": 400, "code": "VALIDATION_FAILED"},
}


@pytest.mark.parametrize("end", END.values(), ids=END)
def test_after_an_end_that_proves_nothing_it_goes_in_full(world: World, end: Any) -> None:
    """Back to the text that Genlook accepted last but one: what it has now, nobody knows."""
    tee: dict[str, Any] = world.request()["product"]
    try_on(world, 1, product=tee)
    world.clock.advance(100)
    answer(world, **end)
    try_on(world, 2, product={**tee, "title": "Sale"})
    world.clock.advance(100)
    try_on(world, 3, product=tee)
    assert sent(world)[-1].get("title") == "Tee"


def test_only_the_text_that_was_offered_last_is_accepted(world: World) -> None:
    products, table, now = world.container.products, world.container.table, int(world.clock.now())
    table.write(products.pending_upsert("p", PendingUpsert("new", now), "attempt", until=now + 85))
    with pytest.raises(ConditionFailed):
        table.write(products.acceptance("p", PendingUpsert("old", now)))
    table.write(products.acceptance("p", PendingUpsert("new", now)))
    kept = products.get("p")
    assert kept is not None
    assert kept.accepted_hash == "new"


def test_a_crash_between_the_call_and_the_save_leaves_nothing_accepted(world: World) -> None:
    upsert(world, "Tee", 1)
    try_on_id = ordered(world, **BARE)

    def act(_: httpx.Request) -> httpx.Response:
        raise KeyboardInterrupt

    rewire(world, payer := world.new_process(), act)
    with pytest.raises(KeyboardInterrupt):
        payer.step(try_on_id, lambda: 120)
    kept = world.container.products.get("tee-1")
    assert kept is not None
    assert (kept.accepted_hash, kept.pending_hash is None) == (None, False)
    world.clock.advance(180)
    try_on(world, 2)
    assert sent(world)[-1].get("title") == "Tee"


@pytest.mark.promise("Products are never stale", "hash-is-saved-with-submitted")
def test_the_hash_is_saved_with_the_generation_or_not_at_all(world: World) -> None:
    upsert(world, "Tee", 1)
    try_on_id = ordered(world, **BARE)

    def act(_: httpx.Request) -> httpx.Response:
        attempt = world.try_on(try_on_id).attempt or ""
        world.container.ledger.unknown(try_on_id, attempt, reason="r", now=1)
        world.container.ledger.retry(try_on_id, attempt, now=1, due_at=2)
        return created()

    rewire(world, payer := world.new_process(), act)
    payer.step(try_on_id, lambda: 120)
    kept = world.container.products.get("tee-1")
    assert kept is not None
    assert kept.accepted_hash is None


def test_a_product_deleted_meanwhile_is_not_accepted_but_the_generation_is_saved(
    world: World,
) -> None:
    upsert(world, "Tee", 1)
    try_on_id = ordered(world, **BARE)

    def act(_: httpx.Request) -> httpx.Response:
        world.table.write(delete(keys.product("tee-1")))
        return created()

    rewire(world, payer := world.new_process(), act)
    payer.step(try_on_id, lambda: 120)
    assert world.try_on(try_on_id).generation_id == "gen-1"
    assert world.container.products.get("tee-1") is None


@pytest.mark.promise("Products are never stale", "hash-is-saved-with-submitted")
def test_two_texts_on_their_way_at_once_prove_nothing(world: World) -> None:
    """Which of them reached Genlook last cannot be known: the next goes in full."""
    upsert(world, "Tee", 1)
    first, second = ordered(world, "r-1", **BARE), ordered(world, "r-2", **BARE)

    def act(_: httpx.Request) -> httpx.Response:
        upsert(world, "Sale", 2)
        world.step(second)
        return created()

    rewire(world, payer := world.new_process(), act)
    payer.step(first, lambda: 120)
    kept = world.container.products.get("tee-1")
    assert kept is not None
    assert kept.accepted_hash is None
    try_on(world, 3)
    assert sent(world)[-1]["title"] == "Sale"
    world.clock.advance(200)  # by now each of those calls is over
    try_on(world, 4)
    try_on(world, 5)
    assert [call.get("title") for call in sent(world)][-2:] == ["Sale", None]


def test_the_same_text_twice_at_once_is_accepted(world: World) -> None:
    upsert(world, "Tee", 1)
    first, second = ordered(world, "r-1", **BARE), ordered(world, "r-2", **BARE)

    def act(_: httpx.Request) -> httpx.Response:
        world.step(second)
        return created()

    rewire(world, payer := world.new_process(), act)
    payer.step(first, lambda: 120)
    try_on(world, 3)
    assert sent(world)[-1] == REFERENCE


def test_an_offer_that_was_overtaken_is_looked_at_again(world: World) -> None:
    upsert(world, "Tee", 1)
    try_on_id = ordered(world, **BARE)
    resolve_product = world.container.step.paid_call.resolve_product
    overtaken: list[str] = []

    def late(*arguments: Any, **named: Any) -> Any:
        resolved = resolve_product(*arguments, **named)
        if not overtaken:
            upsert(world, "Sale", 2)
            overtaken.append(ordered(world, "r-2", **BARE))
            world.new_process().step(overtaken[0], lambda: 120)
        return resolved

    object.__setattr__(world.container.step.paid_call, "resolve_product", late)
    world.step(try_on_id)
    assert world.try_on(try_on_id).state is State.SUBMITTED
    assert [call.get("title") for call in sent(world)] == ["Sale", None]
