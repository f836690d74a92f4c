"""The composition root: makes the parts that a function asks for, and nothing else."""

import time
import uuid
from functools import cached_property, partial
from typing import Any

import boto3
from botocore.config import Config

from tryon_worker.account.calls import UnbilledCall
from tryon_worker.account.circuit_breaker import CircuitBreaker
from tryon_worker.account.credits import WatchCredits
from tryon_worker.account.probe import Probe
from tryon_worker.account.quotas import Quotas, UploadQuota
from tryon_worker.account.rate_limiter import RateLimiter
from tryon_worker.account.shares import shares_of
from tryon_worker.aws.buckets import Bucket, ImageBuckets
from tryon_worker.aws.queues import ErasureQueue, IntakeQueue, TryOnQueue, UploadQueue
from tryon_worker.aws.secrets import Secret
from tryon_worker.aws.state_machine import StateMachine
from tryon_worker.aws.table import BatchReader, Table
from tryon_worker.batch import Redelivery
from tryon_worker.catalogue.store import Products
from tryon_worker.catalogue.sync import SyncCatalogue
from tryon_worker.clock import Clock, Sleep, system_clock
from tryon_worker.erasure.erase import Erase
from tryon_worker.erasure.export import CancelReports, ExportShopper, PublishReport, ShopperExport
from tryon_worker.erasure.in_flight import IN_FLIGHT_SECONDS, InFlight
from tryon_worker.erasure.shop import RedactShop
from tryon_worker.erasure.store import DataRequests, Erasures, Redactions
from tryon_worker.erasure.sweep import Sweep
from tryon_worker.events.envelope import RefusalPublisher
from tryon_worker.events.publisher import Publisher
from tryon_worker.genlook import GenlookClient, Timeouts
from tryon_worker.housekeeping import HousekeepingRound
from tryon_worker.identity import Pseudonymizer
from tryon_worker.intake import EventRouter
from tryon_worker.photos.receive import ReceivePhoto
from tryon_worker.photos.select import PhotoSelector
from tryon_worker.photos.store import Photos
from tryon_worker.photos.upload import SendPhoto
from tryon_worker.privacy import PrivacyRouter
from tryon_worker.settings import Settings
from tryon_worker.shoppers import Shoppers
from tryon_worker.tryons.accept import Accept, AcceptMany
from tryon_worker.tryons.bulk import DispatchBulk
from tryon_worker.tryons.defer import Defer
from tryon_worker.tryons.details import TryOnDetails
from tryon_worker.tryons.durations import Durations
from tryon_worker.tryons.fan_out import FanOutTryOns
from tryon_worker.tryons.ledger import Ledger
from tryon_worker.tryons.outcome import OutcomePublisher
from tryon_worker.tryons.planner import PollPlanner
from tryon_worker.tryons.polling import Poll
from tryon_worker.tryons.product import ProductResolver
from tryon_worker.tryons.recover import RecoverTryOn
from tryon_worker.tryons.result import MAX_RESULT_BYTES, CopyResult
from tryon_worker.tryons.resume import ResumeDeferred
from tryon_worker.tryons.review import Review
from tryon_worker.tryons.start_polling import StartPolling
from tryon_worker.tryons.step import TryOnStep
from tryon_worker.tryons.submit import PaidCall
from tryon_worker.tryons.submit_result import SubmissionResult

# The SDK's own retries are for AWS calls alone; each of ours is conditional or harmless twice.
_AWS = Config(retries={"mode": "standard", "max_attempts": 4}, connect_timeout=3, read_timeout=10)

TIMEOUTS = Timeouts(connect=5, write=15, read=30, pool=5, total=45)
"""Of a call to Genlook, in seconds. The paid call needs its total within the Lambda's timeout."""


