"""Checks P1, P2 and P4 from outside: by what lies in the stores, at Genlook and on the bus.

It knows what the outside asked for and when (`Asked`), and nothing of how the worker keeps its
rows. Each photo and each request has a mark of its own, so that what came before an erasure can be
told from what came after it.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

from local.explore.system import PHOTOS, RESULTS, SHOPPER, TABLE, System
from local.memory.expressions import Row

TERMINAL = {"TryOnCompleted", "TryOnFailed"}

# Clocks may differ by 5 s, and the worker may take what was done within as much again as done
# before: of what happened so soon after an erasure was asked for nothing is known for sure.
_UNSURE_SECONDS = 15


class InvariantChecker:
    """Looks at a system that has come to rest."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._events = [(e["detail-type"], e["detail"]) for e in system.cloud.events.events]
        asked = system.asked
        self._erased_at = max((at for at, _ in asked.erasures), default=None)

    def violations(self) -> Iterator[str]:
        """Say what is broken, promise first."""
        yield from self._credits()
        yield from self._outcomes()
        yield from self._photos()
        yield from self._erasures()
        yield from (f"P2: dead letter of {letter}" for letter in self._system.dead_letters)

    def _rows(self) -> list[Row]:
        return self._system.cloud.dynamodb.items(TABLE)

    # --- P1

    def _credits(self) -> Iterator[str]:
        charges = Counter(charge.product_id for charge in self._system.genlook.charges)
        for product_id, count in charges.items():
            if count > 1 + self._system.asked.retries:
                yield f"P1: {count} credits for {product_id}"

    # --- P2

    def _outcomes(self) -> Iterator[str]:
        ends: dict[str, set[str]] = defaultdict(set)
        for kind, detail in self._events:
            if kind in TERMINAL:
                ends[detail["tryOnId"]].add(f"{kind} {json.dumps(detail, sort_keys=True)}")
        refused = {d.get("eventId") for kind, d in self._events if kind == "RequestRefused"}
        for at, name, event_id in self._system.asked.details:
            found = ends.pop(self._system.try_on_id(name), set())
            if len(found) > 1:
                yield f"P2: {name} ended in {len(found)} ways: {sorted(found)}"
            if not found and event_id not in refused:
                yield f"P2: {name} has no outcome"
            if self._is_new(at) and any("CUSTOMER_ERASED" in end for end in found):
                yield f"P2: {name} came after the erasure and ended with it"
        for try_on_id in ends:
            yield f"P2: {try_on_id} was asked for by nobody"
        for row, reason in self._system.decided.items():
            if reason.startswith("PHOTO_MISSING though"):
                yield f"P2: {row} ended as {reason}"

    def _photos(self) -> Iterator[str]:
        """Each photo that no erasure covers is answered, unless a newer one took its key."""
        objects = self._system.cloud.s3.buckets[PHOTOS]
        rows = [row["key"]["S"] for row in self._rows() if row["sk"]["S"].startswith("PHOTO#")]
        newest = {key: (at, data) for at, key, data in self._system.asked.photos}
        for key, (at, data) in newest.items():
            surely_new = self._erased_at is None or self._is_new(at)
            # One put about when an erasure was asked for is erased, or has its row.
            left_alone = key in objects and objects[key].data == data and key not in rows
            held = f"photo {data!r}" in self._system.genlook.held(SHOPPER)
            rejected = any(
                kind == "PhotoRejected" and detail.get("key") == key
                for kind, detail in self._events
            )
            if (surely_new or left_alone) and not rejected and not held:
                yield f"P2: the photo {data!r} was put and nothing came of it"
        yield from self._ready_photos()

    def _ready_photos(self) -> Iterator[str]:
        """The shop may keep the `imageId` that an event names, so each photo is ready once."""
        photos = Counter(key for _, key, _ in self._system.asked.photos)
        ids: dict[str, set[str]] = defaultdict(set)
        for kind, detail in self._events:
            if kind == "PhotoReady":
                ids[detail["key"]].add(detail["imageId"])
        for key, found in ids.items():
            if len(found) > photos[key]:
                yield f"P2: {photos[key]} photos were published as {sorted(found)}"

    # --- P4

    def _erasures(self) -> Iterator[str]:
        if self._erased_at is None:
            return
        closed = [
            place
            for place, (kind, detail) in enumerate(self._events)
            if kind in {"CustomerErased", "ShopErased"}
        ]
        wanted = {request_id for _, request_id in self._system.asked.erasures}
        said = {self._events[place][1]["requestId"] for place in closed}
        for request_id in sorted(wanted - said):
            yield f"P4: the erasure {request_id} never closed"
        if wanted - said:
            return
        marks, pictures = self._old_marks()
        last = max(p for p in closed if self._events[p][1]["requestId"] in wanted)
        for kind, detail in self._events[last + 1 :]:
            if found := _named(detail, marks):
                yield f"P4: {kind} names {found} after the erasure was said to be done"
        yield from self._left(marks, pictures)

    def _left(self, marks: list[str], pictures: list[str]) -> Iterator[str]:
        for row in self._rows():
            if found := _named(row, marks):
                yield f"P4: the row {row['sk']['S']} holds {found}"
        for bucket in (PHOTOS, RESULTS):
            for key, held in self._system.cloud.s3.buckets[bucket].items():
                text = held.data.decode("latin-1")
                if found := [mark for mark in (*marks, *pictures) if mark in text]:
                    yield f"P4: {bucket} holds {key.rpartition('/')[2]} with {found}"
        for held_by_genlook in self._system.genlook.held(SHOPPER):
            if [mark for mark in (*marks, *pictures) if mark in held_by_genlook]:
                yield f"P4: Genlook holds {held_by_genlook}"

    def _old_marks(self) -> tuple[list[str], list[str]]:
        """What must not be found any more: in texts, and of pictures.

        The shopper's id is among the first unless the shopper came back.
        """
        asked = self._system.asked
        old = [data[3:].decode() for at, _, data in asked.photos if not self._may_stay(at)]
        details = [name for at, name, _ in asked.details if not self._may_stay(at)]
        old += [f"mark-{name};" for name in details]
        pictures = [f"picture of {name}" for name in details]
        came_back = any(self._may_stay(at) for at, *_ in (*asked.photos, *asked.details))
        return (old if came_back else [*old, SHOPPER]), pictures

    def _may_stay(self, at: float) -> bool:
        """Whether something was done after the last erasure was asked for."""
        return self._erased_at is not None and at > self._erased_at

    def _is_new(self, at: float) -> bool:
        """Whether something was surely done after it.

        What the shopper does while the request lies in a queue goes with the rest.
        """
        taken_at = self._system.asked.taken_at
        return self._erased_at is None or at > taken_at + _UNSURE_SECONDS


def _named(where: Any, marks: list[str]) -> list[str]:
    text = json.dumps(where, default=str)
    return [mark for mark in marks if mark in text]
