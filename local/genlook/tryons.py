"""POST /try-on: from an order to a generation, or to the right refusal."""

import math
import secrets
import string
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from anyio import to_thread

from local.genlook import errors, photos, products
from local.genlook.faults import Fate
from local.genlook.fetch import Fetcher, FetchError
from local.genlook.images import PRODUCT, decode
from local.genlook.orders import Order
from local.genlook.store import Generation, Product, State

MOCK_TITLE = "mock"
MOCK_SECONDS = (1.0, 2.0)
FIRST_USE_FACTOR = 1.25
"""A product that was not registered before is analysed within its first try-on."""
PENDING_SHARE = 0.1
ID_LETTERS = string.ascii_lowercase + string.digits


@dataclass(frozen=True)
class PersonImage:
    """The person's picture, and what follows from where it came."""

    data: bytes | None
    keep_days: int
    failure: str | None = None


async def create(
    state: State, fetcher: Fetcher, account: str, order: Order, files: Mapping[str, bytes]
) -> Generation:
    """Check everything, then take the credit and begin; a refusal leaves no trace."""
    person = await _person(state, fetcher, account, order, files)
    product = _product(state, account, order, files)
    picture = await _product_picture(fetcher, product)
    # From here on nothing waits: two calls at once cannot both take the last credit.
    mock = product.title == MOCK_TITLE
    free = mock and state.quirks.mock_free
    if state.accounts[account].credits < 1 and not free:
        raise errors.insufficient_credits()
    fate = _fate(state, person)
    if picture is None and not mock and fate.kind == "complete":
        fate = _image_failure(product)
    first_use = not product.analysed
    product.analysed = True
    product.last_used_at = state.clock.now()
    products.save(state, product)
    generation = _begin(state, order, product, person, fate, picture, first_use=first_use)
    _charge(state, generation, free=free)
    return generation


def _begin(
    state: State,
    order: Order,
    product: Product,
    person: PersonImage,
    fate: Fate,
    picture: bytes | None,
    *,
    first_use: bool,
) -> Generation:
    now = state.clock.now()
    mock = product.title == MOCK_TITLE
    seconds = fate.seconds if fate.seconds is not None else _draw(state, mock, first_use)
    generation = Generation(
        generation_id="cm" + "".join(secrets.choice(ID_LETTERS) for _ in range(23)),
        account=product.account,
        external_user_id=order.external_user_id,
        product_external_id=product.external_id,
        title=product.title,
        product_image=picture,
        person_image=person.data,
        watermark=order.watermark,
        keep_days=person.keep_days,
        created_at=now,
        processing_at=now + seconds * PENDING_SHARE,
        ends_at=now + seconds,
        fate=fate,
        mock=mock,
    )
    state.generations[generation.generation_id] = generation
    state.unsettled.add(generation.generation_id)
    return generation


def _charge(state: State, generation: Generation, *, free: bool) -> None:
    if free or state.quirks.charge == "complete":
        return
    state.accounts[generation.account].credits -= 1
    state.journal.charges += 1
    generation.charged = True


def _draw(state: State, mock: bool, first_use: bool) -> float:
    if mock:
        return state.random.uniform(*MOCK_SECONDS)
    median = state.settings.median_seconds
    if median <= 0:
        return 0.0
    drawn = state.random.lognormvariate(math.log(median), state.settings.sigma)
    return drawn * (FIRST_USE_FACTOR if first_use else 1)


def _fate(state: State, person: PersonImage) -> Fate:
    if person.failure is not None:
        return Fate(kind="fail", code=person.failure, message="The person image is gone.")
    return state.faults.for_generation()


async def _person(
    state: State, fetcher: Fetcher, account: str, order: Order, files: Mapping[str, bytes]
) -> PersonImage:
    days = order.keep_for_days or state.settings.keep_for_days
    if order.person.id is not None:
        return _person_by_id(state, account, order.person.id, days)
    if order.person.file_key is not None:
        if order.person.file_key not in files:
            raise errors.multipart_file_not_found(order.person.file_key)
        data = files[order.person.file_key]
    else:
        try:
            data = await fetcher.fetch(order.person.url or "")
        except FetchError as error:
            raise errors.customer_image_fetch_failed() from error
    return PersonImage(await to_thread.run_sync(lambda: photos.prepare(data, crop=True)), days)


def _person_by_id(state: State, account: str, image_id: str, days: int) -> PersonImage:
    """Find the upload; its own retention wins over the order's."""
    photo = photos.find(state, account, image_id)
    if photo is not None:
        return PersonImage(photo.data, photo.keep_days)
    refusal = photos.refusal(state)
    if isinstance(refusal, errors.ApiError):
        raise refusal
    return PersonImage(None, days, failure=refusal)


def _product(state: State, account: str, order: Order, files: Mapping[str, bytes]) -> Product:
    body = order.product
    if body.external_id is not None and body.is_reference:
        return products.find(state, account, body.external_id)
    days = products.ONE_SHOT_DAYS if body.external_id is None else products.INLINE_DAYS
    return products.plan(state, products.ProductCall(account, files, days), body)


async def _product_picture(fetcher: Fetcher, product: Product) -> bytes | None:
    """Return the first picture's bytes, downloading it once; None if it cannot be had."""
    image = product.images[0]
    if image.data is None and image.url is not None:
        try:
            data = await fetcher.fetch(image.url)
        except FetchError:
            return None
        if not await to_thread.run_sync(_is_picture, data):
            return None
        image.data = data
    return image.data


@lru_cache(maxsize=64)
def _is_picture(data: bytes) -> bool:
    """Say whether the bytes can be decoded; a product is ordered again and again."""
    try:
        decode(data, PRODUCT)
    except errors.ApiError:
        return False
    return True


def _image_failure(product: Product) -> Fate:
    url = product.images[0].url
    message = f"The product image could not be downloaded: {url}"
    return Fate(kind="fail", code="PRODUCT_IMAGE_FETCH_FAILED", message=message)