HOUSEKEEPING_TIMEOUTS = Timeouts(connect=3, write=5, read=6, pool=3, total=8)
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
    def housekeeping_genlook(self) -> GenlookClient:
        """The same, for rounds of housekeeping."""
        return GenlookClient(
            api_key=self.api_key,
            base_url=self.settings.genlook_base_url,
            timeouts=HOUSEKEEPING_TIMEOUTS,
        )

    @cached_property
    def pseudonymizer(self) -> Pseudonymizer:
        """The keyed hashes of this stack."""
        secret = Secret(self._aws("secretsmanager"), self.settings.shopper_key_secret_arn)
        return Pseudonymizer(secret().encode())

    # --- what is kept

    @cached_property
    def table(self) -> Table:
        """The table."""
        return Table(self._aws("dynamodb"), self.settings.table_name, self.sleep)

    @cached_property
    def bulk(self) -> BatchReader:
        """Reads of many rows of the table."""
        return BatchReader(self._aws("dynamodb"), self.settings.table_name, self.sleep)

    @cached_property
    def ledger(self) -> Ledger:
        """The ledger."""
        return Ledger(self.table)

    @cached_property
    def details(self) -> TryOnDetails:
        """The request rows."""
        return TryOnDetails(self.table)

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
    def data_requests(self) -> DataRequests:
        """The rows of questions about shoppers."""
        return DataRequests(self.table, self.shoppers)

    @cached_property
    def products(self) -> Products:
        """The product rows."""
        return Products(self.table)

    @cached_property
    def rate_limiter(self) -> RateLimiter:
        """The account's budget."""
        shares = shares_of(self.settings.shared_requests_per_minute, self.settings.share_percents)
        return RateLimiter(self.table, shares, self.clock)

    @cached_property
    def durations(self) -> Durations:
        """How long generations took."""
        return Durations(self.table)

    @cached_property
    def circuit_breaker(self) -> CircuitBreaker:
        """The circuit breaker."""
        return CircuitBreaker(self.table, self.clock)

    @cached_property
    def quotas(self) -> Quotas:
        """The caps of a day."""
        return Quotas(
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
    def refusal_publisher(self) -> RefusalPublisher:
        """What is said of events that cannot be used."""
        return RefusalPublisher(self.publisher)

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
    def state_machine(self) -> StateMachine:
        """The state machine's executions."""
        return StateMachine(self._aws("stepfunctions"), self.settings.state_machine_arn)


class TryOns(Resources):
    """The use cases of a try-on."""

    @cached_property
    def outcomes(self) -> OutcomePublisher:
        """The one door of outcomes."""
        return OutcomePublisher(
            self.table,
            self.ledger,
            self.details,
            self.shoppers,
            self.publisher,
            self.clock,
            self.settings.retention_seconds,
        )

    @cached_property
    def accept(self) -> Accept:
        """Accepts requests."""
        return Accept(
            self.table,
            self.ledger,
            self.details,
            self.shoppers,
            self.pseudonymizer,
            self.tryon_queue,
            self.clock,
            self.settings.allowed_image_buckets,
        )

    @cached_property
    def start_polling(self) -> StartPolling:
        """Starts wait loops."""
        return StartPolling(
            self.details, self.publisher, self.state_machine, self.poll_planner, self.clock
        )

    @cached_property
    def poll_planner(self) -> PollPlanner:
        """Plans looks."""
        return PollPlanner(self.durations, self.rate_limiter, self.clock)

    @cached_property
    def review(self) -> Review:
        """Carries out reviews."""
        return Review(
            table=self.table,
            ledger=self.ledger,
            outcomes=self.outcomes,
            start_polling=self.start_polling,
            circuit_breaker=self.circuit_breaker,
            unbilled_call=self.unbilled_call,
            # Intake has other events to take in: a Genlook that hangs must not take up its time.
            generation=self.housekeeping_genlook.generation,
            tryon_queue=self.tryon_queue,
            clock=self.clock,
            deadline_seconds=self.settings.tryon_deadline_seconds,
            call_seconds=TIMEOUTS.total,
        )

    @cached_property
    def unbilled_call(self) -> UnbilledCall:
        """Makes the calls to Genlook that cost no credit."""
        return UnbilledCall(self.rate_limiter, self.circuit_breaker, self.api_key, self.sleep)

    @cached_property
    def defer(self) -> Defer:
        """Parks try-ons."""
        return Defer(
            self.table,
            self.ledger,
            self.details,
            self.shoppers,
            self.quotas,
            self.publisher,
            self.tryon_queue,
            self.clock,
            self.settings.photo_wait_seconds,
            self.settings.tryon_wait_seconds,
        )

    @cached_property
    def select_photo(self) -> PhotoSelector:
        """Finds shoppers' pictures."""
        return PhotoSelector(self.photos, self.upload_queue, self.pseudonymizer)

    @cached_property
    def submit(self) -> TryOnStep:
        """Takes try-ons one step further."""
        return TryOnStep(
            ledger=self.ledger,
            details=self.details,
            shoppers=self.shoppers,
            select_photo=self.select_photo,
            paid_call=self._call_genlook,
            defer=self.defer,
            start_polling=self.start_polling,
            outcomes=self.outcomes,
            clock=self.clock,
            new_attempt=new_attempt,
        )

    @cached_property
    def _call_genlook(self) -> PaidCall:
        images = ImageBuckets(self._aws("s3"), self.settings.allowed_image_buckets)
        return PaidCall(
            table=self.table,
            ledger=self.ledger,
            shoppers=self.shoppers,
            products=self.products,
            resolve_product=ProductResolver(self.products, images),
            rate_limiter=self.rate_limiter,
            circuit_breaker=self.circuit_breaker,
            quotas=self.quotas,
            defer=self.defer,
            result_of=self._submission_result,
            call=self.genlook.create_try_on,
            call_seconds=TIMEOUTS.total,
            clock=self.clock,
            sleep=self.sleep,
            keep_for_days=self.settings.keep_for_days,
        )

    @cached_property
    def _submission_result(self) -> SubmissionResult:
        return SubmissionResult(
            table=self.table,
            ledger=self.ledger,
            products=self.products,
            photos=self.photos,
            rate_limiter=self.rate_limiter,
            circuit_breaker=self.circuit_breaker,
            defer=self.defer,
            start_polling=self.start_polling,
            outcomes=self.outcomes,
            publisher=self.publisher,
            tryon_queue=self.tryon_queue,
            api_key=self.api_key,
            clock=self.clock,
            deadline_seconds=self.settings.tryon_deadline_seconds,
        )

    @cached_property
    def poll(self) -> Poll:
        """Looks at generations."""
        return self._poll_by(self.genlook, asks_again=True)

    def _poll_by(self, genlook: GenlookClient, *, asks_again: bool) -> Poll:
        copy_result = CopyResult(
            self.ledger,
            self.details,
            self.shoppers,
            self.result_bucket,
            self.rate_limiter,
            partial(genlook.download_result, max_bytes=MAX_RESULT_BYTES),
            genlook.generation,
            self.clock,
            self.sleep,
            self.settings.keep_for_days,
            asks_again,
        )
        return Poll(
            ledger=self.ledger,
            rate_limiter=self.rate_limiter,
            circuit_breaker=self.circuit_breaker,
            outcomes=self.outcomes,
            copy_result=copy_result,
            plan=self.poll_planner,
            generation=genlook.generation,
            api_key=self.api_key,
            clock=self.clock,
            sleep=self.sleep,
            standstill_seconds=self.settings.tryon_wait_seconds,
        )

    @cached_property
    def recover(self) -> RecoverTryOn:
        """Moves on what waits too long."""
        return RecoverTryOn(
            self.ledger,
            self.details,
            self.shoppers,
            self.outcomes,
            self._poll_by(self.housekeeping_genlook, asks_again=False),
            self.select_photo,
            self.start_polling,
            self.review,
            self.circuit_breaker,
            self.state_machine,
            self.tryon_queue,
            self.defer,
            self.clock,
        )


class Privacy(TryOns):
    """The use cases of the erasure Lambda."""

    @property
    def _late_seconds(self) -> int:
        """From a submit until its generation can surely leave nothing more at Genlook."""
        return self.settings.tryon_deadline_seconds + self.settings.late_margin_seconds

    @cached_property
    def erase(self) -> Erase:
        """Erases shoppers."""
        cancel_reports = CancelReports(
            self.data_requests, self.refusal_publisher, self._publish_report
        )
        in_flight = InFlight(
            self.bulk,
            self.photos,
            self.shoppers,
            cancel_reports,
            self.clock,
            self._late_seconds,
        )
        sweep = Sweep(
            self.bulk,
            self.photos,
            self.photo_bucket,
            self.result_bucket,
            self.outcomes,
            cancel_reports,
        )
        return Erase(
            erasures=self.erasures,
            in_flight=in_flight,
            sweep=sweep,
            unbilled_call=self.unbilled_call,
            publisher=self.publisher,
            pseudonymizer=self.pseudonymizer,
            delete_customer=self.genlook.delete_customer,
            clock=self.clock,
        )

    @property
    def _publish_report(self) -> PublishReport:
        return PublishReport(self.publisher, self.result_bucket.name)

    @cached_property
    def export_shopper(self) -> ExportShopper:
        """Answers what is held about a shopper."""
        shopper_export = ShopperExport(
            self.table,
            self.bulk,
            self.photos,
            self.photo_bucket,
            self.result_bucket,
            self.clock,
            self.settings.keep_for_days,
        )
        return ExportShopper(
            self.data_requests,
            shopper_export,
            self.result_bucket,
            self._publish_report,
            self.pseudonymizer,
            self.clock,
            self.settings.keep_for_days,
        )

    @cached_property
    def redact_shop(self) -> RedactShop:
        """Forgets a whole shop."""
        return RedactShop(
            redactions=Redactions(self.table),
            erasures=self.erasures,
            bulk=self.bulk,
            photo_bucket=self.photo_bucket,
            result_bucket=self.result_bucket,
            erasure_queue=self.erasure_queue,
            publisher=self.publisher,
            pseudonymizer=self.pseudonymizer,
            clock=self.clock,
            late_seconds=self._late_seconds + IN_FLIGHT_SECONDS,
        )

    @cached_property
    def route_privacy_request(self) -> PrivacyRouter:
        """Takes in what is asked about shoppers."""
        return PrivacyRouter(
            self.erase,
            self.export_shopper,
            self.redact_shop,
            self.refusal_publisher,
            self.settings.allowed_sources,
            self.settings.shop_domain,
        )


class Container(Privacy):
    """Everything a function may need, made when it is first asked for."""

    @cached_property
    def sync_catalogue(self) -> SyncCatalogue:
        """Keeps the catalogue."""
        return SyncCatalogue(
            self.products,
            self.unbilled_call,
            self.genlook.delete_product,
            self.clock,
            self.settings.allowed_image_buckets,
        )

    @cached_property
    def route_event(self) -> EventRouter:
        """Takes events of the bus in."""
        accept_many = AcceptMany(self.accept, self.refusal_publisher)
        return EventRouter(
            self.accept,
            accept_many,
            FanOutTryOns(accept_many, self.pseudonymizer, self.intake_queue),
            self.sync_catalogue,
            self.review,
            self.intake_queue,
            self.pseudonymizer,
            self.refusal_publisher,
            self.settings.allowed_sources,
            self.clock,
        )

    @cached_property
    def receive_photo(self) -> ReceivePhoto:
        """Takes photos to Genlook."""
        send = SendPhoto(
            self.photo_bucket,
            self.unbilled_call,
            self.genlook.upload_image,
            self.clock,
            self.settings.keep_for_days,
        )
        return ReceivePhoto(
            photos=self.photos,
            shoppers=self.shoppers,
            upload_quota=UploadQuota(self.table, self.settings.max_photos_per_shopper_per_day),
            bucket=self.photo_bucket,
            send=send,
            publisher=self.publisher,
            upload_queue=self.upload_queue,
            resume=ResumeDeferred(self.ledger, self.details, self.tryon_queue),
            pseudonymizer=self.pseudonymizer,
            clock=self.clock,
            new_attempt=new_attempt,
            keep_for_days=self.settings.keep_for_days,
        )

    @cached_property
    def housekeeping_round(self) -> HousekeepingRound:
        """A round of housekeeping."""
        probe = Probe(
            self.circuit_breaker,
            self.rate_limiter,
            self.publisher,
            self.housekeeping_genlook.credits,
            self.api_key,
            self.sleep,
            self.clock,
        )
        watch_credits = WatchCredits(
            self.table,
            self.circuit_breaker,
            self.unbilled_call,
            self.housekeeping_genlook.credits,
            self.publisher,
            self.clock,
            self.settings.credits_low_threshold,
        )
        release = DispatchBulk(
            self.table,
            self.tryon_queue,
            self.circuit_breaker,
            self.quotas,
            self.clock,
            self.settings.shared_requests_per_minute,
            self.settings.tryon_wait_seconds,
        )
        return HousekeepingRound(
            self.table,
            probe,
            watch_credits,
            release,
            self.recover,
            self.upload_queue,
            self.erasure_queue,
            self.sync_catalogue.forget,
            self.clock,
        )
