"""The stack around the processes of a run: state that can be copied, and what moves in it.

Everything is in virtual time. A `System` can be pickled, so a scenario is set up once and each
schedule begins with a copy of it.
"""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any
from urllib.parse import quote

from local.explore.process import Killed, Process
from local.memory.cloud import Cloud
from local.memory.dynamodb import Key
from local.memory.expressions import Row
from local.memory.genlook import Genlook
from local.memory.s3 import Object
from tests.template.stack import load
from tryon_worker.batch import Message
from tryon_worker.clock import iso
from tryon_worker.container import Container
from tryon_worker.events.envelope import InboundEvent
from tryon_worker.identity import Origin, Pseudonymizer
from tryon_worker.photos.receive import Arrival
from tryon_worker.settings import Settings
from tryon_worker.tryons.polling import StillRunning

START = 1_800_000_000.0
SHOPPER = "shopper-7"
TABLE, PHOTOS, RESULTS, BUS = "table", "photos", "results", "bus"
_SECRET = "s" * 64
_SECRETS: dict[str, Any] = {"genlook_secret_arn": "key", "shopper_key_secret_arn": "shopper"}
_IMAGE = b"\xff\xd8\xff"  # a JPEG begins with this

# A message that failed comes again after so many seconds, and is a dead letter after five receives.
_AGAIN_SECONDS = 60
_RECEIVES = 5

_TICK_SECONDS = 60
_MOST_JOBS = 3_000


@dataclass
class Time:
    """The time of the whole system; a process may be some seconds off."""

    now: float = START

    def __call__(self) -> float:
        """Return the seconds since the epoch."""
        return self.now


@dataclass(frozen=True)
class Delivery:
    """Something that is delivered to a function: an event, a message, a tick, a poll."""

    kind: str
    body: dict[str, Any]
    sent_at: int = 0
    receives: int = 0

    def __str__(self) -> str:
        """Say what it is, in a word."""
        return self.kind


@dataclass
class Loop:
    """An execution of the state machine: when it goes on."""

    at: float
    failures: int = 0


@dataclass
class Asked:
    """What the outside did, for the judge: each thing with the time at which it was done."""

    photos: list[tuple[float, str, bytes]] = field(default_factory=list)
    details: list[tuple[float, str, str]] = field(default_factory=list)
    """Time, `requestId` (also the product's id and a word of the context), event id."""
    erasures: list[tuple[float, str]] = field(default_factory=list)
    taken_at: float = 0
    """When the worker last wrote an erasure down: what came before may count as before it."""
    retries: int = 0


