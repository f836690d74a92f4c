"""Puts the parts together, once a process: what the handlers call."""

from functools import cached_property

from tryon_worker.store.caps import UploadCap
from tryon_worker.usecases.accept_many import AcceptMany
from tryon_worker.usecases.housekeep import Housekeep
from tryon_worker.usecases.keep_products import KeepProducts
from tryon_worker.usecases.probe import Probe
from tryon_worker.usecases.receive_photo import ReceivePhoto
from tryon_worker.usecases.release import ReleaseBulk
from tryon_worker.usecases.send_photo import SendPhoto
from tryon_worker.usecases.show_to import ShowTo
from tryon_worker.usecases.take_in import TakeIn
from tryon_worker.usecases.wake import WakeDeferred
from tryon_worker.usecases.watch_credits import WatchCredits
from tryon_worker.wiring.privacy import Privacy
from tryon_worker.wiring.resources import new_attempt


class Wiring(Privacy):
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
        accept_many = AcceptMany(self.accept, self.refusals)
        return TakeIn(
            self.accept,
            accept_many,
            ShowTo(accept_many, self.identities, self.intake_queue),
            self.keep_products,
            self.review,
            self.intake_queue,
            self.identities,
            self.refusals,
            self.settings.allowed_sources,
            self.clock,
        )

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
            upload_cap=UploadCap(self.table, self.settings.max_photos_per_shopper_per_day),
            bucket=self.photo_bucket,
            send=send,
            publisher=self.publisher,
            upload_queue=self.upload_queue,
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
            self.settings.shared_requests_per_minute,
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
