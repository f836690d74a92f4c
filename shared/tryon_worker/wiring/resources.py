"""What the parts are made of, the only place that makes AWS clients: stores, queues, Genlook."""

import time
import uuid
from functools import cached_property
from typing import Any

import boto3
from botocore.config import Config

from tryon_worker.breaker import Breaker
from tryon_worker.budget import Budget
from tryon_worker.clock import Clock, Sleep, system_clock
from tryon_worker.events import Publisher
from tryon_worker.executions import Executions
from tryon_worker.genlook import GenlookClient, Timeouts
from tryon_worker.identity import Identities
from tryon_worker.incoming import Refusals
from tryon_worker.objects import Bucket
from tryon_worker.queues import ErasureQueue, IntakeQueue, TryOnQueue, UploadQueue
from tryon_worker.redelivery import Redelivery
from tryon_worker.secrets import Secret
from tryon_worker.settings import Settings
from tryon_worker.shares import shares_of
from tryon_worker.store.bulk import Bulk
from tryon_worker.store.caps import Caps
from tryon_worker.store.durations import Durations
from tryon_worker.store.erasures import Erasures
from tryon_worker.store.ledger import Ledger
from tryon_worker.store.photos import Photos
from tryon_worker.store.products import Products
from tryon_worker.store.reports import Reports
from tryon_worker.store.requests import Requests
from tryon_worker.store.shoppers import Shoppers
from tryon_worker.store.table import Table

# The SDK's own retries are for AWS calls alone; each of ours is conditional or harmless twice.
_AWS = Config(retries={"mode": "standard", "max_attempts": 4}, connect_timeout=3, read_timeout=10)

TIMEOUTS = Timeouts(connect=5, write=15, read=30, pool=5, total=45)
"""Of a call to Genlook, in seconds. The paid call needs its total within the Lambda's timeout."""


ROUND_TIMEOUTS = Timeouts(connect=3, write=5, read=6, pool=3, total=8)
"""Of a call within a round of housekeeping: a Genlook that hangs must not take up the round."""


def new_attempt() -> str:
    """A name that no other attempt has."""
    return uuid.uuid4().hex


class Resources:
    """Everything that is asked, kept and said, made when it is first needed."""

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        clock: Clock = system_clock,
        sleep: Sleep = time.sleep,
        session: Any = boto3,
    ) -> None:
        self.settings = settings or Settings()
        self.clock = clock
        self.sleep = sleep
        self._session = session

    def _aws(self, service: str) -> Any:
        return self._session.client(service, config=_AWS)

    # --- what is asked

    @cached_property
    def api_key(self) -> Secret:
        """Genlook's API key."""
        return Secret(self._aws("secretsmanager"), self.settings.genlook_secret_arn)

    @cached_property
    def genlook(self) -> GenlookClient:
        """The client of the Genlook API."""
        return GenlookClient(
            api_key=self.api_key, base_url=self.settings.genlook_base_url, timeouts=TIMEOUTS
        )

    @cached_property
    def brisk_genlook(self) -> GenlookClient:
        """The same, for rounds of housekeeping."""
        return GenlookClient(
            api_key=self.api_key, base_url=self.settings.genlook_base_url, timeouts=ROUND_TIMEOUTS
        )

    @cached_property
    def identities(self) -> Identities:
        """The keyed hashes of this stack."""
        secret = Secret(self._aws("secretsmanager"), self.settings.shopper_key_secret_arn)
        return Identities(secret().encode())

    # --- what is kept

    @cached_property
    def table(self) -> Table:
        """The table."""
        return Table(self._aws("dynamodb"), self.settings.table_name, self.sleep)

    @cached_property
    def bulk(self) -> Bulk:
        """Reads of many rows of the table."""
        return Bulk(self._aws("dynamodb"), self.settings.table_name, self.sleep)

    @cached_property
    def ledger(self) -> Ledger:
        """The ledger."""
        return Ledger(self.table)

    @cached_property
    def requests(self) -> Requests:
        """The request rows."""
        return Requests(self.table)

    @cached_property
    def shoppers(self) -> Shoppers:
        """The shoppers' root rows."""
        return Shoppers(self.table)

    @cached_property
    def photos(self) -> Photos:
        """The photo rows."""
        return Photos(self.table, self.shoppers, self.settings.late_margin_seconds)

    @cached_property
    def erasures(self) -> Erasures:
        """The erasures' rows."""
        return Erasures(self.table, self.shoppers)

    @cached_property
    def reports(self) -> Reports:
        """The rows of questions about shoppers."""
        return Reports(self.table, self.shoppers)

    @cached_property
    def products(self) -> Products:
        """The product rows."""
        return Products(self.table)

    @cached_property
    def budget(self) -> Budget:
        """The account's budget."""
        shares = shares_of(self.settings.shared_requests_per_minute, self.settings.share_percents)
        return Budget(self.table, shares, self.clock)

    @cached_property
    def durations(self) -> Durations:
        """How long generations took."""
        return Durations(self.table)

    @cached_property
    def breaker(self) -> Breaker:
        """The breaker."""
        return Breaker(self.table, self.clock)

    @cached_property
    def caps(self) -> Caps:
        """The caps of a day."""
        return Caps(
            self.table,
            self.settings.max_tryons_per_day,
            self.settings.max_tryons_per_shopper_per_day,
        )

    @cached_property
    def photo_bucket(self) -> Bucket:
        """The bucket that photos come into."""
        return Bucket(self._aws("s3"), self.settings.photo_bucket_name)

    @cached_property
    def result_bucket(self) -> Bucket:
        """The bucket that pictures go out of."""
        return Bucket(self._aws("s3"), self.settings.result_bucket_name)

    # --- what is said

    @cached_property
    def publisher(self) -> Publisher:
        """The event bus."""
        return Publisher(self._aws("events"), self.settings.event_bus_name, self.clock)

    @cached_property
    def refusals(self) -> Refusals:
        """What is said of events that cannot be used."""
        return Refusals(self.publisher)

    @cached_property
    def tryon_queue(self) -> TryOnQueue:
        """The try-on queue."""
        return TryOnQueue(self._aws("sqs"), self.settings.tryon_queue_url)

    @cached_property
    def intake_queue(self) -> IntakeQueue:
        """The intake queue."""
        return IntakeQueue(self._aws("sqs"), self.settings.intake_queue_url)

    @cached_property
    def upload_queue(self) -> UploadQueue:
        """The upload queue."""
        return UploadQueue(self._aws("sqs"), self.settings.upload_queue_url)

    @cached_property
    def erasure_queue(self) -> ErasureQueue:
        """The erasure queue."""
        return ErasureQueue(self._aws("sqs"), self.settings.erasure_queue_url)

    @cached_property
    def redelivery(self) -> Redelivery:
        """The queue that the function itself is fed from."""
        return Redelivery(self._aws("sqs"), self.settings.own_queue_url)

    @cached_property
    def executions(self) -> Executions:
        """The state machine's executions."""
        return Executions(self._aws("stepfunctions"), self.settings.state_machine_arn)
