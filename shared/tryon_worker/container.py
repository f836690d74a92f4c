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
from tryon_worker.aws.table import Table
from tryon_worker.batch import Redelivery
from tryon_worker.catalogue.store import Products
from tryon_worker.catalogue.sync import SyncCatalogue
from tryon_worker.clock import Clock, Sleep, system_clock
from tryon_worker.erasure.erase import Erase
from tryon_worker.erasure.export import CancelReports, ExportShopper, PublishReport, ReportWriter
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
from tryon_worker.photos.upload import UploadPhoto
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

TIMEOUTS = Timeouts(connect=5, write=15, read=30, total=45)
"""Of a call to Genlook, in seconds. The paid call needs its total within the Lambda's timeout."""


HOUSEKEEPING_TIMEOUTS = Timeouts(connect=3, write=5, read=6, total=8)
"""Of a call within a round of housekeeping: a Genlook that hangs must not take up the round."""


def new_attempt() -> str:
    """A name that no other attempt has."""
    return uuid.uuid4().hex


class Container:
    """All parts of the worker, each made when it is first asked for.

    A function takes what it needs from here, so nothing else is made. ``overrides`` are parts that
    take the place of those of the same name.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Clock = system_clock,
        sleep: Sleep = time.sleep,
        session: Any = boto3,
        **overrides: Any,
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.sleep = sleep
        self._session = session
        vars(self).update(overrides)  # where ``cached_property`` looks first

    def _aws(self, service: str) -> Any:
        return self._session.client(service, config=_AWS)

    # --- what is asked

    @cached_property
    def api_key(self) -> Secret:
        return Secret(self._aws("secretsmanager"), self.settings.genlook_secret_arn)

    @cached_property
    def genlook(self) -> GenlookClient:
        return GenlookClient(
            api_key=self.api_key, base_url=self.settings.genlook_base_url, timeouts=TIMEOUTS
        )

    @cached_property
    def housekeeping_genlook(self) -> GenlookClient:
        return GenlookClient(
            api_key=self.api_key,
            base_url=self.settings.genlook_base_url,
            timeouts=HOUSEKEEPING_TIMEOUTS,
        )

    @cached_property
    def pseudonymizer(self) -> Pseudonymizer:
        secret = Secret(self._aws("secretsmanager"), self.settings.shopper_key_secret_arn)
        return Pseudonymizer(secret().encode())

    # --- what is kept

    @cached_property
    def table(self) -> Table:
        return Table(client=self._aws("dynamodb"), name=self.settings.table_name, sleep=self.sleep)

    @cached_property
    def ledger(self) -> Ledger:
        return Ledger(self.table)

    @cached_property
    def details(self) -> TryOnDetails:
        return TryOnDetails(self.table)

    @cached_property
    def shoppers(self) -> Shoppers:
        return Shoppers(self.table)

    @cached_property
    def photos(self) -> Photos:
        return Photos(
            table=self.table, shoppers=self.shoppers, late_seconds=self.settings.late_margin_seconds
        )

    @cached_property
    def erasures(self) -> Erasures:
        return Erasures(self.table, self.shoppers)

    @cached_property
    def data_requests(self) -> DataRequests:
        return DataRequests(self.table, self.shoppers)

    @cached_property
    def products(self) -> Products:
        return Products(self.table)

    @cached_property
    def rate_limiter(self) -> RateLimiter:
        shares = shares_of(self.settings.shared_requests_per_minute, self.settings.share_percents)
        return RateLimiter(table=self.table, shares=shares, clock=self.clock)

    @cached_property
    def durations(self) -> Durations:
        return Durations(self.table)

    @cached_property
    def circuit_breaker(self) -> CircuitBreaker:
        return CircuitBreaker(self.table, self.clock)

    @cached_property
    def quotas(self) -> Quotas:
        return Quotas(
            table=self.table,
            per_day=self.settings.max_tryons_per_day,
            per_shopper_per_day=self.settings.max_tryons_per_shopper_per_day,
        )

    @cached_property
    def photo_bucket(self) -> Bucket:
        return Bucket(self._aws("s3"), self.settings.photo_bucket_name)

    @cached_property
    def result_bucket(self) -> Bucket:
        return Bucket(self._aws("s3"), self.settings.result_bucket_name)

    # --- what is said

    @cached_property
    def publisher(self) -> Publisher:
        return Publisher(
            client=self._aws("events"), bus_name=self.settings.event_bus_name, clock=self.clock
        )

    @cached_property
    def refusal_publisher(self) -> RefusalPublisher:
        return RefusalPublisher(self.publisher)

    @cached_property
    def tryon_queue(self) -> TryOnQueue:
        return TryOnQueue(self._aws("sqs"), self.settings.tryon_queue_url)

    @cached_property
    def intake_queue(self) -> IntakeQueue:
        return IntakeQueue(self._aws("sqs"), self.settings.intake_queue_url)

    @cached_property
    def upload_queue(self) -> UploadQueue:
        return UploadQueue(self._aws("sqs"), self.settings.upload_queue_url)

    @cached_property
    def erasure_queue(self) -> ErasureQueue:
        return ErasureQueue(self._aws("sqs"), self.settings.erasure_queue_url)

    @cached_property
    def redelivery(self) -> Redelivery:
        return Redelivery(self._aws("sqs"), self.settings.own_queue_url)

    @cached_property
    def state_machine(self) -> StateMachine:
        return StateMachine(self._aws("stepfunctions"), self.settings.state_machine_arn)

    # --- try-ons

    @cached_property
    def outcomes(self) -> OutcomePublisher:
        return OutcomePublisher(
            table=self.table,
            ledger=self.ledger,
            details=self.details,
            shoppers=self.shoppers,
            publisher=self.publisher,
            clock=self.clock,
            retention_seconds=self.settings.retention_seconds,
        )

    @cached_property
    def accept(self) -> Accept:
        return Accept(
            table=self.table,
            ledger=self.ledger,
            details=self.details,
            shoppers=self.shoppers,
            pseudonymizer=self.pseudonymizer,
            tryon_queue=self.tryon_queue,
            clock=self.clock,
            image_buckets=self.settings.allowed_image_buckets,
        )

    @cached_property
    def start_polling(self) -> StartPolling:
        return StartPolling(
            details=self.details,
            publisher=self.publisher,
            state_machine=self.state_machine,
            plan=self.poll_planner,
            clock=self.clock,
        )

    @cached_property
    def poll_planner(self) -> PollPlanner:
        return PollPlanner(
            durations=self.durations, rate_limiter=self.rate_limiter, clock=self.clock
        )

    @cached_property
    def review(self) -> Review:
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
        return UnbilledCall(
            rate_limiter=self.rate_limiter,
            circuit_breaker=self.circuit_breaker,
            api_key=self.api_key,
            sleep=self.sleep,
        )

    @cached_property
    def defer(self) -> Defer:
        return Defer(
            table=self.table,
            ledger=self.ledger,
            details=self.details,
            shoppers=self.shoppers,
            quotas=self.quotas,
            publisher=self.publisher,
            tryon_queue=self.tryon_queue,
            clock=self.clock,
            photo_wait_seconds=self.settings.photo_wait_seconds,
            wait_seconds=self.settings.tryon_wait_seconds,
        )

    @cached_property
    def select_photo(self) -> PhotoSelector:
        return PhotoSelector(
            photos=self.photos, upload_queue=self.upload_queue, pseudonymizer=self.pseudonymizer
        )

    @cached_property
    def step(self) -> TryOnStep:
        return TryOnStep(
            ledger=self.ledger,
            details=self.details,
            shoppers=self.shoppers,
            select_photo=self.select_photo,
            paid_call=self._paid_call,
            defer=self.defer,
            start_polling=self.start_polling,
            outcomes=self.outcomes,
            clock=self.clock,
            new_attempt=new_attempt,
        )

    @cached_property
    def _paid_call(self) -> PaidCall:
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
            result=self._submission_result,
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
        return self._poll_by(self.genlook, asks_again=True)

    def _poll_by(self, genlook: GenlookClient, *, asks_again: bool) -> Poll:
        copy_result = CopyResult(
            ledger=self.ledger,
            details=self.details,
            shoppers=self.shoppers,
            results=self.result_bucket,
            rate_limiter=self.rate_limiter,
            download=partial(genlook.download_result, max_bytes=MAX_RESULT_BYTES),
            generation=genlook.generation,
            clock=self.clock,
            sleep=self.sleep,
            keep_for_days=self.settings.keep_for_days,
            asks_again=asks_again,
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
        return RecoverTryOn(
            ledger=self.ledger,
            details=self.details,
            shoppers=self.shoppers,
            outcomes=self.outcomes,
            poll=self._poll_by(self.housekeeping_genlook, asks_again=False),
            select_photo=self.select_photo,
            start_polling=self.start_polling,
            review=self.review,
            circuit_breaker=self.circuit_breaker,
            state_machine=self.state_machine,
            tryon_queue=self.tryon_queue,
            defer=self.defer,
            clock=self.clock,
        )

    # --- privacy requests

    @property
    def _late_seconds(self) -> int:
        return self.settings.tryon_deadline_seconds + self.settings.late_margin_seconds

    @cached_property
    def erase(self) -> Erase:
        cancel_reports = CancelReports(
            data_requests=self.data_requests,
            refusal_publisher=self.refusal_publisher,
            publish_report=self._publish_report,
        )
        in_flight = InFlight(
            table=self.table,
            photos=self.photos,
            shoppers=self.shoppers,
            cancel_reports=cancel_reports,
            clock=self.clock,
            late_seconds=self._late_seconds,
        )
        sweep = Sweep(
            table=self.table,
            photos=self.photos,
            photo_bucket=self.photo_bucket,
            result_bucket=self.result_bucket,
            outcomes=self.outcomes,
            cancel_reports=cancel_reports,
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
        report_writer = ReportWriter(
            table=self.table,
            photos=self.photos,
            photo_bucket=self.photo_bucket,
            result_bucket=self.result_bucket,
            clock=self.clock,
            keep_for_days=self.settings.keep_for_days,
        )
        return ExportShopper(
            data_requests=self.data_requests,
            report_writer=report_writer,
            result_bucket=self.result_bucket,
            publish_report=self._publish_report,
            pseudonymizer=self.pseudonymizer,
            clock=self.clock,
            keep_for_days=self.settings.keep_for_days,
        )

    @cached_property
    def redact_shop(self) -> RedactShop:
        return RedactShop(
            redactions=Redactions(self.table),
            erasures=self.erasures,
            table=self.table,
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
        return PrivacyRouter(
            erase=self.erase,
            export_shopper=self.export_shopper,
            redact_shop=self.redact_shop,
            refusal_publisher=self.refusal_publisher,
            trusted_sources=self.settings.allowed_sources,
            shop_domain=self.settings.shop_domain,
        )

    # --- what the other functions do

    @cached_property
    def sync_catalogue(self) -> SyncCatalogue:
        return SyncCatalogue(
            products=self.products,
            unbilled_call=self.unbilled_call,
            delete_product=self.genlook.delete_product,
            clock=self.clock,
            image_buckets=self.settings.allowed_image_buckets,
        )

    @cached_property
    def route_event(self) -> EventRouter:
        accept_many = AcceptMany(self.accept, self.refusal_publisher)
        return EventRouter(
            accept=self.accept,
            accept_many=accept_many,
            fan_out=FanOutTryOns(
                accept_many=accept_many,
                pseudonymizer=self.pseudonymizer,
                intake_queue=self.intake_queue,
            ),
            sync_catalogue=self.sync_catalogue,
            review=self.review,
            intake_queue=self.intake_queue,
            erasure_queue=self.erasure_queue,
            pseudonymizer=self.pseudonymizer,
            refusal_publisher=self.refusal_publisher,
            photos=self.photos,
            trusted_sources=self.settings.allowed_sources,
            clock=self.clock,
            ignores_orders_without_photo=self.settings.orders_without_photo == "ignore",
        )

    @cached_property
    def receive_photo(self) -> ReceivePhoto:
        upload_photo = UploadPhoto(
            bucket=self.photo_bucket,
            unbilled_call=self.unbilled_call,
            upload_image=self.genlook.upload_image,
            clock=self.clock,
            keep_for_days=self.settings.keep_for_days,
        )
        return ReceivePhoto(
            photos=self.photos,
            shoppers=self.shoppers,
            upload_quota=UploadQuota(self.table, self.settings.max_photos_per_shopper_per_day),
            bucket=self.photo_bucket,
            upload_photo=upload_photo,
            publisher=self.publisher,
            upload_queue=self.upload_queue,
            resume=ResumeDeferred(
                ledger=self.ledger, details=self.details, tryon_queue=self.tryon_queue
            ),
            pseudonymizer=self.pseudonymizer,
            clock=self.clock,
            new_attempt=new_attempt,
            keep_for_days=self.settings.keep_for_days,
        )

    @cached_property
    def housekeeping_round(self) -> HousekeepingRound:
        probe = Probe(
            circuit_breaker=self.circuit_breaker,
            rate_limiter=self.rate_limiter,
            publisher=self.publisher,
            credits=self.housekeeping_genlook.credits,
            api_key=self.api_key,
            sleep=self.sleep,
            clock=self.clock,
        )
        watch_credits = WatchCredits(
            table=self.table,
            circuit_breaker=self.circuit_breaker,
            unbilled_call=self.unbilled_call,
            credits=self.housekeeping_genlook.credits,
            publisher=self.publisher,
            clock=self.clock,
            threshold=self.settings.credits_low_threshold,
        )
        dispatch_bulk = DispatchBulk(
            table=self.table,
            tryon_queue=self.tryon_queue,
            circuit_breaker=self.circuit_breaker,
            quotas=self.quotas,
            clock=self.clock,
            requests_per_minute=self.settings.shared_requests_per_minute,
            wait_seconds=self.settings.tryon_wait_seconds,
        )
        return HousekeepingRound(
            table=self.table,
            probe=probe,
            watch_credits=watch_credits,
            dispatch_bulk=dispatch_bulk,
            recover=self.recover,
            upload_queue=self.upload_queue,
            erasure_queue=self.erasure_queue,
            forget_product=self.sync_catalogue.delete_at_genlook,
            clock=self.clock,
        )
