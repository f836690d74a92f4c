"""One shopper's try-on that has to end well whatever happens on its way."""

import io
from typing import Any

from PIL import Image

from local.genlook.faults import Fate
from tests.support.cloud import Cloud
from tests.support.scythe import MortalWorld
from tryon_worker.identity import Origin
from tryon_worker.objects import result_prefix
from tryon_worker.store.entry import Entry, State
from tryon_worker.store.table import delete

TERMINAL = {"TryOnCompleted", "TryOnFailed"}


def _small_photo() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (96, 120), (200, 160, 140)).save(file, "JPEG")
    return file.getvalue()


PHOTO = _small_photo()


class Story:
    """One shopper's try-on, and what has to be true of it in the end."""

    def __init__(self, world: MortalWorld, name: str) -> None:
        self.world = world
        self.shopper = f"shopper-{name}"
        self.cloud = Cloud(world)
        self.try_on_id = world.observer.identities.try_on_id(
            Origin.REQUEST, self.shopper, f"request-{name}"
        )
        self.wish = world.event(
            "TryOnRequested",
            world.wish(f"request-{name}", externalUserId=self.shopper),
            id=f"event-{name}",
        )

    def begin(self, *, seconds: float | None = 5) -> None:
        """A photo and a wish; the picture is there at the first look, or when it likes."""
        if seconds is not None:
            self.world.genlook.control.decide(Fate(seconds=seconds))
        self.cloud.upload(
            self.world.photo(data=PHOTO, shopper=self.shopper, metadata={"crop": "false"})
        )
        self.cloud.event(self.wish)

    def review(self, action: str) -> None:
        detail = {"tryOnId": self.try_on_id, "action": action}
        self.cloud.event(
            self.world.event(
                "TryOnReviewed", detail, source="tryon.operator", id=f"review-{self.shopper}"
            )
        )

    @property
    def state(self) -> State:
        entry = self.world.observer.ledger.get(self.try_on_id)
        assert entry is not None
        return entry.state

    def check(self, said: list[dict[str, Any]], *, calls: int = 1) -> None:
        entry = self.world.observer.ledger.get(self.try_on_id)
        assert entry is not None, "an accepted wish left no row"
        about = [event for event in said if event.get("tryOnId") == self.try_on_id]
        contents = {str(event) for event in about if event["type"] in TERMINAL}
        if entry.state is State.DECIDED:
            assert len(contents) == 1, "not exactly one outcome"
            assert entry.published_at is not None
        else:
            assert entry.state is State.UNKNOWN, f"stuck: {entry.state}"
            assert not contents
            assert [e for e in about if e["type"] == "TryOnNeedsReview"], "a review nobody heard of"
        assert self.charged() <= calls
        self._check_pictures(entry)

    def charged(self) -> int:
        made = self.world.genlook.control.calls("try_on")
        return sum(call["charged"] for call in made if call["externalUserId"] == self.shopper)

    def _check_pictures(self, entry: Entry) -> None:
        prefix = result_prefix(entry.shopper_key, entry.try_on_id)
        found = [one.key for one in self.world.observer.result_bucket.listing(prefix)]
        result = entry.verdict.result if entry.verdict else None
        assert found == ([result.key] if result else [])


def at_rest(cloud: Cloud) -> None:
    """Nothing is left that nobody will pick up, and no message was given up."""
    assert not cloud.dead_letters
    for row in cloud.world.rows():
        if row["sk"] == "LEDGER" and row["state"] != State.DECIDED:
            assert {"dueAt", "dueShard"} <= row.keys(), "a row that nobody will look at again"


def calm(world: MortalWorld) -> None:
    """Nothing is left of the story before: what it did to the breaker is not the next one's."""
    for row in world.rows():
        world.observer.table.write(delete((row["pk"], row["sk"])))
    world.genlook.control.disarm()
    world.genlook.control.clear_journal()
    world.clock.advance(60)  # so long the stand-in remembers calls that no budget remembers
