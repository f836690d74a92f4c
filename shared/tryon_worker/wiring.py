"""Puts the parts together, once a process; the only place that makes AWS clients."""

import time
import uuid
from functools import cached_property, partial
from typing import Any

import boto3
from botocore.config import Config

from tryon_worker.breaker import Breaker
from tryon_worker.budget import Budget
from tryon_worker.clock import Clock, Sleep, system_clock
from tryon_worker.events import Publisher
from tryon_worker.executions import Executions
from tryon_worker.gcra import Rate
from tryon_worker.genlook import GenlookClient, Timeouts
from tryon_worker.identity import Identities
from tryon_worker.incoming import Refusals
from tryon_worker.objects import Bucket, ImageBuckets
from tryon_worker.queues import ErasureQueue, TryOnQueue, UploadQueue
from tryon_worker.redelivery import Redelivery
from tryon_worker.secrets import Secret
from tryon_worker.settings import Settings
from tryon_worker.store.caps import Caps
from tryon_worker.store.erasures import Erasures
from tryon_worker.store.ledger import Ledger
from tryon_worker.store.photos import Photos
from tryon_worker.store.products import Products
from tryon_worker.store.requests import Requests
from tryon_worker.store.shoppers import Shoppers
from tryon_worker.store.table import Table
from tryon_worker.usecases.accept import Accept
from tryon_worker.usecases.after_submit import Begin
from tryon_worker.usecases.copy_result import MAX_RESULT_BYTES, CopyResult
from tryon_worker.usecases.door import Door
from tryon_worker.usecases.dress import Dress
from tryon_worker.usecases.erase import Erase
from tryon_worker.usecases.free_call import FreeCall
from tryon_worker.usecases.housekeep import Housekeep
from tryon_worker.usecases.keep_products import KeepProducts
from tryon_worker.usecases.look import Look
from tryon_worker.usecases.move_on import MoveOn
from tryon_worker.usecases.park import Park
from tryon_worker.usecases.pay import Pay
from tryon_worker.usecases.person import FindPerson
from tryon_worker.usecases.probe import Probe
from tryon_worker.usecases.receive_photo import ReceivePhoto
from tryon_worker.usecases.review import Review
from tryon_worker.usecases.send_photo import SendPhoto
from tryon_worker.usecases.submit import Submit
from tryon_worker.usecases.submit_ends import SubmitEnds
from tryon_worker.usecases.sweep import Sweep
from tryon_worker.usecases.take_erasure import TakeErasure
from tryon_worker.usecases.take_in import TakeIn
from tryon_worker.usecases.wake import WakeDeferred

# The SDK's own retries are for AWS calls alone; each of ours is conditional or harmless twice.
_AWS = Config(retries={"mode": "standard", "max_attempts": 4}, connect_timeout=3, read_timeout=10)

TIMEOUTS = Timeouts(connect=5, write=15, read=30, pool=5, total=45)
"""Of a call to Genlook, in seconds. The paid call needs its total within the Lambda's timeout."""


ROUND_TIMEOUTS = Timeouts(connect=3, write=5, read=8, pool=3, total=10)
"""Of a call within a round of housekeeping: a Genlook that hangs must not take up the round."""


def new_attempt() -> str:
    """A name that no other attempt has."""
    return uuid.uuid4().hex


