"""Puts the parts together, once a process: what the handlers call."""

from functools import cached_property

from tryon_worker.incoming import Refusals
from tryon_worker.store.erasures import Erasures
from tryon_worker.usecases.accept_many import AcceptMany
from tryon_worker.usecases.erase import Erase
from tryon_worker.usecases.free_call import FreeCall
from tryon_worker.usecases.housekeep import Housekeep
from tryon_worker.usecases.keep_products import KeepProducts
from tryon_worker.usecases.probe import Probe
from tryon_worker.usecases.receive_photo import ReceivePhoto
from tryon_worker.usecases.release import ReleaseBulk
from tryon_worker.usecases.send_photo import SendPhoto
from tryon_worker.usecases.show_to import ShowTo
from tryon_worker.usecases.sweep import Sweep
from tryon_worker.usecases.take_erasure import TakeErasure
from tryon_worker.usecases.take_in import TakeIn
from tryon_worker.usecases.wake import WakeDeferred
from tryon_worker.usecases.watch_credits import WatchCredits
from tryon_worker.wiring.resources import new_attempt
from tryon_worker.wiring.try_ons import TryOns


class Wiring(TryOns):
    """Everything a function may need, made when it is first asked for."""

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
        refusals = Refusals(self.publisher)
        accept_many = AcceptMany(self.accept, refusals)
        return TakeIn(
            self.accept,
            accept_many,
            ShowTo(accept_many, self.identities, self.intake_queue),
            self.keep_products,
            self.review,
            self.identities,
            refusals,
            self.settings.allowed_sources,
            self.clock,
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
        watch_credits = WatchCredits(
            self.table,
            self.breaker,
            self.free_call,
            self.brisk_genlook.credits,
            self.publisher,
            self.clock,
            self.settings.credits_low_threshold,
        )
        release = ReleaseBulk(
            self.table,
            self.tryon_queue,
            self.breaker,
            self.caps,
            self.clock,
            self.settings.requests_per_minute,
            self.settings.tryon_wait_seconds,
        )
        return Housekeep(
            self.table,
            probe,
            watch_credits,
            release,
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