class System:
    """One stack, one shopper, one Genlook."""

    def __init__(self, *, photos_per_day: int = 50) -> None:
        self.photos_per_day = photos_per_day
        self.time = Time()
        self.cloud = Cloud(self.time)
        self.genlook = Genlook(self.time)
        self.waiting: list[tuple[float, Delivery]] = []
        self.delivered: list[Delivery] = []
        self.dead_letters: list[str] = []
        self.loops: dict[str, Loop] = {}
        self.asked = Asked()
        self.decided: dict[str, str] = {}
        """The reason of each outcome as it was first written, with whether a photo was ready."""
        self.seen: set[Key] = set()
        self.ticked_at = START
        self.written = 0
        self._event_off = 0.0
        _make_table(self.cloud)
        self.cloud.s3.create_bucket(Bucket=PHOTOS)
        self.cloud.s3.create_bucket(Bucket=RESULTS)
        self.cloud.s3.on_created = self.object_created
        self.cloud.dynamodb.on_write = self.row_written
        for name in ("intake", "upload", "tryon", "erasure"):
            self.cloud.sqs.create_queue(QueueName=name)
        self.cloud.secretsmanager.secrets.update({"key": "gk_1", "shopper": _SECRET})

    # --- what the outside does

    def put_photo(self, name: str = "me.jpg", *, began: float = 0, event_off: float = 0) -> None:
        """Put a photo into the bucket; each has bytes of its own.

        The PUT began ``began`` seconds ago. The clock that dates its event is ``event_off`` seconds
        from the clock that dates the object.
        """
        self.written += 1
        key = f"photos/{quote(SHOPPER, safe='')}/{name}"
        data = _IMAGE + f"photo-{self.written};".encode()
        began_at = self.time.now - began
        self.asked.photos.append((began_at, key, data))
        self._event_off = event_off
        self.cloud.s3.store(PHOTOS, key, data, began_at=began_at)
        self._event_off = 0.0

    def object_created(self, bucket: str, key: str, made: Object) -> None:
        """Let S3 tell of a new photo."""
        if bucket == PHOTOS:
            taken_at = int(self.time.now + self._event_off)
            body = {
                "key": key,
                "sequencer": made.sequencer,
                "taken_at": taken_at,
                "size": len(made.data),
            }
            self.deliver(Delivery("upload", body))

    def request(self) -> Delivery:
        """Return the event that asks for a try-on of a product of its own."""
        name = f"r-{len(self.asked.details) + 1}"
        detail = {
            "externalUserId": SHOPPER,
            "requestId": name,
            "product": {
                "externalId": name,
                "title": name,
                "images": [{"url": "https://cdn.shop.example/tee.png"}],
            },
            "context": {"mark": f"mark-{name};"},
        }
        delivery = self.event("TryOnRequested", detail, "shop")
        self.asked.details.append((self.time.now, name, delivery.body["id"]))
        return delivery

    def erasure(self) -> Delivery:
        """Return the event that asks for the shopper's erasure."""
        request_id = self._privacy_request()
        detail = {"externalUserId": SHOPPER, "requestId": request_id}
        return self.event("ErasureRequested", detail, "shop.privacy")

    def redaction(self) -> Delivery:
        """Return Shopify's event that asks for the redaction of the whole shop."""
        request_id = self._privacy_request()
        detail = {
            "metadata": {"X-Shopify-Topic": "shop/redact", "X-Shopify-Webhook-Id": request_id},
            "payload": {"shop_domain": "shop.example"},
        }
        return self.event("shopifyWebhook", detail, "shop.privacy")

    def _privacy_request(self) -> str:
        request_id = f"e-{len(self.asked.erasures) + 1}"
        self.asked.erasures.append((self.time.now, request_id))
        return request_id

    def export(self) -> Delivery:
        """Return the event that asks what is held about the shopper."""
        detail = {"externalUserId": SHOPPER, "requestId": "d-1"}
        return self.event("DataRequested", detail, "shop.privacy")

    def review(self, action: str, try_on_id: str) -> Delivery:
        """Return a person's order about a try-on under review, which it names."""
        detail: dict[str, Any] = {"tryOnId": try_on_id, "action": action}
        for row in self.cloud.dynamodb.items(TABLE):
            if row["sk"]["S"] == "LEDGER" and row["tryOnId"]["S"] == try_on_id and "attempt" in row:
                detail["reviewId"] = row["attempt"]["S"]
        if action == "adopt":
            detail["generationId"] = next(iter(self.genlook.jobs))
        self.asked.retries += action == "retry"
        return self.event("TryOnReviewed", detail, "tryon.operator")

    def event(self, detail_type: str, detail: dict[str, Any], source: str) -> Delivery:
        """Return an event as the bus delivers it."""
        self.written += 1
        body = {
            "id": f"in-{self.written}",
            "source": source,
            "detail-type": detail_type,
            "time": iso(int(self.time.now)),
            "detail": detail,
        }
        privacy = ("ErasureRequested", "DataRequested", "shopifyWebhook")
        kind = "privacy" if detail_type in privacy else "intake"
        return Delivery(kind, body, int(self.time.now))

    def deliver(self, delivery: Delivery, after: float = 0) -> None:
        """Put something on its way."""
        self.waiting.append((self.time.now + after, delivery))

    def row_written(self, key: Key, row: Row | None) -> None:
        """Note each first outcome, and whether a photo was there that it could have had."""
        if key[1].startswith(("ERASURE#", "REDACTION#")) and key not in self.seen:
            self.seen.add(key)
            self.asked.taken_at = self.time.now
        if key[1] == "LEDGER" and row and "outcome" in row and key[0] not in self.decided:
            reason = row.get("reason", {}).get("S", "COMPLETED")
            ready = any(
                found.get("state", {}).get("S") == "READY"
                for found in self.cloud.dynamodb.items(TABLE)
                if found["sk"]["S"].startswith("PHOTO#")
            )
            self.decided[key[0]] = f"{reason} though a photo is ready" if ready else reason

    @property
    def pseudonymizer(self) -> Pseudonymizer:
        """Return the keyed hashes of the stack."""
        return Pseudonymizer(_SECRET.encode())

    def try_on_id(self, request: str = "r-1") -> str:
        """Return the id of a request's try-on."""
        return self.pseudonymizer.try_on_id(Origin.REQUEST, SHOPPER, request)

    def generation_id(self, request: str = "r-1") -> str:
        """Return the id of the last generation that was begun for a request."""
        return [
            job.generation_id for job in self.genlook.jobs.values() if job.product_id == request
        ][-1]

    # --- what moves by itself

    def rest(self, *, days: float) -> bool:
        """Let everything go on until nothing moves, or so many days are over; whether it rests."""
        end = self.time.now + days * 86_400
        for _ in range(_MOST_JOBS):
            self._take_messages()
            at, go_on = self._next()
            if at > end:
                return True
            self.time.now = max(self.time.now, at)
            self.genlook.catch_up()
            go_on()
        return False

    def _next(self) -> tuple[float, Callable[[], None]]:
        """Return what happens next, and when."""
        moves: list[tuple[float, Callable[[], None]]] = [(math.inf, lambda: None)]
        if self.waiting:
            first = min(self.waiting, key=lambda one: one[0])
            moves.append((first[0], lambda: self._hand_over(first)))
        for name, loop in self.loops.items():
            moves.append((loop.at, lambda name=name: self._go_round(name)))  # type: ignore[misc]
        moves += [(at, lambda: None) for at, *_ in self.genlook.late]
        if (due := self._first_due()) is not None:
            moves.append((max(due, self.ticked_at + _TICK_SECONDS), self._tick))
        return min(moves, key=lambda one: one[0])

    def _take_messages(self) -> None:
        """Take over what was sent to the queues and what was started."""
        for url, messages in self.cloud.sqs.queues.items():
            queue = url.rpartition("/")[2]
            for message in messages:
                body = json.loads(message.body)
                delivery = Delivery(f"{queue} message", body, int(message.sent_at))
                self.waiting.append((message.visible_at, delivery))
            messages.clear()
        for name, execution in self.cloud.stepfunctions.state_machine.items():
            if execution.status == "RUNNING" and name not in self.loops:
                seconds = json.loads(execution.input)["waitSeconds"]
                self.loops[name] = Loop(self.time.now + seconds)

    def _hand_over(self, waiting: tuple[float, Delivery]) -> None:
        self.waiting.remove(waiting)
        self.carry_out(waiting[1])

    def carry_out(self, delivery: Delivery, process: Process | None = None) -> None:
        """Deliver something to a process that nothing interrupts."""
        process = process or Process("rest", self.time, self.cloud, self.genlook)
        try:
            do(self.new_container(process), delivery, process)
        except (Killed, Exception) as error:  # noqa: BLE001  the boundary that Lambda is
            self.failed(delivery, error)
        else:
            self.delivered.append(delivery)

    def failed(self, delivery: Delivery, error: BaseException) -> None:
        """Let a message come again, until it is a dead letter."""
        if delivery.kind in {"tick", "poll", "publish", "settle"}:
            return
        again = replace(delivery, receives=delivery.receives + 1)
        if again.receives >= _RECEIVES:
            self.dead_letters.append(f"{delivery}: {type(error).__name__} {error}")
        else:
            self.deliver(again, _AGAIN_SECONDS)

    def _go_round(self, name: str) -> None:
        """Go through the wait loop of the state machine once."""
        execution, loop = self.cloud.stepfunctions.state_machine[name], self.loops[name]
        ids = json.loads(execution.input)
        container = self.new_container(Process("rest", self.time, self.cloud, self.genlook))
        try:
            seen = container.poll(ids["tryOnId"], ids["generationId"])
            if isinstance(seen, StillRunning):
                loop.at, loop.failures = self.time.now + seen.wait_seconds, 0
                return
            container.outcomes.publish(ids["tryOnId"])
            execution.status = "SUCCEEDED"
        except Exception:  # noqa: BLE001  the boundary that Lambda is
            loop.at, loop.failures = self.time.now + 5, loop.failures + 1
            if loop.failures < _RECEIVES:
                return
            execution.status = "FAILED"
        del self.loops[name]

    def _first_due(self) -> float | None:
        rows = self.cloud.dynamodb.items(TABLE)
        return min(
            (float(r["dueAt"]["N"]) for r in rows if "dueShard" in r and "dueAt" in r), default=None
        )

    def _tick(self) -> None:
        self.ticked_at = self.time.now
        self.carry_out(Delivery("tick", {}))

    def new_container(self, process: Process) -> Container:
        """Return what a cold start makes: it knows nothing but what is written down."""
        return Container(
            _settings(self.photos_per_day),
            clock=process.clock,
            sleep=process.sleep,
            session=process.session,
            genlook=process.genlook,
            housekeeping_genlook=process.genlook,
            pseudonymizer=self.pseudonymizer,
        )


