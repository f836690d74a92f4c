"""Exports what is held about a shopper: a report in the result bucket, and an event about it."""

import json
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import IO, TYPE_CHECKING, Any

from tryon_worker.aws import keys
from tryon_worker.aws.buckets import Bucket, is_report, report_key, shopper_results
from tryon_worker.aws.table import BatchReader, Row, Table, in_batches
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


class JsonWriter:
    """A JSON object that grows field by field, in UTF-8."""

    def __init__(self, sink: IO[bytes]) -> None:
        self._sink = sink
        self._between = "{"

    def field(self, name: str, value: Any) -> None:
        """Writes one field."""
        self._put(f"{self._between}{json.dumps(name)}:{_json(value)}")
        self._between = ","

    def items(self, name: str, values: Iterable[Any]) -> int:
        """Writes a field that is a list; how many items it has."""
        self._put(f"{self._between}{json.dumps(name)}:[")
        self._between = ","
        count = 0
        for value in values:
            self._put(f"{',' if count else ''}\n{_json(value)}")
            count += 1
        self._put("]")
        return count

    def end(self) -> int:
        """Ends the object; how many bytes it has."""
        self._put("}\n")
        return self._sink.tell()

    def _put(self, text: str) -> None:
        self._sink.write(text.encode())


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=sorted)


SCHEMA_VERSION = 1

# Attributes that are there for the machinery alone; everything else of a marker is shown.
_MACHINERY = {"pk", "sk", "shopperKey", "requestKey", "dueShard", "dueAt", "leaseUntil"}


@dataclass
class _AtGenlook:
    """What Genlook should have, as far as can be told from here."""

    photos: int = 0
    generations: int = 0
    until: int = 0

    def photo(self, photo: Photo, keep_seconds: int) -> None:
        self.photos += len(photo.all_ids)
        # What this one replaced was older, and so is gone by this one's own longest time.
        replaced_until = photo.taken_at + keep_seconds if photo.since < photo.taken_at else 0
        self.until = max(self.until, photo.usable_until, replaced_until)

    def generation(self, try_on: TryOn, keep_seconds: int) -> None:
        self.generations += 1
        self.until = max(self.until, (try_on.submitted_at or 0) + keep_seconds)


