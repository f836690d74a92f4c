"""Puts together what a try-on passes: accepted, submitted, looked at, moved on, reviewed."""

from functools import cached_property, partial

from tryon_worker.genlook import GenlookClient
from tryon_worker.objects import ImageBuckets
from tryon_worker.usecases.accept import Accept
from tryon_worker.usecases.after_submit import Begin
from tryon_worker.usecases.copy_result import MAX_RESULT_BYTES, CopyResult
from tryon_worker.usecases.door import Door
from tryon_worker.usecases.dress import Dress
from tryon_worker.usecases.free_call import FreeCall
from tryon_worker.usecases.look import Look
from tryon_worker.usecases.move_on import MoveOn
from tryon_worker.usecases.park import Park
from tryon_worker.usecases.pay import Pay
from tryon_worker.usecases.person import FindPerson
from tryon_worker.usecases.plan_looks import PlanLooks
from tryon_worker.usecases.review import Review
from tryon_worker.usecases.submit import Submit
from tryon_worker.usecases.submit_ends import SubmitEnds
from tryon_worker.wiring.resources import TIMEOUTS, Resources, new_attempt


class TryOns(Resources):
    """The use cases of a try-on."""

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
    def begin(self) -> Begin:
        """Starts wait loops."""
        return Begin(self.requests, self.publisher, self.executions, self.plan_looks, self.clock)

    @cached_property
    def plan_looks(self) -> PlanLooks:
        """Plans looks."""
        return PlanLooks(self.durations, self.budget, self.clock)

    @cached_property
    def review(self) -> Review:
        """Carries out reviews."""
        return Review(
            table=self.table,
            ledger=self.ledger,
            door=self.door,
            begin=self.begin,
            breaker=self.breaker,
            free_call=self.free_call,
            # Intake has other events to take in: a Genlook that hangs must not take up its time.
            generation=self.brisk_genlook.generation,
            tryon_queue=self.tryon_queue,
            clock=self.clock,
            deadline_seconds=self.settings.tryon_deadline_seconds,
            call_seconds=TIMEOUTS.total,
        )

    @cached_property
    def free_call(self) -> FreeCall:
        """Makes the calls to Genlook that cost no credit."""
        return FreeCall(self.budget, self.breaker, self.api_key, self.sleep)

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
            self.tryon_queue,
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
    def look(self) -> Look:
        """Looks at generations."""
        return self._look_by(self.genlook, asks_again=True)

    def _look_by(self, genlook: GenlookClient, *, asks_again: bool) -> Look:
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
            asks_again,
        )
        return Look(
            ledger=self.ledger,
            budget=self.budget,
            breaker=self.breaker,
            door=self.door,
            copy_result=copy_result,
            plan=self.plan_looks,
            generation=genlook.generation,
            api_key=self.api_key,
            clock=self.clock,
            sleep=self.sleep,
            standstill_seconds=self.settings.tryon_wait_seconds,
        )

    @cached_property
    def move_on(self) -> MoveOn:
        """Moves on what waits too long."""
        return MoveOn(
            self.ledger,
            self.requests,
            self.shoppers,
            self.door,
            self._look_by(self.brisk_genlook, asks_again=False),
            self.find_person,
            self.begin,
            self.review,
            self.breaker,
            self.executions,
            self.tryon_queue,
            self.park,
            self.clock,
        )