class Wiring:
    """Everything a function may need, made when it is first asked for."""

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
        return Photos(self.table, self.shoppers)

    @cached_property
    def products(self) -> Products:
        """The product rows."""
        return Products(self.table)

    @cached_property
    def budget(self) -> Budget:
        """The account's budget."""
        return Budget(self.table, Rate(self.settings.requests_per_minute), self.clock)

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
    def tryon_queue(self) -> TryOnQueue:
        """The try-on queue."""
        return TryOnQueue(self._aws("sqs"), self.settings.tryon_queue_url)

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

    # --- what is done

    @cached_property
    def door(self) -> Door:
        """The one door of outcomes."""
        return Door(
            self.table,
            self.ledger,
            self.requests,
            self.shoppers,
            self.publisher,
            self.clock,
            self.settings.retention_seconds,
        )

    @cached_property
    def accept(self) -> Accept:
        """Accepts wishes."""
        return Accept(
            self.table,
            self.ledger,
            self.requests,
            self.shoppers,
            self.identities,
            self.tryon_queue,
            self.clock,
            self.settings.allowed_image_buckets,
        )

    @cached_property
    def keep_products(self) -> KeepProducts:
        """Keeps the catalogue."""
        return KeepProducts(
            self.products,
            self.free_call,
            self.genlook.delete_product,
            self.clock,
            self.settings.allowed_image_buckets,
        )

    @cached_property
    def take_in(self) -> TakeIn:
        """Takes events of the bus in."""
        return TakeIn(
            self.accept,
            self.keep_products,
            self.review,
            self.identities,
            Refusals(self.publisher),
            self.settings.allowed_sources,
            self.clock,
        )

    @cached_property
    def begin(self) -> Begin:
        """Starts wait loops."""
        return Begin(self.requests, self.publisher, self.executions)

    @cached_property
    def review(self) -> Review:
        """Carries out reviews."""
        return Review(
            self.ledger,
            self.door,
            self.begin,
            self.breaker,
            self.tryon_queue,
            self.clock,
            self.settings.tryon_deadline_seconds,
        )

    @cached_property
    def park(self) -> Park:
        """Parks try-ons."""
        return Park(
            self.table,
            self.ledger,
            self.requests,
            self.shoppers,
            self.caps,
            self.publisher,
            self.clock,
            self.settings.photo_wait_seconds,
            self.settings.tryon_wait_seconds,
        )

    @cached_property
    def find_person(self) -> FindPerson:
        """Finds shoppers' pictures."""
        return FindPerson(self.photos, self.upload_queue, self.identities)

    @cached_property
    def submit(self) -> Submit:
        """Takes try-ons one step further."""
        return Submit(
            ledger=self.ledger,
            requests=self.requests,
            shoppers=self.shoppers,
            find_person=self.find_person,
            pay=self._pay,
            park=self.park,
            begin=self.begin,
            door=self.door,
            clock=self.clock,
            new_attempt=new_attempt,
        )

    @cached_property
    def _pay(self) -> Pay:
        images = ImageBuckets(self._aws("s3"), self.settings.allowed_image_buckets)
        return Pay(
            table=self.table,
            ledger=self.ledger,
            shoppers=self.shoppers,
            products=self.products,
            dress=Dress(self.products, images),
            budget=self.budget,
            breaker=self.breaker,
            caps=self.caps,
            park=self.park,
            ends=self._submit_ends,
            call=self.genlook.create_try_on,
            call_seconds=TIMEOUTS.total,
            clock=self.clock,
            sleep=self.sleep,
            keep_for_days=self.settings.keep_for_days,
        )

    @cached_property
    def _submit_ends(self) -> SubmitEnds:
        return SubmitEnds(
            table=self.table,
            ledger=self.ledger,
            products=self.products,
            photos=self.photos,
            budget=self.budget,
            breaker=self.breaker,
            park=self.park,
            begin=self.begin,
            door=self.door,
            publisher=self.publisher,
            tryon_queue=self.tryon_queue,
            api_key=self.api_key,
            clock=self.clock,
            deadline_seconds=self.settings.tryon_deadline_seconds,
        )

    @cached_property
    def free_call(self) -> FreeCall:
        """Makes the calls to Genlook that cost no credit."""
        return FreeCall(self.budget, self.breaker, self.api_key, self.sleep)

    @cached_property
    def receive_photo(self) -> ReceivePhoto:
        """Takes photos to Genlook."""
        send = SendPhoto(
            self.photo_bucket,
            self.free_call,
            self.genlook.upload_image,
            self.clock,
            self.settings.keep_for_days,
        )
        return ReceivePhoto(
            photos=self.photos,
            shoppers=self.shoppers,
            bucket=self.photo_bucket,
            send=send,
            publisher=self.publisher,
            wake=WakeDeferred(self.ledger, self.requests, self.tryon_queue),
            identities=self.identities,
            clock=self.clock,
            new_attempt=new_attempt,
            keep_for_days=self.settings.keep_for_days,
        )

    @cached_property
    def look(self) -> Look:
        """Looks at generations."""
        return self._look_by(self.genlook)

    def _look_by(self, genlook: GenlookClient) -> Look:
        copy_result = CopyResult(
            self.ledger,
            self.requests,
            self.shoppers,
            self.result_bucket,
            self.budget,
            partial(genlook.download_result, max_bytes=MAX_RESULT_BYTES),
            genlook.generation,
            self.clock,
            self.sleep,
            self.settings.keep_for_days,
        )
        return Look(
            ledger=self.ledger,
            budget=self.budget,
            breaker=self.breaker,
            door=self.door,
            copy_result=copy_result,
            generation=genlook.generation,
            api_key=self.api_key,
            clock=self.clock,
            sleep=self.sleep,
        )

    @cached_property
    def move_on(self) -> MoveOn:
        """Moves on what waits too long."""
        return MoveOn(
            self.ledger,
            self.requests,
            self.door,
            self._look_by(self.brisk_genlook),
            self.find_person,
            self.begin,
            self.review,
            self.breaker,
            self.executions,
            self.tryon_queue,
            self.park,
            self.clock,
        )

    @cached_property
    def housekeep(self) -> Housekeep:
        """A round of housekeeping."""
        probe = Probe(
            self.breaker,
            self.budget,
            self.publisher,
            self.brisk_genlook.credits,
            self.api_key,
            self.sleep,
            self.clock,
        )
        return Housekeep(
            self.table,
            probe,
            self.move_on,
            self.upload_queue,
            self.erasure_queue,
            self.keep_products.forget,
            self.clock,
        )

    @cached_property
    def erase(self) -> Erase:
        """Erases shoppers."""
        sweep = Sweep(
            table=self.table,
            ledger=self.ledger,
            requests=self.requests,
            photos=self.photos,
            photo_bucket=self.photo_bucket,
            result_bucket=self.result_bucket,
            door=self.door,
            clock=self.clock,
            late_seconds=self.settings.tryon_deadline_seconds + self.settings.late_margin_seconds,
        )
        return Erase(
            erasures=Erasures(self.table, self.shoppers),
            sweep=sweep,
            free_call=self.free_call,
            publisher=self.publisher,
            identities=self.identities,
            delete_customer=self.genlook.delete_customer,
            clock=self.clock,
        )

    @cached_property
    def take_erasure(self) -> TakeErasure:
        """Takes erasure requests in."""
        return TakeErasure(self.erase, Refusals(self.publisher), self.settings.allowed_sources)
