"""GET /generations: newest first, or in one of the ways in which it may be missing or lie."""

from dataclasses import dataclass
from typing import get_args

from local.genlook import errors, generations
from local.genlook.answers import Answer, GenerationItem, GenerationPage, Status
from local.genlook.pages import page
from local.genlook.store import Generation, State

CUT = 50
LATE_SECONDS = 30.0
STATUSES: tuple[str, ...] = get_args(Status)


@dataclass(frozen=True)
class Query:
    """What the caller asks for."""

    limit: str | None
    cursor: str | None
    status: str | None


class OtherPage(Answer):
    """The list in words that no page has."""

    generations: list[dict[str, str]]


def answer(state: State, account: str, query: Query) -> Answer:
    """Return one page, or raise."""
    _refuse(state)
    if query.status is not None and query.status not in STATUSES:
        wanted = ", ".join(STATUSES)
        raise errors.validation_failed(("status", f"Input should be one of {wanted}"))
    items = _items(state, account, query.status)
    if state.quirks.listing == "cut":
        items = items[:CUT]
    chunk, cursor = page(items, query.limit, query.cursor)
    if state.quirks.listing == "no_cursor":
        cursor = None
    if state.quirks.listing == "shape":
        rows = [{"generation": item.id, "state": item.status} for item in chunk]
        return OtherPage(generations=rows)
    return GenerationPage(
        items=chunk, next_cursor=cursor, has_more=cursor is not None, count=len(chunk)
    )


def _refuse(state: State) -> None:
    match state.quirks.listing:
        case "absent":
            raise errors.not_found()
        case "forbidden":
            raise errors.forbidden()
        case "invalid":
            raise errors.validation_failed(("limit", "Unknown parameter"))


def _items(state: State, account: str, status: str | None) -> list[GenerationItem]:
    """Return what is listed, each as it was at the moment that is shown."""
    quirk = state.quirks.listing
    at = state.clock.now() - (LATE_SECONDS if quirk == "late" else 0)
    shown = [
        generations.item(state, generation, at)
        for generation in reversed(state.generations.values())
        if _shown(generation, account, at, stranger=quirk == "stranger")
    ]
    return [item for item in shown if status in {None, item.status}]


def _shown(generation: Generation, account: str, at: float, *, stranger: bool) -> bool:
    return generation.created_at <= at and (generation.account == account) is not stranger
