"""The details row of a try-on: all that is personal about it, beside the nameless ledger row."""

from contextlib import suppress
from dataclasses import dataclass

from tryon_worker.aws import keys
from tryon_worker.aws.table import ConditionFailed, Row, Table, Write, put, update
from tryon_worker.events.schemas import TryOnRequest


@dataclass(frozen=True)
class StoredRequest:
    """A details row; ``message`` is Genlook's, which may quote what was sent."""

    request: TryOnRequest
    message: str | None = None


class TryOnDetails:
    """Reads and writes request rows; they are found through the shopper's partition alone."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def acceptance(
        self, shopper_key: str, try_on_id: str, request: TryOnRequest, *, requested_at: int
    ) -> Write:
        """The write that goes with the ledger's acceptance."""
        item = {"tryOnId": try_on_id, "request": request.to_row(), "requestedAt": requested_at}
        return put(keys.request(shopper_key, try_on_id), item)

    def get(self, shopper_key: str, try_on_id: str) -> TryOnRequest | None:
        """The request behind a try-on; ``None`` once it is erased or its retention is over."""
        details = self.stored(shopper_key, try_on_id)
        return details.request if details else None

    def stored(self, shopper_key: str, try_on_id: str) -> StoredRequest | None:
        """The request and Genlook's message in one read: an erasure could come between two."""
        row = self._table.get(keys.request(shopper_key, try_on_id))
        if row is None:
            return None
        return StoredRequest(TryOnRequest.from_row(row["request"]), row.get("message"))

    def note(self, shopper_key: str, try_on_id: str, *, message: str | None) -> Write:
        """The write that keeps Genlook's words with a decision; fails if the request is erased."""
        return update(
            keys.request(shopper_key, try_on_id),
            "SET #message = :message",
            condition="attribute_exists(#pk)",
            message=message,
        )

    def retain(self, shopper_key: str, try_on_id: str, *, until: int) -> None:
        """Starts the retention, once the outcome is published: until then the request is needed."""
        with suppress(ConditionFailed):  # erased meanwhile: it must not come to life again
            self._table.write(
                update(
                    keys.request(shopper_key, try_on_id),
                    "SET #ttl = :until",
                    condition="attribute_exists(#pk)",
                    until=until,
                )
            )

    def of_shopper(self, shopper_key: str) -> list[Row]:
        """The rows of every try-on of a shopper, requests unparsed."""
        return list(self._table.query(keys.shopper(shopper_key), "DETAILS#"))

    def waiting_for_photo(self, shopper_key: str) -> list[str]:
        """``tryOnId`` of every try-on that was deferred until a photo comes."""
        return [row["tryOnId"] for row in self.of_shopper(shopper_key) if row.get("deferred")]

    def deferral_note(self, shopper_key: str, try_on_id: str) -> Write:
        """The write that lets the next photo of the shopper find the try-on."""
        return update(
            keys.request(shopper_key, try_on_id),
            "SET #deferred = :yes",
            condition="attribute_exists(#pk)",
            yes=True,
        )
