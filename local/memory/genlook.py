"""Genlook in memory and in virtual time, behind the methods of the worker's client.

It charges a credit a generation, knows no idempotency, and does what the contract leaves open in
the way that is worst for the worker: a generation that still runs when its shopper is deleted
ends all the same and leaves its picture under the shopper's id.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import IO, Any

from local.genlook.listing import CUT, LATE_SECONDS
from local.genlook.settings import Listing
from tryon_worker.genlook import (
    Forbidden,
    Generation,
    GenerationNotFound,
    GenerationPage,
    GenerationStatus,
    GenlookError,
    InsufficientCredits,
    InvalidRequest,
    ListedGeneration,
    PersonById,
    ProductNotFound,
    ResultLinkDead,
    ResultPicture,
    Submitted,
    TryOnInput,
    UnexpectedResponse,
    UnknownRefusal,
)

_LINK = "https://pictures.genlook.invalid/"


@dataclass
class Photo:
    """An uploaded photo."""

    external_user_id: str
    data: bytes


@dataclass
class Job:
    """A generation: whose it is, of which product, and when it ends."""

    generation_id: str
    external_user_id: str | None
    product_id: str
    created_at: float
    ends_at: float
    failure: str | None = None


@dataclass(frozen=True)
class Charge:
    """A credit that was taken."""

    generation_id: str
    external_user_id: str
    product_id: str


@dataclass
class Genlook:
    """One account at Genlook. ``seconds`` and ``failure`` are what the next generations get."""

    now: Callable[[], float]
    credits_left: int = 1_000
    answers_credits: bool = True
    seconds: float = 5.0
    failure: str | None = None
    listing: Listing = "whole"
    """What the list of generations does, in the words of the stand-in's quirk."""
    photos: dict[str, Photo] = field(default_factory=dict)
    jobs: dict[str, Job] = field(default_factory=dict)
    products: set[str] = field(default_factory=set)
    charges: list[Charge] = field(default_factory=list)
    late: list[tuple[float, str, tuple[Any, ...], dict[str, Any]]] = field(default_factory=list)
    _made: int = 0

    # --- what the worker's client has

    def upload_image(self, data: bytes, *, external_user_id: str, **_: Any) -> str:
        """Take a photo in."""
        self._made += 1
        image_id = f"image-{self._made}"
        self.photos[image_id] = Photo(external_user_id, data)
        return image_id

    def create_try_on(self, try_on: TryOnInput) -> Submitted:
        """Begin a generation and take a credit for it."""
        product = try_on.product
        if product.external_id not in self.products and not product.images:
            raise ProductNotFound(code="PRODUCT_NOT_FOUND", status=404)
        if isinstance(try_on.person, PersonById) and try_on.person.image_id not in self.photos:
            raise UnknownRefusal(code="IMAGE_NOT_FOUND", status=404)
        if self.credits_left <= 0:
            raise InsufficientCredits(code="INSUFFICIENT_CREDITS", status=402)
        self._made += 1
        self.credits_left -= 1
        product_id = product.external_id or f"_anon_{self._made}"
        self.products.add(product_id)
        job = Job(
            f"generation-{self._made}",
            try_on.external_user_id,
            product_id,
            self.now(),
            self.now() + self.seconds,
            self.failure,
        )
        self.jobs[job.generation_id] = job
        self.charges.append(Charge(job.generation_id, try_on.external_user_id, product_id))
        return Submitted(job.generation_id, product_id)

    def generation(self, generation_id: str) -> Generation:
        """Say how far a generation is."""
        job = self.jobs.get(generation_id)
        if job is None:
            raise GenerationNotFound(code="GENERATION_NOT_FOUND", status=404)
        status = _status(job, self.now())
        done = status is GenerationStatus.COMPLETED and job.external_user_id is not None
        return Generation(
            generation_id,
            status,
            result_image_url=f"{_LINK}{generation_id}" if done else None,
            error_message=job.failure if status is GenerationStatus.FAILED else None,
            created_at=_date(job.created_at),
            updated_at=_date(min(job.ends_at, self.now())),
        )

    def generations(self, *, limit: int = 200, cursor: str | None = None) -> GenerationPage:
        """List the newest generations, or fail to in the way that ``listing`` says."""
        match self.listing:
            case "absent":
                raise UnknownRefusal(code="NOT_FOUND", status=404)
            case "forbidden":
                raise Forbidden(code="FORBIDDEN", status=403)
            case "invalid":
                raise InvalidRequest(code="VALIDATION_FAILED", status=400)
            case "shape":
                raise UnexpectedResponse("a success without a usable items")
        at = self.now() - (LATE_SECONDS if self.listing == "late" else 0)
        jobs = [job for job in reversed(self.jobs.values()) if job.created_at <= at]
        jobs = jobs[:CUT] if self.listing == "cut" else jobs
        first = int(cursor or 0)
        more = first + limit < len(jobs) and self.listing != "no_cursor"
        items = tuple(self._listed(job, at) for job in jobs[first : first + limit])
        return GenerationPage(items, str(first + limit) if more else None)

    def _listed(self, job: Job, at: float) -> ListedGeneration:
        other = "other-" if self.listing == "stranger" else ""
        changed_at = min(job.ends_at, at)
        return ListedGeneration(
            other + job.generation_id, _status(job, at), _date(job.created_at), _date(changed_at)
        )

    def download_result(self, url: str, sink: IO[bytes], *, max_bytes: int) -> ResultPicture:
        """Hand out a picture, unless its shopper was deleted."""
        job = self.jobs[url.removeprefix(_LINK)]
        if job.external_user_id is None:
            raise ResultLinkDead("the picture is gone")
        picture = f"picture of {job.product_id}".encode()[:max_bytes]
        sink.write(picture)
        return ResultPicture("image/jpeg", len(picture))

    def delete_customer(self, external_user_id: str) -> None:
        """Remove a shopper's photos and pictures; what still runs is not covered."""
        self.photos = {
            name: photo
            for name, photo in self.photos.items()
            if photo.external_user_id != external_user_id
        }
        for job in self.jobs.values():
            if job.external_user_id == external_user_id and job.ends_at <= self.now():
                job.external_user_id = None

    def delete_product(self, external_id: str) -> None:
        """Remove a product."""
        self.products.discard(external_id)

    def credits(self) -> int:
        """Say how many credits are left."""
        if not self.answers_credits:
            raise GenlookError("down", status=503)
        return self.credits_left

    # --- what goes wrong on the way

    def call_later(self, at: float, method: str, args: tuple[Any, ...], given: Any) -> None:
        """Let a call arrive at a moment to come, when nobody waits for its answer any more."""
        self.late.append((at, method, args, given))

    def catch_up(self) -> None:
        """Do the calls that arrived late, up to now."""
        for call in [one for one in self.late if one[0] <= self.now()]:
            self.late.remove(call)
            _, method, args, given = call
            try:
                getattr(self, method)(*args, **given)
            except GenlookError:
                continue  # refused, and nobody hears of it

    def held(self, external_user_id: str) -> list[str]:
        """Name what is held of a shopper: photos by their bytes, pictures by their product."""
        photos = [
            f"photo {photo.data!r}"
            for photo in self.photos.values()
            if photo.external_user_id == external_user_id
        ]
        pictures = [
            f"picture of {job.product_id}"
            for job in self.jobs.values()
            if job.external_user_id == external_user_id
        ]
        return photos + pictures


def _status(job: Job, at: float) -> GenerationStatus:
    if at < job.ends_at:
        return GenerationStatus.PROCESSING
    return GenerationStatus.FAILED if job.failure else GenerationStatus.COMPLETED


def _date(moment: float) -> datetime:
    return datetime.fromtimestamp(moment, UTC)
