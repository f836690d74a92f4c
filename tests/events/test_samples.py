"""Each event that comes in or goes out has a schema, and a sample that keeps it."""

import pytest
from jsonschema_rs import meta

from tests.events.catalogue import complaints, sample, samples, schema, schema_name, schema_names

# The contract with producers and consumers: a name that is missing here or there breaks somebody.
INCOMING = {
    "TryOnRequested",
    "OrderPlaced",
    "ProductUpserted",
    "ProductDeleted",
    "ErasureRequested",
    "DataRequested",
    "TryOnReviewed",
    "shopifyWebhook",
}
FROM_AWS = {"ObjectCreated", "ExecutionEnded"}
OUTGOING = {
    "PhotoReady",
    "PhotoRejected",
    "TryOnDeferred",
    "TryOnSubmitted",
    "TryOnCompleted",
    "TryOnFailed",
    "TryOnNeedsReview",
    "RequestRefused",
    "CreditsLow",
    "CreditsExhausted",
    "CreditsRestored",
    "SpendCapReached",
    "CustomerErased",
    "ShopErased",
    "DataReported",
}
ALL = [*samples("incoming"), *samples("outgoing")]


def test_every_event_has_a_sample() -> None:
    assert {schema_name(name) for name in samples("incoming")} == INCOMING | FROM_AWS | {
        "TryOnMessage"
    }
    assert {schema_name(name) for name in samples("outgoing")} == OUTGOING


def test_every_schema_has_a_sample() -> None:
    assert set(schema_names()) == {schema_name(name) for name in ALL}


@pytest.mark.parametrize("name", [*schema_names(), "common"])
def test_every_schema_is_one(name: str) -> None:
    meta.validate(schema(name))


@pytest.mark.parametrize("name", ALL)
def test_every_sample_keeps_its_schema(name: str) -> None:
    assert complaints(schema_name(name), sample(name)) == []


@pytest.mark.parametrize("name", [n for n in ALL if schema_name(n) in INCOMING | OUTGOING])
def test_a_sample_is_named_after_its_detail_type(name: str) -> None:
    assert sample(name)["detail-type"] == schema_name(name)


@pytest.mark.parametrize("name", ALL)
def test_a_sample_is_refused_by_every_schema_but_its_own(name: str) -> None:
    others = [other for other in schema_names() if other != schema_name(name)]
    assert [other for other in others if not complaints(other, sample(name))] == []


@pytest.mark.parametrize("name", samples("outgoing"))
def test_what_goes_out_holds_nothing_that_its_schema_does_not_name(name: str) -> None:
    event = sample(name)
    event["detail"]["resultImageUrl"] = "https://storage.example/signed"
    assert complaints(schema_name(name), event)