_FUNCTIONS = {
    "upload": "UploadFunction",
    "upload message": "UploadFunction",
    "intake": "IntakeFunction",
    "intake message": "IntakeFunction",
    "tryon message": "TryOnFunction",
    "poll": "GenerationFunction",
    "publish": "GenerationFunction",
    "settle": "GenerationFunction",
    "privacy": "ErasureFunction",
    "erasure message": "ErasureFunction",
    "tick": "HousekeepingFunction",
}


@cache
def _timeout(function: str) -> int:
    """Return the seconds after which Lambda ends an invocation."""
    return int(load().of_type("AWS::Serverless::Function")[function]["Timeout"])


def do(container: Container, delivery: Delivery, process: Process) -> None:
    """Do what the handlers do with what is delivered to them."""
    body = delivery.body
    process.begin(_timeout(_FUNCTIONS[delivery.kind]))
    message = Message("message", body, delivery.sent_at, delivery.receives + 1)
    deeds: dict[str, Callable[[], Any]] = {
        "upload": lambda: container.receive_photo(Arrival(**body)),
        "upload message": lambda: container.receive_photo.upload_again(
            body["shopperKey"], body["photoId"]
        ),
        "intake": lambda: container.route_event(InboundEvent.from_bus(message)),
        "intake message": lambda: container.route_event(InboundEvent.from_bus(message)),
        "tryon message": lambda: container.step(body["tryOnId"], process.time_left),
        "poll": lambda: container.poll(body["tryOnId"], body["generationId"]),
        "publish": lambda: container.outcomes.publish(body["tryOnId"]),
        "settle": lambda: container.recover.on_execution_ended(body["tryOnId"]),
        "privacy": lambda: container.route_privacy_request(
            InboundEvent.from_bus(message), process.time_left
        ),
        "erasure message": lambda: _privacy_message(container, body, process),
        "tick": lambda: container.housekeeping_round(process.time_left),
    }
    deeds[delivery.kind]()


