"""A real table of a test's own, and the stores that write to it, without all the rest."""

import uuid
from functools import cached_property

import pytest

from local.engine_process import Engine
from tests.support.resources import make_table
from tryon_worker.store.erasures import Erasures
from tryon_worker.store.photos import Photos
from tryon_worker.store.products import Products
from tryon_worker.store.shoppers import Shoppers
from tryon_worker.store.table import Table


class Stores:
    """The stores over one table."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.shoppers = Shoppers(table)
        self.products = Products(table)

    @cached_property
    def photos(self) -> Photos:
        return Photos(self.table, self.shoppers)

    @cached_property
    def erasures(self) -> Erasures:
        return Erasures(self.table, self.shoppers)


@pytest.fixture
def stores(engine: Engine) -> Stores:
    """Stores over a new table that is as the template says."""
    name = f"t{uuid.uuid4().hex[:12]}"
    client = engine.client("dynamodb")
    make_table(client, name)
    return Stores(Table(client, name, lambda _: None))
