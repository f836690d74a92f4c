"""Exports the data of a shopper: writes a report to the result bucket and publishes its key."""

import json
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import IO, TYPE_CHECKING, Any

from tryon_worker.aws import keys
from tryon_worker.aws.buckets import Bucket, is_report, report_key, shopper_results
from tryon_worker.aws.table import Row, Table, in_batches
from tryon_worker.clock import DAY, Clock, iso
from tryon_worker.erasure.store import LEASE_SECONDS, DataRequest, DataRequestErased, DataRequests
from tryon_worker.events.envelope import InboundEvent, InvalidEvent, RefusalPublisher
from tryon_worker.events.publisher import Publisher
from tryon_worker.identity import Pseudonymizer, photo_prefixes
from tryon_worker.observability import logger
from tryon_worker.photos.model import Photo
from tryon_worker.tryons.model import TryOn, try_on_of

if TYPE_CHECKING:
    from tryon_worker.photos.store import Photos

SCHEMA_VERSION = 1

KEEP_FOR_DAYS = 3
"""Long enough for a weekend, and short because a report repeats data that may expire soon."""

# Attributes that only the worker needs; a report shows all others of a marker row.
_INTERNAL_FIELDS = {"pk", "sk", "shopperKey", "requestKey", "dueShard", "dueAt", "leaseUntil"}

# Housekeeping resumes an export that failed after so many seconds.
_RETRY_SECONDS = 300

# A report stays in memory up to this size; a larger one goes through /tmp (512 MB by default, AWS).
_IN_MEMORY_BYTES = 8 * 1024 * 1024

_ERASED = ("CUSTOMER_ERASED", "externalUserId", "was erased after this was asked for")


class JsonWriter:
    """Writes a JSON object field by field, in UTF-8."""

    def __init__(self, sink: IO[bytes]) -> None:
        self._sink = sink
        self._separator = "{"

    def field(self, name: str, value: Any) -> None:
        """Writes one field."""
        self._write(f"{self._separator}{json.dumps(name)}:{_json(value)}")
        self._separator = ","

    def items(self, name: str, values: Iterable[Any]) -> int:
        """Writes a field that is a list and returns the number of its items."""
        self._write(f"{self._separator}{json.dumps(name)}:[")
        self._separator = ","
        count = 0
        for value in values:
            self._write(f"{',' if count else ''}\n{_json(value)}")
            count += 1
        self._write("]")
        return count

    def end(self) -> int:
        """Ends the object and returns its size in bytes."""
        self._write("}\n")
        return self._sink.tell()

    def _write(self, text: str) -> None:
        self._sink.write(text.encode())


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=sorted)


@dataclass
class _AtGenlook:
    """Counts what Genlook should still have, according to the rows."""

    photos: int = 0
    generations: int = 0
    until: int = 0

    def add_photo(self, photo: Photo, keep_seconds: int) -> None:
        self.photos += len(photo.all_ids)
        # A photo that this one replaced is older, so it is gone when this one is at the latest.
        replaced_until = photo.taken_at + keep_seconds if photo.since < photo.taken_at else 0
        self.until = max(self.until, photo.usable_until, replaced_until)

    def add_generation(self, try_on: TryOn, keep_seconds: int) -> None:
        self.generations += 1
        self.until = max(self.until, (try_on.submitted_at or 0) + keep_seconds)


