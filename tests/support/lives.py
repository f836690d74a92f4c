"""One shopper's doings, an erasure at any moment of them, and what must be true after it."""

import io
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from PIL import Image

from local.genlook.faults import Fate
from tests.support.cloud import Cloud
from tests.support.erasing import SOON
from tests.support.interloper import BusyWorld
from tests.support.remains import Lines, held_by_genlook, named_in, objects_in, rows_about
from tests.support.stories import TERMINAL, calm
from tryon_worker.identity import Origin
from tryon_worker.incoming import Incoming
from tryon_worker.usecases.look import Running
from tryon_worker.usecases.receive_photo import Arrival


def picture_of(mark: str) -> bytes:
    """A small photo that would be known again in any text."""
    file = io.BytesIO()
    Image.new("RGB", (96, 120), (200, 160, 140)).save(file, "JPEG", comment=f"mark of {mark}")
    return file.getvalue()


def empty(world: BusyWorld) -> None:
    """Nothing is left of the one before: what is found is the next one's."""
    calm(world)
    world.genlook.control.reset()
    world.messages("watch")
    for bucket in (world.photo_bucket, world.result_bucket):
        for key in world.objects(bucket):
            world.s3.delete_object(Bucket=bucket, Key=key)


class Life:
    """A shopper, with an id that is spelled differently in a key, in JSON and in base64."""

    def __init__(self, world: BusyWorld, name: str) -> None:
        self.world = world
        self.name = name
        self.shopper = f"zoë {name}@shop/7?"
        self.cloud = Cloud(world)
        self.try_on_id = world.observer.identities.try_on_id(
            Origin.REQUEST, self.shopper, f"request-{name}"
        )
        self.wish = self._event("TryOnRequested", world.wish(f"request-{name}", **self._who()))
        self.arrivals: list[Arrival] = []
        self.erasures: dict[str, Incoming] = {}
        world.sent.clear()

    # --- what the shopper does

    def photo(self, data: bytes | None = None) -> None:
        self.cloud.upload(self.another_photo(data))

    def another_photo(self, data: bytes | None = None) -> Arrival:
        """A photo of which S3's event has not come yet; always under the same key."""
        arrival = self.world.photo(
            data=picture_of(self.name) if data is None else data,
            shopper=quote(self.shopper, safe=""),
            metadata={"crop": "false"},
            sequencer=f"{len(self.arrivals) + 1:016X}",
        )
        self.arrivals.append(arrival)
        return arrival

    def wishes(self, *, fate: Fate | None = None) -> None:
        self.world.genlook.control.decide(fate or Fate(seconds=5))
        self.cloud.event(self.wish)

    def another_wish(self, number: int) -> None:
        wish = self.world.wish(f"other-{number}-{self.name}", **self._who())
        self.cloud.event(self._event("TryOnRequested", wish))

    def review(self, action: str) -> None:
        detail = {"tryOnId": self.try_on_id, "action": action}
        self.cloud.event(self._event("TryOnReviewed", detail, source="tryon.operator"))

    # --- what is done to them

    def erasure(self, request: str = "forget") -> Incoming:
        """The same event each time that the same request is asked for."""
        if request not in self.erasures:
            detail = {**self._who(), "requestId": f"{request}-{self.name}"}
            event = self._event("ErasureRequested", detail, source="shop.privacy")
            self.erasures[request] = event
        return self.erasures[request]

    def erase(self) -> None:
        """By another process, which nobody interrupts."""
        self.world.observer.take_privacy_request(self.erasure())

    def ask_for_erasure(self) -> None:
        """As a message, which comes again until it is done."""
        self.cloud.deliver("erasure", lambda w: w.take_privacy_request(self.erasure()))

    def erase_and_come_back(self) -> None:
        """A photo under the same key and a wish, while the erasure may still be open."""
        self.erase()
        self.world.clock.advance(SOON)
        self.photo()
        self.another_wish(0)

    def replay(self) -> None:
        """Everything comes once more: events, messages, executions, and the request itself."""
        world = self.world
        for arrival in self.arrivals:
            self.cloud.upload(arrival)
        self.cloud.event(self.wish)
        for role, bodies in list(world.sent.items()):
            for body in list(bodies):
                self._again(role, body)
        generation_id = world.executions.started.get(self.try_on_id)
        if generation_id:
            self.cloud.deliver("look", lambda w: self._look(w, generation_id))
        self.cloud.deliver("settle", lambda w: w.move_on.settle(self.try_on_id))
        self.ask_for_erasure()
        self.cloud.run()

    def _again(self, role: str, body: dict[str, Any]) -> None:
        doings: dict[str, Callable[[Any], None]] = {
            "upload": lambda w: w.receive_photo.again(body["shopperKey"], body["photoId"]),
            "tryon": lambda w: w.submit(body["tryOnId"], lambda: 120.0),
            "erasure": lambda w: w.erase.again(body["shopperKey"], body["requestKey"]),
        }
        if role in doings:
            self.cloud.deliver(role, doings[role])

    def _look(self, wiring: Any, generation_id: str) -> None:
        assert not isinstance(wiring.look(self.try_on_id, generation_id), Running)
        wiring.door.publish(self.try_on_id)

    # --- what must be true

    def check(self, lines: Lines) -> None:
        """Nothing is left, and nothing that comes again brings anything back."""
        said = self.said()
        self._check_said(said)
        self._check_nothing_is_left(lines)
        calls = self._calls()
        ledger = self._ledger()
        self.replay()
        self._check_nothing_is_left(lines)
        assert self._calls() == calls, "something that came late reached Genlook"
        assert self._ledger() == ledger, "something that came late moved a row"
        late = self.said()
        assert named_in(str(late), self.shopper) == []
        assert {kind for kind, _ in late} <= {"RequestRefused"}, late
        assert not self.cloud.dead_letters

    def check_came_back(self) -> None:
        """What came after the erasure is there, at Genlook too; the closed request leaves it."""
        said = self.said()
        kinds = [kind for kind, _ in said]
        assert "PhotoReady" in kinds[kinds.index("CustomerErased") :]
        assert kinds[-1] == "TryOnCompleted"
        for _ in range(2):
            held = self.world.genlook.control.customer(self.shopper)["counts"]
            assert (held["photos"], held["results"]) == (1, 1)
            assert len(self.world.objects(self.world.photo_bucket)) == 1
            assert len(self.world.objects(self.world.result_bucket)) == 1
            (photo,) = [row for row in self.world.rows() if row["sk"].startswith("PHOTO#")]
            assert photo["state"] == "READY"
            self.ask_for_erasure()
            self.cloud.run()
        assert self.said() == []

    def said(self) -> list[tuple[str, dict[str, Any]]]:
        """What the bus heard since the last time, in its order."""
        return [(b["detail-type"], b["detail"]) for b in self.world.messages("watch")]

    def _check_said(self, said: list[tuple[str, dict[str, Any]]]) -> None:
        kinds = [kind for kind, _ in said]
        assert "CustomerErased" in kinds, "the erasure was never closed"
        closed = [detail for kind, detail in said if kind == "CustomerErased"]
        assert all(detail == closed[0] for detail in closed if _same_request(detail, closed[0]))
        after = said[kinds.index("CustomerErased") :]
        named = [
            kind for kind, detail in after if named_in(str(self._but_id(detail)), self.shopper)
        ]
        assert named == [], "said of the shopper after CustomerErased"
        ended = {(d["tryOnId"], str(d)) for kind, d in said if kind in TERMINAL}
        assert len(ended) == len({try_on_id for try_on_id, _ in ended}), "more than one outcome"

    def _but_id(self, detail: dict[str, Any]) -> dict[str, Any]:
        """Without the request's id, which is whatever the shop called it."""
        return {name: value for name, value in detail.items() if name != "requestId"}

    def _check_nothing_is_left(self, lines: Lines) -> None:
        world = self.world
        assert rows_about(world, self.shopper) == []
        for bucket in (world.photo_bucket, world.result_bucket):
            assert objects_in(world, bucket) == []
        assert held_by_genlook(world, self.shopper) == []
        assert named_in(lines.text, self.shopper) == []
        for secret in ("mark of", "photos/", "results/", world.genlook.api_key, "http://"):
            assert secret not in lines.text
        assert named_in(str(world.executions.started), self.shopper) == []

    def _ledger(self) -> list[dict[str, Any]]:
        return [row for row in self.world.rows() if row["pk"] != "ACCOUNT"]

    def _calls(self) -> list[str]:
        calls = self.world.genlook.control.calls()
        return [call["operation"] for call in calls if call["operation"] != "credits"]

    def _who(self) -> dict[str, Any]:
        return {"externalUserId": self.shopper}

    def _event(self, detail_type: str, detail: dict[str, Any], source: str = "shop") -> Incoming:
        return self.world.event(
            detail_type, detail, source=source, id=f"{detail_type}-{abs(hash(self.name))}"
        )


def _same_request(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return bool(one["requestId"] == other["requestId"])
