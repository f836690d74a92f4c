"""Generations seen by the clock: their status, their result, their end."""

from local.genlook import errors
from local.genlook.answers import GenerationAnswer, GenerationItem
from local.genlook.clock import DAY, MINUTE, iso
from local.genlook.painter import Scene, paint
from local.genlook.store import Generation, State


def find(state: State, account: str, generation_id: str) -> Generation:
    """Return a generation of the account, or raise."""
    generation = state.generations.get(generation_id)
    if generation is None:
        raise errors.generation_not_found()
    if generation.account != account:
        raise errors.forbidden()
    return generation


def status(state: State, generation: Generation, at: float | None = None) -> str:
    """Return the status at this moment of the clock, or at another."""
    now = state.clock.now() if at is None else at
    if now < generation.processing_at:
        return "PENDING"
    if now < generation.ends_at or generation.fate.kind == "hang":
        return "PROCESSING"
    if generation.fate.kind == "status":
        return generation.fate.status
    return "FAILED" if generation.fate.kind == "fail" else "COMPLETED"


def ended(state: State, generation: Generation) -> bool:
    """Say whether it is COMPLETED or FAILED."""
    return status(state, generation) in {"COMPLETED", "FAILED"}


def settle(state: State) -> None:
    """Do what is due by now: the money of what ended, and now and then the pictures' end."""
    for generation_id in list(state.unsettled):
        generation = state.generations[generation_id]
        if ended(state, generation):
            state.unsettled.discard(generation_id)
            _settle_money(state, generation)
    if state.clock.now() >= state.pruned_at + MINUTE:
        prune(state)


def prune(state: State) -> None:
    """Forget every picture and link whose days are over (readers have not seen them since)."""
    now = state.pruned_at = state.clock.now()
    for generation in state.generations.values():
        if now >= generation.gone_at:
            forget_pictures(generation)
    state.photos = {key: photo for key, photo in state.photos.items() if photo.expires_at > now}
    state.links = {key: link for key, link in state.links.items() if link.expires_at + DAY > now}


def forget_pictures(generation: Generation) -> None:
    """Drop the snapshot and the result; the row stays."""
    generation.person_image = generation.result = None


def has_result(state: State, generation: Generation) -> bool:
    """Say whether there is a picture to be had now."""
    alive = generation.person_image is not None and state.clock.now() < generation.gone_at
    return alive and status(state, generation) == "COMPLETED"


def picture(state: State, generation: Generation) -> bytes | None:
    """Return the result, painted when it is first asked for."""
    if not has_result(state, generation) or generation.person_image is None:
        return None
    if generation.mock or generation.product_image is None:
        return generation.person_image
    if generation.result is None:
        generation.result = paint(
            Scene(
                generation.person_image,
                generation.product_image,
                generation.title,
                state.logo if generation.watermark else None,
            )
        )
    return generation.result


def answer(state: State, generation: Generation) -> GenerationAnswer:
    """Return the generation as the API shows it."""
    seen = status(state, generation)
    failed = seen == "FAILED"
    return GenerationAnswer(
        generation_id=generation.generation_id,
        status=seen,
        result_image_url=result_link(state, generation),
        error_code=generation.fate.code if failed else None,
        error_message=generation.fate.message if failed else None,
        created_at=iso(generation.created_at),
        updated_at=iso(_changed_at(generation, state.clock.now())),
    )


def result_link(state: State, generation: Generation) -> str | None:
    """Sign a link to the result, if there is one; a dead one if that was armed."""
    fate = generation.fate
    if not has_result(state, generation) or fate.kind == "no_link":
        return None
    dead = fate.kind == "dead_link"
    if dead and fate.dead_links is not None:
        dead = fate.dead_links > 0
        fate.dead_links -= 1
    return state.link("result", generation.generation_id, dead=dead)


def item(state: State, generation: Generation, at: float) -> GenerationItem:
    """Return the generation as a row of the list that shows that moment."""
    seen = status(state, generation, at)
    took = round((generation.ends_at - generation.created_at) * 1000)
    return GenerationItem(
        id=generation.generation_id,
        status=seen,
        product_description=generation.title,
        generation_time_ms=took if seen == "COMPLETED" else None,
        created_at=iso(generation.created_at),
        updated_at=iso(_changed_at(generation, at)),
    )


def _changed_at(generation: Generation, now: float) -> float:
    if now >= generation.ends_at and generation.fate.kind != "hang":
        return generation.ends_at
    return generation.processing_at if now >= generation.processing_at else generation.created_at


def _settle_money(state: State, generation: Generation) -> None:
    failed = generation.fate.kind == "fail"
    account = state.accounts[generation.account]
    if failed and generation.charged and state.quirks.charge == "reserve":
        account.credits += 1
        state.journal.refunds += 1
        generation.refunded = True
    free = generation.mock and state.quirks.mock_free
    if not failed and not generation.charged and not free:
        account.credits = max(0, account.credits - 1)
        state.journal.charges += 1
        generation.charged = True
