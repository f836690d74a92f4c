"""Where a run begins, and what can happen from there.

A scenario is a `System` in which something is half done; a deed is what one process does. Which
deeds make sense in a scenario is said with it.
"""

import pickle
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from local.explore.process import Fault, Killed, Process
from local.explore.system import Delivery, System, do
from tryon_worker.clock import iso
from tryon_worker.container import Container

Wired = Callable[[], Container]

# Between two things that a shopper does on purpose.
_HUMAN_SECONDS = 20.0


@dataclass(frozen=True)
class Deed:
    """What one process does: a delivery, perhaps after something that the outside did.

    ``delivery`` is made when the run begins, for an event has the time at which it was sent.
    """

    name: str
    delivery: Callable[[System], Delivery]
    before: Callable[[System], None] | None = None
    pause: float = _HUMAN_SECONDS

    def start(self, system: System) -> "Started":
        """Make the delivery."""
        return Started(self, system, self.delivery(system) if self.before is None else None)


@dataclass
class Started:
    """A deed of one run."""

    deed: Deed
    system: System
    delivery: Delivery | None

    def run(self, process: Process) -> None:
        """Do it; what fails comes again by itself."""
        if self.deed.before is not None:
            self.system.time.now += self.deed.pause
            self.deed.before(self.system)
        delivery = self.delivery or self.deed.delivery(self.system)
        try:
            do(self.system.new_container(process), delivery, process)
        except (Killed, Exception) as error:  # noqa: BLE001  the boundary that Lambda is
            self.system.failed(delivery, error)
        else:
            self.system.delivered.append(delivery)


def _last_waiting(kind: str) -> Callable[[System], Delivery]:
    """What was put on its way last, taken from there."""

    def found(system: System) -> Delivery:
        waiting = [one for one in system.waiting if one[1].kind == kind][-1]
        system.waiting.remove(waiting)
        return waiting[1]

    return found


def _message(queue: str, **body: Any) -> Callable[[System], Delivery]:
    return lambda _system: Delivery(f"{queue} message", body)


def _of_try_on(kind: str) -> Callable[[System], Delivery]:
    def delivery(system: System) -> Delivery:
        body = {"tryOnId": system.try_on_id(), "requestedAt": int(system.time.now)}
        if kind == "poll":
            body["generationId"] = system.generation_id()
        return Delivery(kind, body)

    return delivery


def _photo_again(system: System) -> Delivery:
    _, key, _ = system.asked.photos[-1]
    shopper_key = system.pseudonymizer.shopper_key("shopper-7")
    body = {
        "type": "upload",
        "shopperKey": shopper_key,
        "photoId": system.pseudonymizer.photo_id(key),
    }
    return Delivery("upload message", body)


def _erasure_again(system: System) -> Delivery:
    body = {
        "type": "sweep",
        "shopperKey": system.pseudonymizer.shopper_key("shopper-7"),
        "requestKey": system.pseudonymizer.request_key(system.asked.erasures[-1][1]),
    }
    return Delivery("erasure message", body)


def _same_erasure(system: System) -> Delivery:
    """The event of the last erasure once more, with its time."""
    asked_at, request_id = system.asked.erasures[-1]
    detail = {"externalUserId": "shopper-7", "requestId": request_id}
    again = system.event("ErasureRequested", detail, "shop.privacy")
    return replace(again, body={**again.body, "time": iso(int(asked_at))})


def _review(action: str) -> Callable[[System], Delivery]:
    return lambda system: system.review(action, system.try_on_id())


def _same_request(system: System) -> Delivery:
    """The event of the request once more."""
    asked = list(system.asked.details)
    system.asked.details.clear()
    again = system.request()
    system.asked.details[:] = asked
    return again