@dataclass(frozen=True)
class ReportWriter:
    """Reads rows and buckets in pages, because a shopper may have tens of thousands of each."""

    table: Table
    photos: "Photos"
    photo_bucket: Bucket
    result_bucket: Bucket
    clock: Clock
    keep_for_days: int

    def write(self, data_request: DataRequest, sink: IO[bytes]) -> DataRequest:
        """Writes the report into ``sink`` and returns the request with the report's counts.

        The report names the shopper only within a try-on request, which it shows as stored.
        """
        report, genlook = JsonWriter(sink), _AtGenlook()
        report.field("schemaVersion", SCHEMA_VERSION)
        report.field("requestId", data_request.request_id)
        report.field("askedAt", iso(data_request.asked_at))
        report.field("reportedAt", iso(self.clock()))
        report.field("shopperHash", data_request.shopper_key)
        photos = report.items("photos", self._photos(data_request, genlook))
        try_ons = report.items("tryOns", self._try_ons(data_request.shopper_key, genlook))
        results = report.items("results", self._results(data_request.shopper_key))
        report.items("markers", self._markers(data_request.shopper_key))
        report.field("atGenlook", _at_genlook(genlook))
        size = report.end()
        return replace(data_request, size=size, photos=photos, results=results, try_ons=try_ons)

    def _photos(self, data_request: DataRequest, genlook: _AtGenlook) -> Iterator[dict[str, Any]]:
        """Lists the objects in the bucket with their rows, then the rows without an object."""
        rows = {photo.key: photo for photo in self.photos.of_shopper(data_request.shopper_key)}
        for prefix in photo_prefixes(data_request.external_user_id or ""):
            for found in self.photo_bucket.listing(prefix):
                known = self._photo(rows.pop(found.key, None), genlook)
                yield {"name": _name(found.key), "putAt": iso(found.modified_at), **known}
        for photo in rows.values():
            yield {"name": _name(photo.key), **self._photo(photo, genlook)}

    def _photo(self, photo: Photo | None, genlook: _AtGenlook) -> dict[str, Any]:
        if photo is None:
            return {"state": "NEW"}  # it arrived just now, or its row expired before it
        genlook.add_photo(photo, self.keep_for_days * DAY)
        return _without_none(
            state=photo.state,
            takenAt=iso(photo.taken_at),
            firstTakenAt=iso(photo.since) if photo.since < photo.taken_at else None,
            keptUntil=iso(photo.taken_at + photo.keep_for_days * DAY),
            atGenlook=len(photo.all_ids),
            atGenlookUntil=iso(photo.usable_until) if photo.usable_until else None,
            reason=photo.reason,
            code=photo.code,
            message=photo.message,
        )

    def _try_ons(self, shopper_key: str, genlook: _AtGenlook) -> Iterator[dict[str, Any]]:
        details = self.table.query(keys.shopper(shopper_key), "DETAILS#")
        for rows in in_batches(details):
            ledger_keys = [keys.ledger(row["tryOnId"]) for row in rows]
            found = self.table.get_many(ledger_keys)
            for row, key in zip(rows, ledger_keys, strict=True):
                try_on = try_on_of(found[key]) if key in found else None
                if try_on is not None and try_on.generation_id:
                    genlook.add_generation(try_on, self.keep_for_days * DAY)
                yield _try_on(row, try_on)

    def _results(self, shopper_key: str) -> Iterator[dict[str, Any]]:
        for found in self.result_bucket.listing(shopper_results(shopper_key)):
            if not is_report(found.key):
                yield {"key": found.key, "putAt": iso(found.modified_at)}

    def _markers(self, shopper_key: str) -> Iterator[dict[str, Any]]:
        """Lists every other row of the shopper, also of kinds that do not exist yet."""
        for row in self.table.query(keys.shopper(shopper_key)):
            kind, _, name = row["sk"].partition("#")
            if kind not in {"PHOTO", "DETAILS"}:
                held = {field: row[field] for field in sorted(set(row) - _INTERNAL_FIELDS)}
                held.pop("externalUserId", None)
                yield {"kind": kind, "name": name, "held": held}


def _try_on(row: Row, try_on: TryOn | None) -> dict[str, Any]:
    return _without_none(
        tryOnId=row["tryOnId"],
        requestedAt=iso(row["requestedAt"]),
        keptUntil=iso(row["ttl"]) if "ttl" in row else None,
        request=json.loads(row["request"]) if "request" in row else None,
        message=row.get("message"),
        **(_progress(try_on) if try_on else {}),
    )


def _progress(try_on: TryOn) -> dict[str, Any]:
    verdict = try_on.verdict
    result = verdict.result if verdict else None
    return {
        "state": try_on.state,
        "submittedAt": iso(try_on.submitted_at) if try_on.submitted_at else None,
        "generationId": try_on.generation_id,
        "outcome": verdict.outcome if verdict else None,
        "reason": verdict.reason if verdict else None,
        "code": verdict.code if verdict else None,
        "decidedAt": iso(try_on.decided_at) if try_on.decided_at else None,
        "result": result.key if result else None,
        "resultExpiresAt": iso(result.expires_at) if result else None,
    }


def _at_genlook(genlook: _AtGenlook) -> dict[str, Any]:
    return _without_none(
        photos=genlook.photos,
        generations=genlook.generations,
        until=iso(genlook.until) if genlook.until else None,
    )


