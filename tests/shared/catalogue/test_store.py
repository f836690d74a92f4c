"""Each clause of the writes by which the catalogue is kept."""

from tests.support.tables import Stores
from tryon_worker.catalogue.model import DeletedProduct
from tryon_worker.events.schemas import RequestedProduct

TEE = RequestedProduct(external_id="tee-1", title="Tee")


def test_the_newest_word_counts_and_the_same_again_is_no_harm(stores: Stores) -> None:
    assert stores.products.upsert(TEE, updated_at=10.5)
    assert stores.products.upsert(TEE, updated_at=10.5)
    assert not stores.products.upsert(TEE, updated_at=10.4)
    kept = stores.products.get("tee-1")
    assert kept is not None
    assert (kept.product, kept.updated_at) == (TEE, 10.5)


def test_a_deletion_counts_by_its_time_too(stores: Stores) -> None:
    stores.products.upsert(TEE, updated_at=10)
    assert not stores.products.delete("tee-1", deleted_at=9, now=20)
    assert stores.products.delete("tee-1", deleted_at=11, now=20)
    assert not stores.products.upsert(TEE, updated_at=10.9)
    assert stores.products.deleted("tee-1") == DeletedProduct(11, 0)


def test_what_is_back_is_no_longer_gone(stores: Stores) -> None:
    stores.products.delete("tee-1", deleted_at=11, now=20)
    stores.products.upsert(TEE, updated_at=12)
    assert stores.products.deleted("tee-1") is None
    row = stores.table.get(("PRODUCT#tee-1", "PRODUCT")) or {}
    assert {"dueAt", "dueShard", "ttl", "deletedAt"}.isdisjoint(row)


def test_what_is_back_is_not_marked_by_who_deleted_it(stores: Stores) -> None:
    stores.products.delete("tee-1", deleted_at=11, now=20)
    old = DeletedProduct(11, 0)
    stores.products.upsert(TEE, updated_at=12)
    stores.products.delete("tee-1", deleted_at=13, now=30)
    stores.products.confirm_deletion("tee-1", old)
    stores.products.retry_deletion("tee-1", old, due_at=99)
    assert stores.products.deleted("tee-1") == DeletedProduct(13, 0)


def test_tries_are_counted_until_it_is_forgotten(stores: Stores) -> None:
    stores.products.delete("tee-1", deleted_at=11, now=20)
    for tries in range(3):
        gone = stores.products.deleted("tee-1")
        assert gone == DeletedProduct(11, tries)
        stores.products.retry_deletion("tee-1", gone, due_at=99)
    stores.products.confirm_deletion("tee-1", DeletedProduct(11, 3))
    assert stores.products.deleted("tee-1") is None
    assert not stores.products.upsert(TEE, updated_at=10)