DEEDS = {
    deed.name: deed
    for deed in (
        Deed("upload", _last_waiting("upload")),
        Deed("upload-again", _photo_again),
        Deed("replace", _last_waiting("upload"), before=lambda system: system.put_photo()),
        # Its PUT began before what happened within the last half minute.
        Deed(
            "slow-put",
            _last_waiting("upload"),
            before=lambda system: system.put_photo(began=30),
            pause=1,
        ),
        # The clocks of S3's objects and of its events differ. An erasure that was asked for 7 s ago
        # covers the time of the event, and not the time of the object.
        Deed(
            "early-event",
            _last_waiting("upload"),
            before=lambda system: system.put_photo(event_off=-4),
            pause=7,
        ),
        Deed("request", lambda system: system.request()),
        Deed("same-request", _same_request),
        Deed("submit", _of_try_on("tryon message")),
        Deed("poll", _of_try_on("poll")),
        Deed("publish", _of_try_on("publish")),
        Deed("settle", _of_try_on("settle")),
        Deed("tick", lambda _system: Delivery("tick", {})),
        Deed("retry", _review("retry")),
        Deed("close", _review("close")),
        Deed("adopt", _review("adopt")),
        Deed("erase", lambda system: system.erasure()),
        Deed("erase-again", _erasure_again),
        Deed("same-erasure", _same_erasure),
        Deed("export", lambda system: system.export()),
        Deed("redact", lambda system: system.redaction()),
    )
}


def _run(
    system: System, deed: str, *, fault: tuple[str, Fault] | None = None, after: int = 0
) -> None:
    """Let one process do a deed; ``fault`` hits its call of that name ``after`` as many others."""
    seen: list[str] = []

    def gate(name: str, _given: dict[str, Any]) -> Fault | None:
        seen.append(name)
        hit = fault is not None and name == fault[0] and seen.count(name) == after + 1
        return fault[1] if fault and hit else None

    process = Process("before", system.time, system.cloud, system.genlook, gate=gate)
    DEEDS[deed].start(system).run(process)


def _forget_messages(system: System) -> None:
    """What was sent is lost: a deed of the run, or housekeeping, does it."""
    system.waiting.clear()
    for messages in system.cloud.sqs.queues.values():
        messages.clear()


def new() -> System:
    """Nothing has happened."""
    return System()


def photo_put() -> System:
    """A photo lies in the bucket and nobody has heard of it."""
    system = System()
    system.put_photo()
    return system


def photo_ready() -> System:
    """A photo is at Genlook."""
    system = photo_put()
    system.rest(days=0.001)
    return system


def upload_died() -> System:
    """The upload's process died after Genlook took the photo."""
    system = photo_put()
    _run(system, "upload", fault=("genlook.upload_image", Fault.DIE_AFTER))
    _forget_messages(system)
    system.time.now += 130
    return system


def upload_late() -> System:
    """The upload's process died in the call, which Genlook carries out minutes later."""
    system = photo_put()
    _run(system, "upload", fault=("genlook.upload_image", Fault.LATE_DIE))
    _forget_messages(system)
    return system


def quota_used_up() -> System:
    """The shopper's photos of the day are used up, and the photo is at Genlook."""
    system = System(photos_per_day=1)
    system.put_photo()
    system.rest(days=0.001)
    return system


def upload_unpublished() -> System:
    """The photo is settled, and its process died before it published that."""
    system = photo_put()
    _run(system, "upload", fault=("events.PutEvents", Fault.DIE_BEFORE))
    _forget_messages(system)
    system.time.now += 130
    return system


def accepted() -> System:
    """A request was accepted; its message is a deed of the run."""
    system = photo_ready()
    system.carry_out(system.request())
    _forget_messages(system)
    return system


def deferred() -> System:
    """A request waits for a photo."""
    system = System()
    system.carry_out(system.request())
    system.rest(days=0.001)
    return system


def deferral_due() -> System:
    """A request has waited for a photo for as long as it may."""
    system = deferred()
    system.time.now += 86_401
    return system


def submitted() -> System:
    """A generation runs."""
    system = accepted()
    _run(system, "submit")
    _forget_messages(system)
    return system


def finished() -> System:
    """A generation is done, and nobody has seen it."""
    system = submitted()
    system.time.now += 6
    return system