def _without_none(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _name(key: str) -> str:
    """The name that the shop gave the photo: its key without the prefix with the shopper's id."""
    return key.split("/", 2)[2]


@dataclass(frozen=True)
class PublishReport:
    """Publishes where a report lies; the event names the shopper by the keyed hash only."""

    publisher: Publisher
    bucket_name: str

    def __call__(self, data_request: DataRequest) -> None:
        """Publishes ``DataReported`` from the row, so that a repeat publishes the same."""
        self.publisher.publish(
            "DataReported",
            {
                "requestId": data_request.request_id,
                "shopperHash": data_request.shopper_key,
                "held": {
                    "photos": data_request.photos,
                    "results": data_request.results,
                    "tryOns": data_request.try_ons,
                },
                "report": {
                    "bucket": self.bucket_name,
                    "key": _key(data_request),
                    "contentType": "application/json",
                    "bytes": data_request.size,
                    "expiresAt": iso(data_request.expires_at),
                },
            },
            occurred_at=data_request.reported_at,
        )


@dataclass(frozen=True)
class ExportShopper:
    """Saves the data request, writes the report, then publishes where it lies.

    An erasure waits for the lease in the request's row. If it came first, the worker deletes the
    report it wrote; if that worker crashed, the erasure's last sweep does.
    """

    data_requests: DataRequests
    report_writer: ReportWriter
    result_bucket: Bucket
    publish_report: PublishReport
    pseudonymizer: Pseudonymizer
    clock: Clock
    keep_for_days: int

    def __call__(
        self, event: InboundEvent, external_user_id: str, request_id: str, *, reusable: bool = False
    ) -> None:
        """Exports a shopper's data; a repeat of a published export does nothing.

        ``reusable`` says that the shop chose the id and may use it for a later request.

        Raises
        ------
        InvalidEvent
            The shopper was erased after the request.
        """
        asked_at = min(event.time, int(self.clock()))
        data_request = DataRequest(
            shopper_key=self.pseudonymizer.shopper_key(external_user_id),
            request_key=self.pseudonymizer.request_key(request_id),
            request_id=request_id,
            event_id=event.id,
            event_type=event.detail_type,
            asked_at=asked_at,
            external_user_id=external_user_id,
        )
        try:
            known = self.data_requests.open(data_request)
            if reusable and known.reported_at is not None and asked_at > known.reported_at:
                # A repeat would carry the first request's time. This is a new request.
                request_key = self.pseudonymizer.request_key(request_id, asked_at)
                known = self.data_requests.open(replace(data_request, request_key=request_key))
        except DataRequestErased as erased:
            raise InvalidEvent(*_ERASED) from erased
        self._advance(known)

    def resume(self, shopper_key: str, request_key: str) -> None:
        """Goes on with an export that is open or not yet published."""
        data_request = self.data_requests.get(shopper_key, request_key)
        if data_request is not None:
            self._advance(data_request)

    def _advance(self, data_request: DataRequest) -> None:
        if data_request.reported_at is None:
            now = int(self.clock())
            if not self.data_requests.claim(data_request, now=now, lease_until=now + LEASE_SECONDS):
                return  # another worker has it, or an erasure is open: housekeeping comes back
            try:
                data_request = self._write_report(data_request)
            except DataRequestErased:
                self.result_bucket.remove(_key(data_request))
                return  # the erasure publishes the refusal
            except Exception:
                # After an unforeseen error the queue redelivers the message, which must be able to
                # claim the row.
                self.data_requests.release(data_request, due_at=int(self.clock()) + _RETRY_SECONDS)
                raise
        if not data_request.published:
            self.publish_report(data_request)
            self.data_requests.mark_published(data_request)

    def _write_report(self, data_request: DataRequest) -> DataRequest:
        keep = min(KEEP_FOR_DAYS, self.keep_for_days)
        with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES) as report:
            written = self.report_writer.write(data_request, report)
            report.seek(0)
            self.result_bucket.write(
                _key(data_request),
                report,
                content_type="application/json",
                keep_for_days=keep,
            )
        logger.info(
            "reported", extra={"requestKey": data_request.request_key, "bytes": written.size}
        )
        now = int(self.clock())
        return self.data_requests.close(replace(written, expires_at=now + keep * DAY), now=now)


@dataclass(frozen=True)
class CancelReports:
    """Ends the data requests from before an erasure."""

    data_requests: DataRequests
    refusal_publisher: RefusalPublisher
    publish_report: PublishReport

    def in_flight(self, shopper_key: str, erased_at: int, now: int) -> list[int]:
        """Until when a worker may still write or publish each of their reports."""
        return [
            max(data_request.lease_until, now + LEASE_SECONDS)
            for data_request in self.data_requests.before(shopper_key, erased_at)
        ]

    def __call__(self, shopper_key: str, erased_at: int) -> bool:
        """Refuses those without a report and removes them all; returns whether there were any.

        A report that may be published already is published again: never two different answers.
        """
        found = list(self.data_requests.before(shopper_key, erased_at))
        for data_request in found:
            if data_request.reported_at is None:
                self.refusal_publisher(_event(data_request), *_ERASED)
            elif not data_request.published:
                self.publish_report(data_request)
            self.data_requests.remove(data_request)
        return bool(found)


def _event(data_request: DataRequest) -> InboundEvent:
    """The event of the request, as far as a refusal names it."""
    return InboundEvent(
        data_request.event_id, "", data_request.event_type, data_request.asked_at, {}
    )


def _key(data_request: DataRequest) -> str:
    return report_key(data_request.shopper_key, data_request.request_key)