def _privacy_message(container: Container, body: dict[str, Any], process: Process) -> None:
    if body["type"] == "export":
        container.export_shopper.resume(body["shopperKey"], body["requestKey"])
    elif body["type"] == "redaction":
        container.redact_shop.resume(body["requestKey"], process.time_left)
    else:
        container.erase.resume(body["shopperKey"], body["requestKey"], process.time_left)


@cache
def _settings(photos_per_day: int) -> Settings:
    queues: dict[str, Any] = {
        f"{name}_queue_url": f"https://sqs.memory.invalid/000000000000/{name}"
        for name in ("intake", "upload", "tryon", "erasure")
    }
    return Settings(
        table_name=TABLE,
        event_bus_name=BUS,
        genlook_base_url="https://genlook.invalid",
        photo_bucket_name=PHOTOS,
        result_bucket_name=RESULTS,
        state_machine_arn="arn:aws:states:eu-west-1:000000000000:stateMachine:wait",
        credits_low_threshold=0,
        shop_domain="shop.example",
        max_photos_per_shopper_per_day=photos_per_day,
        **_SECRETS,
        **queues,
    )


@cache
def _table_definition() -> dict[str, Any]:
    properties = load().of_type("AWS::DynamoDB::Table")["Table"]
    parts = ("AttributeDefinitions", "KeySchema", "BillingMode", "GlobalSecondaryIndexes")
    return {part: properties[part] for part in parts}


def _make_table(cloud: Cloud) -> None:
    cloud.dynamodb.create_table(TableName=TABLE, **_table_definition())
