"""All that is held about a shopper, written out for them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import IO, Any

from tryon_worker.clock import DAY, Clock, iso
from tryon_worker.identity import photo_prefixes
from tryon_worker.objects import Bucket, is_report, shopper_results
from tryon_worker.sheet import Sheet
from tryon_worker.store import keys
from tryon_worker.store.bulk import Bulk, in_batches
from tryon_worker.store.entry import Entry, entry_of
from tryon_worker.store.photo import Photo
from tryon_worker.store.photos import Photos
from tryon_worker.store.reports import Question
from tryon_worker.store.table import Row, Table

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

    def generation(self, entry: Entry, keep_seconds: int) -> None:
        self.generations += 1
        self.until = max(self.until, (entry.submitted_at or 0) + keep_seconds)


@dataclass(frozen=True)
class Holdings:
    """Reads rows and buckets in pages: a shopper may have tens of thousands of either."""

    table: Table
    bulk: Bulk
    photos: Photos
    photo_bucket: Bucket
    result_bucket: Bucket
    clock: Clock
    keep_for_days: int

    def write(self, question: Question, sink: IO[bytes]) -> Question:
        """Writes the report into ``sink`` and returns the question with what it counts.

        It names the shopper only where a wish does, which is shown as it is kept.
        """
        sheet, genlook = Sheet(sink), _AtGenlook()
        sheet.field("schemaVersion", SCHEMA_VERSION)
        sheet.field("requestId", question.request_id)
        sheet.field("askedAt", iso(question.asked_at))
        sheet.field("reportedAt", iso(self.clock()))
        sheet.field("shopperHash", question.shopper_key)
        photos = sheet.items("photos", self._photos(question, genlook))
        try_ons = sheet.items("tryOns", self._try_ons(question.shopper_key, genlook))
        results = sheet.items("results", self._results(question.shopper_key))
        sheet.items("markers", self._markers(question.shopper_key))
        sheet.field("atGenlook", _told(genlook))
        size = sheet.end()
        return replace(question, size=size, photos=photos, results=results, try_ons=try_ons)

    def _photos(self, question: Question, genlook: _AtGenlook) -> Iterator[dict[str, Any]]:
        """What lies in the bucket, each with its row; then the rows whose object is gone."""
        rows = {photo.key: photo for photo in self.photos.of_shopper(question.shopper_key)}
        for prefix in photo_prefixes(question.external_user_id or ""):
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
        requests = self.table.query(keys.shopper(shopper_key), "REQUEST#")
        for rows in in_batches(requests):
            places = [keys.ledger(row["tryOnId"]) for row in rows]
            found = self.bulk.get(places)
            for row, place in zip(rows, places, strict=True):
                entry = entry_of(found[place]) if place in found else None
                if entry is not None and entry.generation_id:
                    genlook.generation(entry, self.keep_for_days * DAY)
                yield _try_on(row, entry)

    def _results(self, shopper_key: str) -> Iterator[dict[str, Any]]:
        for found in self.result_bucket.listing(shopper_results(shopper_key)):
            if not is_report(found.key):
                yield {"key": found.key, "putAt": iso(found.modified_at)}

    def _markers(self, shopper_key: str) -> Iterator[dict[str, Any]]:
        """Every other row there is, whatever kinds there may come to be."""
        for row in self.table.query(keys.shopper(shopper_key)):
            kind, _, name = row["sk"].partition("#")
            if kind not in {"PHOTO", "REQUEST"}:
                held = {field: row[field] for field in sorted(set(row) - _MACHINERY)}
                held.pop("externalUserId", None)
                yield {"kind": kind, "name": name, "held": held}


def _try_on(row: Row, entry: Entry | None) -> dict[str, Any]:
    return _given(
        tryOnId=row["tryOnId"],
        wishedAt=iso(row["wishedAt"]),
        keptUntil=iso(row["ttl"]) if "ttl" in row else None,
        wish=json.loads(row["wish"]) if "wish" in row else None,
        message=row.get("message"),
        **(_progress(entry) if entry else {}),
    )


def _progress(entry: Entry) -> dict[str, Any]:
    verdict = entry.verdict
    result = verdict.result if verdict else None
    return {
        "state": entry.state,
        "submittedAt": iso(entry.submitted_at) if entry.submitted_at else None,
        "generationId": entry.generation_id,
        "outcome": verdict.outcome if verdict else None,
        "reason": verdict.reason if verdict else None,
        "code": verdict.code if verdict else None,
        "decidedAt": iso(entry.decided_at) if entry.decided_at else None,
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
