"""What must outlive what: whoever comes late still finds the row that says it is late."""

import pytest

from tests.support.tables import Stores
from tests.template.stack import load
from tryon_worker.aws import keys
from tryon_worker.clock import DAY
from tryon_worker.tryons.accept import MAX_AGE_SECONDS
from tryon_worker.tryons.ledger import Ledger
from tryon_worker.tryons.model import Outcome, Reason, State, TryOn, Verdict

NOW = 1_700_000_000
NAMES_OF_EXECUTIONS = 90 * DAY
"""For so long Step Functions refuses to run one of the same name again (AWS)."""


def decided(stores: Stores) -> int:
    """When the ledger row of a try-on goes that is decided now."""
    ledger = Ledger(stores.table)
    try_on = TryOn("t1", "shopper", State.ACCEPTED, "hash", requested_at=NOW, accepted_at=NOW)
    stores.table.write(ledger.acceptance(try_on))
    assert "ttl" not in (stores.table.get(keys.ledger("t1")) or {})
    verdict = Verdict(Outcome.FAILED, Reason.CLOSED)
    stores.table.write(ledger.decision(try_on, verdict, now=NOW, from_states=(State.ACCEPTED,)))
    return int((stores.table.get(keys.ledger("t1")) or {})["ttl"])


@pytest.mark.promise("Rows that hold no names", "ledger-lives-100-days")
def test_the_ledger_outlives_messages_wishes_and_names_of_executions(stores: Stores) -> None:
    """A message dies in a queue or its dead-letter queue within the retention of both."""
    longest = max(queue["MessageRetentionPeriod"] for queue in load().queues.values())
    until = decided(stores) - NOW
    assert until > max(2 * longest, MAX_AGE_SECONDS + longest, NAMES_OF_EXECUTIONS)


@pytest.mark.promise("Erasure", "tombstones-outlive-the-ledger")
def test_a_tombstone_outlives_the_ledger(stores: Stores) -> None:
    stores.erasures.open("shopper", "r", request_id="r", external_user_id="7", now=NOW)
    root = stores.table.get(keys.root("shopper")) or {}
    assert root["ttl"] > decided(stores)


def test_so_does_one_of_a_shopper_who_came_back(stores: Stores) -> None:
    """Whatever else writes the row of the tombstone moves its end on, never back."""
    stores.erasures.open("shopper", "r", request_id="r", external_user_id="7", now=NOW)
    stores.table.write(stores.shoppers.erasure_closed("shopper", "r"))
    before = (stores.table.get(keys.root("shopper")) or {})["ttl"]
    later = NOW + DAY
    seen = stores.shoppers.get("shopper")
    stores.table.write(stores.shoppers.in_flight("shopper", seen, until=later + 120, made_at=later))
    stores.table.write(stores.shoppers.photos_changed("shopper", made_at=later, now=later))
    assert (stores.table.get(keys.root("shopper")) or {})["ttl"] >= before
