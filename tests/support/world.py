"""The worker without Lambda: real use cases on AWS in memory and on a real stand-in of Genlook.

Time is the test's own, shared by worker and stand-in. Messages are moved by hand, with ``run``,
so that a test can deliver them twice, late or never.
"""

import uuid
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.events.catalogue import complaints
from tests.support.resources import Resources
from tests.support.stand_ins import StateMachine
from tryon_worker.batch import Message
from tryon_worker.container import Container
from tryon_worker.events.envelope import InboundEvent
from tryon_worker.photos.receive import Arrival
from tryon_worker.settings import Settings
from tryon_worker.tryons.model import TryOn
from tryon_worker.tryons.polling import StillRunning

PHOTOS = Path(__file__).parent.parent / "photos"
START = 1_800_000_000.0
SHOPPER = "shopper-7"
ROUNDS = 100  # of messages that cause messages: none of ours causes more than ten
PRODUCT_URL = "https://cdn.shop.example/tee.png"


@dataclass
class World(Resources):
    """The worker over one stack's worth of everything, of its own for each test."""

    options: dict[str, Any] = field(default_factory=dict)
    slept: list[float] = field(default_factory=list)
    state_machine: StateMachine = field(default_factory=StateMachine)
    time_left: float = 120.0

    # --- what runs

    @cached_property
    def container(self) -> Container:
        return self.new_process()

    def new_process(self, session: Any = None, **overrides: Any) -> Container:
        """What a cold start makes: it knows nothing but what is written down."""
        return Container(
            self.settings(),
            clock=self.clock.now,
            sleep=self.sleep,
            session=session or self.cloud,
            **{"state_machine": self.state_machine, **overrides},
        )

    def settings(self) -> Settings:
        given: dict[str, Any] = {
            "table_name": self.name,
            "event_bus_name": self.name,
            "genlook_base_url": self.genlook.base_url,
            "genlook_secret_arn": self.key_arn,
            "shopper_key_secret_arn": self.shopper_key_arn,
            "photo_bucket_name": self.photo_bucket,
            "result_bucket_name": self.result_bucket,
            "intake_queue_url": self.queues["intake"],
            "upload_queue_url": self.queues["upload"],
            "tryon_queue_url": self.queues["tryon"],
            "erasure_queue_url": self.queues["erasure"],
            "credits_low_threshold": 0,  # no call but what a test is about
            "state_machine_arn": "arn:aws:states:eu-west-1:000000000000:stateMachine:none",
        }
        return Settings(**{**given, **self.options})

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.clock.advance(seconds)

    # --- what comes in

    def photo(
        self,
        name: str = "me.jpg",
        *,
        shopper: str = SHOPPER,
        data: bytes | None = None,
        metadata: dict[str, str] | None = None,
        sequencer: str | None = None,
        taken_at: float | None = None,
    ) -> Arrival:
        """Puts a photo into the bucket and returns what S3 would say of it."""
        body = (PHOTOS / "shopper.jpg").read_bytes() if data is None else data
        key = f"photos/{shopper}/{name}"
        self.s3.put_object(Bucket=self.photo_bucket, Key=key, Body=body, Metadata=metadata or {})
        moment = self.clock.now() if taken_at is None else taken_at
        sequence = sequencer or f"{int(self.clock.now() * 1e6):016X}"
        return Arrival(key, sequence, int(moment), len(body))

    def ready_photo(self, **arguments: Any) -> Arrival:
        """A photo that lies at Genlook; what was said about it is read away."""
        arrival = self.photo(**arguments)
        self.container.receive_photo(arrival)
        self.events()
        return arrival

    def event(
        self,
        detail_type: str,
        detail: dict[str, Any],
        *,
        source: str = "shop",
        id: str = "",  # noqa: A002  EventBridge's own word
    ) -> InboundEvent:
        """An event as the bus would deliver it now."""
        return InboundEvent(
            id or uuid.uuid4().hex, source, detail_type, int(self.clock.now()), detail
        )

    def request(self, request_id: str = "r-1", **changes: Any) -> dict[str, Any]:
        """The detail of a ``TryOnRequested``; ``None`` leaves a field out."""
        product = {"externalId": "tee-1", "title": "Tee", "images": [{"url": PRODUCT_URL}]}
        detail = {
            "externalUserId": SHOPPER,
            "requestId": request_id,
            "product": product,
            "context": {"cart": 1},
            **changes,
        }
        return {name: value for name, value in detail.items() if value is not None}

    def accepted(self, request_id: str = "r-1", **changes: Any) -> str:
        """The ``tryOnId`` of a request that was just accepted; its message is in the queue."""
        before = set(self.try_on_ids())
        self.container.route_event(
            self.event("TryOnRequested", self.request(request_id, **changes))
        )
        (new,) = set(self.try_on_ids()) - before
        return new

    # --- what moves

    def step(self, try_on_id: str) -> None:
        """One delivery of a try-on's message."""
        self.container.step(try_on_id, lambda: self.time_left)

    def run(self) -> None:
        """Delivers every message there is, until there is none."""
        for _ in range(ROUNDS):
            steps, uploads = self.messages("tryon"), self.messages("upload")
            sweeps, parts = self.messages("erasure"), self.messages("intake")
            if not (steps or uploads or sweeps or parts):
                return
            for body in parts:
                self.container.route_event(InboundEvent.from_bus(self.message(body)))
            for body in uploads:
                self.container.receive_photo.upload_again(body["shopperKey"], body["photoId"])
            for body in steps:
                self.step(body["tryOnId"])
            for body in sweeps:
                self.privacy(body)
        raise AssertionError(f"still messages after {ROUNDS} rounds: they lead to each other")

    def privacy(self, body: dict[str, Any]) -> None:
        """One of our own messages on the erasure queue."""
        if body["type"] == "export":
            self.container.export_shopper.resume(body["shopperKey"], body["requestKey"])
        elif body["type"] == "redaction":
            self.container.redact_shop.resume(body["requestKey"])
        else:
            self.container.erase.resume(body["shopperKey"], body["requestKey"])

    def housekeeping_round(self) -> None:
        """One round of housekeeping, and what it sent."""
        self.container.housekeeping_round(lambda: self.time_left)
        self.run()

    def watch(self, try_on_id: str, *, rounds: int = 100) -> None:
        """What the state machine does: look, wait, look, publish."""
        generation_id = self.state_machine.started[try_on_id]
        for _ in range(rounds):
            seen = self.container.poll(try_on_id, generation_id)
            if not isinstance(seen, StillRunning):
                self.container.outcomes.publish(try_on_id)
                return
            self.clock.advance(seen.wait_seconds)
        raise AssertionError("the generation never came to an end")

    # --- what can be seen

    def events(self, *detail_types: str) -> list[dict[str, Any]]:
        """What was said since the last look, type and detail, each as its schema has it."""
        bodies = self.messages("watch")
        for body in bodies:
            assert complaints(body["detail-type"], body) == [], body
        said = [{"type": body["detail-type"], **body["detail"]} for body in bodies]
        said.sort(key=lambda event: event["occurredAt"])
        return [event for event in said if not detail_types or event["type"] in detail_types]

    def try_on(self, try_on_id: str) -> TryOn:
        try_on = self.container.ledger.get(try_on_id)
        assert try_on is not None
        return try_on

    def try_on_ids(self) -> list[str]:
        return [row["tryOnId"] for row in self.rows() if row["sk"] == "LEDGER"]

    def paid_calls(self) -> int:
        """How many calls reached the paid endpoint, whatever became of them."""
        return len(self.genlook.control.calls("try_on"))

    def message(self, body: dict[str, Any]) -> Message:
        return Message(uuid.uuid4().hex, body, int(self.clock.now()), 1)