def failed() -> System:
    """A generation failed, and nobody has seen it."""
    system = accepted()
    system.genlook.failure = "no person in it"
    _run(system, "submit")
    _forget_messages(system)
    system.time.now += 6
    return system


def decided() -> System:
    """A picture is copied and the outcome decided; the process died before it published that."""
    system = finished()
    _run(system, "poll", fault=("events.PutEvents", Fault.DIE_BEFORE))
    return system


def failure_decided() -> System:
    """The same of a generation that failed, with words of Genlook's."""
    system = failed()
    _run(system, "poll", fault=("events.PutEvents", Fault.DIE_BEFORE))
    return system


def missing_decided() -> System:
    """No photo came; that is decided, and the process died before it published it."""
    system = deferral_due()
    _run(system, "tick", fault=("events.PutEvents", Fault.DIE_BEFORE))
    system.time.now += 61
    return system


def worker_lost() -> System:
    """The submitting process died within the paid call."""
    system = accepted()
    _run(system, "submit", fault=("genlook.create_try_on", Fault.DIE_AFTER))
    system.waiting.clear()
    system.time.now += 130
    return system


def under_review() -> System:
    """The answer of the paid call was lost; a person is asked."""
    system = accepted()
    _run(system, "submit", fault=("genlook.create_try_on", Fault.LOSE))
    _forget_messages(system)
    return system


def long_under_review() -> System:
    """The same, so long ago that its generation can leave nothing more at Genlook."""
    system = under_review()
    system.rest(days=0.002)
    system.time.now += 4_300
    return system


def completed() -> System:
    """A try-on is over and its picture lies in the bucket."""
    system = submitted()
    system.rest(days=0.01)
    return system


def erasing() -> System:
    """An erasure is open: it waits for a generation that runs."""
    system = submitted()
    system.carry_out(system.erasure())
    _forget_messages(system)
    return system


def review_erasing() -> System:
    """An erasure's process died before it swept anything; a review is old."""
    system = long_under_review()
    _run(system, "erase", fault=("dynamodb.UpdateItem", Fault.DIE_AFTER), after=1)
    system.waiting.clear()
    system.time.now += 361
    return system


def circuit_open() -> System:
    """A generation takes hours; the account ran out of credits, so deadlines stand still."""
    system = accepted()
    system.genlook.seconds = 3 * 3600
    system.genlook.credits_left = 1
    _run(system, "submit")
    system.carry_out(system.request())
    system.rest(days=2 / 24)
    return system


@dataclass(frozen=True)
class Scenario:
    """Where a run begins, and the deeds that make sense there."""

    name: str
    begin: Callable[[], System]
    deeds: tuple[str, ...]


_ERASURES = "erase redact export tick"

SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        Scenario(begin.__name__.replace("_", "-"), begin, tuple(f"{deeds} {_ERASURES}".split()))
        for begin, deeds in (
            (new, "request replace"),
            (photo_put, "upload request replace"),
            (photo_ready, "request upload-again replace slow-put early-event"),
            (upload_died, "upload-again replace request"),
            (upload_late, "upload-again replace early-event"),
            (quota_used_up, "replace slow-put upload-again"),
            (upload_unpublished, "upload-again replace request"),
            (accepted, "submit same-request replace"),
            (deferred, "submit replace"),
            (deferral_due, "submit replace"),
            (submitted, "poll settle submit replace"),
            (finished, "poll settle replace"),
            (failed, "poll settle"),
            (decided, "publish settle poll"),
            (failure_decided, "publish settle"),
            (missing_decided, "publish settle replace"),
            (worker_lost, "submit replace"),
            (under_review, "retry close adopt submit"),
            (long_under_review, "retry close adopt"),
            (completed, "poll publish replace request"),
            (erasing, "poll erase-again same-erasure replace request"),
            (review_erasing, "adopt retry close erase-again"),
            (circuit_open, "poll"),
        )
    )
}


@cache
def begun(name: str) -> bytes:
    """Return the pickled system with which a scenario begins."""
    return pickle.dumps(SCENARIOS[name].begin(), pickle.HIGHEST_PROTOCOL)
