"""A table in memory and the stores that write to it, without all the rest."""

import time
from functools import cached_property
from typing import Any

import pytest

from local.memory.dynamodb import DynamoDB
from tests.support.resources import make_table
from tryon_worker.aws.table import Table
from tryon_worker.catalogue.store import Products
from tryon_worker.erasure.store import Erasures
from tryon_worker.photos.store import Photos
from tryon_worker.shoppers import Shoppers

LATE_SECONDS = 3600


class Stores:
    """The stores over one table."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.shoppers = Shoppers(table)
        self.products = Products(table)

    @cached_property
    def photos(self) -> Photos:
        return Photos(self.table, self.shoppers, LATE_SECONDS)

    @cached_property
    def erasures(self) -> Erasures:
        return Erasures(self.table, self.shoppers)


@pytest.fixture
def stores() -> Stores:
    """Stores over a new table that is as the template says."""
    # Typed as Any: it stands in for boto3's client.
    client: Any = DynamoDB(time.time)
    make_table(client, "table")
    return Stores(Table(client, "table", lambda _: None))
