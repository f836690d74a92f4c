"""Erasure of a shopper, and what is held about one."""

from typing import Any

from local.genlook.faults import Fate
from local.genlook.generations import ended, forget_pictures, has_result
from local.genlook.store import Generation, State


def erase(state: State, account: str, customer_id: str) -> None:
    """Remove the shopper's pictures and anonymise their generations.

    A generation that still runs is not covered (unless the quirk says so): it keeps its snapshot
    and its owner, ends, and leaves a result that only another erasure removes.
    """
    state.photos = {
        key: photo
        for key, photo in state.photos.items()
        if (photo.account, photo.external_user_id) != (account, customer_id)
    }
    for generation in _of(state, customer_id, account):
        if ended(state, generation):
            _anonymise(generation)
        elif state.quirks.erase_running == "fail":
            generation.ends_at = state.clock.now()
            generation.processing_at = min(generation.processing_at, generation.ends_at)
            generation.fate = Fate(kind="fail", message="The customer was deleted.")
            _anonymise(generation)


def dump(state: State, customer_id: str) -> dict[str, Any]:
    """Return what is stored under the shopper's id, in any account."""
    photos = [p.image_id for p in state.photos.values() if p.external_user_id == customer_id]
    generations = _of(state, customer_id)
    snapshots = [g.generation_id for g in generations if g.person_image is not None]
    results = [g.generation_id for g in generations if has_result(state, g)]
    running = [g.generation_id for g in generations if not ended(state, g)]
    return {
        "photos": photos,
        "generations": [generation.generation_id for generation in generations],
        "snapshots": snapshots,
        "results": results,
        "running": running,
        "counts": {
            "photos": len(photos),
            "generations": len(generations),
            "snapshots": len(snapshots),
            "results": len(results),
        },
    }


def _of(state: State, customer_id: str, account: str | None = None) -> list[Generation]:
    return [
        generation
        for generation in state.generations.values()
        if generation.external_user_id == customer_id and account in {None, generation.account}
    ]


def _anonymise(generation: Generation) -> None:
    generation.external_user_id = None
    forget_pictures(generation)
