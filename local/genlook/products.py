"""Products: upserted by the shop's id, alive for so long after their last use."""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from local.genlook import errors
from local.genlook.answers import ProductAnswer, ProductImageAnswer
from local.genlook.clock import iso
from local.genlook.images import PRODUCT, decode
from local.genlook.models import ANON_PREFIX, ProductBody, ProductImage
from local.genlook.store import Product, State, StoredImage

INLINE_DAYS = 15
ONE_SHOT_DAYS = 7


@dataclass(frozen=True)
class ProductCall:
    """Who upserts, with which file parts, and how long a new product lives by default."""

    account: str
    files: Mapping[str, bytes]
    default_days: int | None


def find(state: State, account: str, external_id: str) -> Product:
    """Return a living product of the account, or raise."""
    product = state.products.get((account, external_id))
    if product is None:
        if external_id.startswith(ANON_PREFIX):
            _refuse_foreign(state, external_id)
        raise errors.product_not_found()
    if product.expires_at is not None and product.expires_at <= state.clock.now():
        raise errors.product_not_found()
    return product


def plan(state: State, call: ProductCall, body: ProductBody) -> Product:
    """Return the product as this body makes it, without saving it."""
    if body.external_id and body.external_id.startswith(ANON_PREFIX):
        raise errors.reserved_external_id()
    pictures = body.pictures()
    images = None if pictures is None else [_stored(call.files, entry) for entry in pictures]
    known = _known(state, call.account, body.external_id)
    if not images and (known is None or images is not None):
        raise errors.product_images_required()
    return _merged(state, call, body, known, images)


def save(state: State, product: Product) -> None:
    """Store a planned product."""
    state.products[product.account, product.external_id] = product


def listed(state: State, account: str) -> list[Product]:
    """Return the account's living products, newest first; one-shots are not listed."""
    now = state.clock.now()
    mine = [
        product
        for product in state.products.values()
        if product.account == account
        and not product.external_id.startswith(ANON_PREFIX)
        and (product.expires_at is None or product.expires_at > now)
    ]
    return sorted(mine, key=lambda product: product.created_at, reverse=True)


def answer(state: State, product: Product) -> ProductAnswer:
    """Return the product as the API shows it."""
    return ProductAnswer(
        external_id=product.external_id,
        title=product.title,
        description=product.description,
        metadata=product.metadata,
        valid_for_days=product.valid_for_days,
        expires_at=None if product.expires_at is None else iso(product.expires_at),
        last_used_at=None if product.last_used_at is None else iso(product.last_used_at),
        created_at=iso(product.created_at),
        updated_at=iso(product.updated_at),
        images=[
            ProductImageAnswer(
                source_url=image.url or _picture_link(state, image),
                order=order,
                classifications=image.classifications,
            )
            for order, image in enumerate(product.images)
        ],
    )


def _known(state: State, account: str, external_id: str | None) -> Product | None:
    if external_id is None:
        return None
    try:
        return find(state, account, external_id)
    except errors.ApiError:
        return None


def _merged(
    state: State,
    call: ProductCall,
    body: ProductBody,
    known: Product | None,
    images: list[StoredImage] | None,
) -> Product:
    now = state.clock.now()
    product = known or Product(
        account=call.account,
        external_id=body.external_id or ANON_PREFIX + secrets.token_hex(16),
        created_at=now,
        updated_at=now,
        valid_for_days=call.default_days,
    )
    changes: dict[str, Any] = {
        name: getattr(body, name)
        for name in ("title", "description", "metadata", "valid_for_days")
        if body.given(name)
    }
    if images is not None:
        changes |= {"images": images, "analysed": False}
    return replace(product, updated_at=now, **changes)


def _stored(files: Mapping[str, bytes], entry: ProductImage) -> StoredImage:
    source = entry.where()
    if source.url is None and source.file_key is None:
        raise errors.invalid_image_input()
    if source.file_key is None:
        return StoredImage(source.url, None, entry.classifications)
    if source.file_key not in files:
        raise errors.multipart_file_not_found(source.file_key)
    decode(files[source.file_key], PRODUCT)
    return StoredImage(None, files[source.file_key], entry.classifications)


def _picture_link(state: State, image: StoredImage) -> str:
    data = image.data or b""
    reference = hashlib.sha256(data).hexdigest()
    state.product_pictures[reference] = data
    return state.link("product", reference)


def _refuse_foreign(state: State, external_id: str) -> None:
    """Refuse a server-made id of another account: unlike a shop's own id, it is unique."""
    if any(known == external_id for _, known in state.products):
        raise errors.forbidden()