@dataclass(frozen=True)
class ShopperExport:
    """Reads rows and buckets in pages: a shopper may have tens of thousands of either."""

    table: Table
    bulk: BatchReader
    photos: "Photos"
    photo_bucket: Bucket
    result_bucket: Bucket
    clock: Clock
    keep_for_days: int

    def write(self, data_request: DataRequest, sink: IO[bytes]) -> DataRequest:
        """Writes the report into ``sink`` and returns the question with what it counts.

        It names the shopper only where a request does, which is shown as it is kept.
        """
        sheet, genlook = JsonWriter(sink), _AtGenlook()
        sheet.field("schemaVersion", SCHEMA_VERSION)
        sheet.field("requestId", data_request.request_id)
        sheet.field("askedAt", iso(data_request.asked_at))
        sheet.field("reportedAt", iso(self.clock()))
        sheet.field("shopperHash", data_request.shopper_key)
        photos = sheet.items("photos", self._photos(data_request, genlook))
        try_ons = sheet.items("tryOns", self._try_ons(data_request.shopper_key, genlook))
        results = sheet.items("results", self._results(data_request.shopper_key))
        sheet.items("markers", self._markers(data_request.shopper_key))
        sheet.field("atGenlook", _told(genlook))
        size = sheet.end()
        return replace(data_request, size=size, photos=photos, results=results, try_ons=try_ons)

    def _photos(self, data_request: DataRequest, genlook: _AtGenlook) -> Iterator[dict[str, Any]]:
        """What lies in the bucket, each with its row; then the rows whose object is gone."""
        rows = {photo.key: photo for photo in self.photos.of_shopper(data_request.shopper_key)}
        for prefix in photo_prefixes(data_request.external_user_id or ""):
            for found in self.photo_bucket.listing(prefix):
                known = self._photo(rows.pop(found.key, None), genlook)
                yield {"name": _name(found.key), "putAt": iso(found.modified_at), **known}
        for photo in rows.values():
            yield {"name": _name(photo.key), **self._photo(photo, genlook)}

    def _photo(self, photo: Photo | None, genlook: _AtGenlook) -> dict[str, Any]:
        if photo is None:
            return {"state": "NEW"}  # it came just now; or its row went before it
        genlook.photo(photo, self.keep_for_days * DAY)
        return _given(
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
            places = [keys.ledger(row["tryOnId"]) for row in rows]
            found = self.bulk.get(places)
            for row, place in zip(rows, places, strict=True):
                try_on = try_on_of(found[place]) if place in found else None
                if try_on is not None and try_on.generation_id:
                    genlook.generation(try_on, self.keep_for_days * DAY)
                yield _try_on(row, try_on)

    def _results(self, shopper_key: str) -> Iterator[dict[str, Any]]:
        for found in self.result_bucket.listing(shopper_results(shopper_key)):
            if not is_report(found.key):
                yield {"key": found.key, "putAt": iso(found.modified_at)}

    def _markers(self, shopper_key: str) -> Iterator[dict[str, Any]]:
        """Every other row there is, whatever kinds there may come to be."""
        for row in self.table.query(keys.shopper(shopper_key)):
            kind, _, name = row["sk"].partition("#")
            if kind not in {"PHOTO", "DETAILS"}:
                held = {field: row[field] for field in sorted(set(row) - _MACHINERY)}
                held.pop("externalUserId", None)
                yield {"kind": kind, "name": name, "held": held}


def _try_on(row: Row, try_on: TryOn | None) -> dict[str, Any]:
    return _given(
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


def _told(genlook: _AtGenlook) -> dict[str, Any]:
    return _given(
        photos=genlook.photos,
        generations=genlook.generations,
        until=iso(genlook.until) if genlook.until else None,
    )


def _given(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _name(key: str) -> str:
    """What the shop called the photo: the key without the prefix that names the shopper."""
    return key.split("/", 2)[2]


# Over a weekend. A report repeats what may itself have to be gone soon.
KEEP_FOR_DAYS = 3

# When housekeeping takes up a question that failed.
_AGAIN_SECONDS = 300

# Up to here a report stays in memory; a larger one goes through /tmp (512 MB by default, AWS).
_IN_MEMORY_BYTES = 8 * 1024 * 1024

_ERASED = ("CUSTOMER_ERASED", "externalUserId", "was erased after this was asked for")


@dataclass(frozen=True)
class PublishReport:
    """Says where a report lies; of the shopper nothing but the keyed hash."""

    publisher: Publisher
    bucket_name: str

    def __call__(self, data_request: DataRequest) -> None:
        """Publishes ``DataReported`` from the row: whoever says it says the same."""
        held = {
            "photos": data_request.photos,
            "results": data_request.results,
            "tryOns": data_request.try_ons,
        }
        export_shopper = {
            "bucket": self.bucket_name,
            "key": _key(data_request),
            "contentType": "application/json",
            "bytes": data_request.size,
            "expiresAt": iso(data_request.expires_at),
        }
        self.publisher.publish(
            "DataReported",
            {
                "requestId": data_request.request_id,
                "shopperHash": data_request.shopper_key,
                "held": held,
                "report": export_shopper,
            },
            occurred_at=data_request.reported_at,
        )


@dataclass(frozen=True)
class ExportShopper:
    """Writes the question down, then the report, then says where it lies.

    The row is the intent: an erasure waits for its lease, and what was written in vain is deleted
    by whoever wrote it or, if that one died, by the erasure's last sweep.
    """

    data_requests: DataRequests
    shopper_export: ShopperExport
    results: Bucket
    tell: PublishReport
    pseudonymizer: Pseudonymizer
    clock: Clock
    keep_for_days: int

    def __call__(
        self, event: InboundEvent, external_user_id: str, request_id: str, *, reusable: bool = False
    ) -> None:
        """Answers a question; a repeat of an answered one does nothing.

        ``reusable`` if the shop chose the id, and may choose the same for another question.

        Raises
        ------
        Malformed
            The shopper was erased after it was asked.
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
                # No repeat: that has the first one's time, and the report says all until then.
                request_key = self.pseudonymizer.request_key(request_id, asked_at)
                known = self.data_requests.open(replace(data_request, request_key=request_key))
        except DataRequestErased as erased:
            raise InvalidEvent(*_ERASED) from erased
        self._advance(known)

    def resume(self, shopper_key: str, request_key: str) -> None:
        """Takes up a question that is open, or whose answer nobody knows yet."""
        data_request = self.data_requests.get(shopper_key, request_key)
        if data_request is not None:
            self._advance(data_request)

    def _advance(self, data_request: DataRequest) -> None:
        if data_request.reported_at is None:
            now = int(self.clock())
            if not self.data_requests.claim(data_request, now=now, lease_until=now + LEASE_SECONDS):
                return  # another worker is at it, or an erasure: housekeeping comes again
            try:
                data_request = self._answer(data_request)
            except DataRequestErased:
                self.results.remove(_key(data_request))
                return  # the erasure says so
            except Exception:
                # What nobody foresaw: the message comes again, and must find the row free.
                self.data_requests.release(data_request, due_at=int(self.clock()) + _AGAIN_SECONDS)
                raise
        if not data_request.published:
            self.tell(data_request)
            self.data_requests.mark_published(data_request)

    def _answer(self, data_request: DataRequest) -> DataRequest:
        keep = min(KEEP_FOR_DAYS, self.keep_for_days)
        with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES) as export_shopper:
            written = self.shopper_export.write(data_request, export_shopper)
            export_shopper.seek(0)
            self.results.write(
                _key(data_request),
                export_shopper,
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
    """What an erasure does about questions from before it."""

    data_requests: DataRequests
    refusal_publisher: RefusalPublisher
    tell: PublishReport

    def in_flight(self, shopper_key: str, erased_at: int, now: int) -> list[int]:
        """Until when each report that was begun before may still be written or published."""
        return [
            max(data_request.lease_until, now + LEASE_SECONDS)
            for data_request in self.data_requests.before(shopper_key, erased_at)
        ]

    def __call__(self, shopper_key: str, erased_at: int) -> None:
        """Forgets them; a question that was not answered yet is refused.

        One whose answer may be on its way gets the same once more: never two different ones.
        """
        for data_request in self.data_requests.before(shopper_key, erased_at):
            if data_request.reported_at is None:
                self.refusal_publisher(_event(data_request), *_ERASED)
            elif not data_request.published:
                self.tell(data_request)
            self.data_requests.remove(data_request)


def _event(data_request: DataRequest) -> InboundEvent:
    """The event that asked, as far as a refusal names it."""
    return InboundEvent(
        data_request.event_id, "", data_request.event_type, data_request.asked_at, {}
    )


def _key(data_request: DataRequest) -> str:
    return report_key(data_request.shopper_key, data_request.request_key)
