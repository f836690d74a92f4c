"""Chooses how a product goes to Genlook: by reference, or with all that is known of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tryon_worker.aws.buckets import ImageBuckets, ObjectTooLarge
from tryon_worker.catalogue.model import PendingUpsert, ProductRecord
from tryon_worker.encoding import digest
from tryon_worker.events.schemas import ImageSource, RequestedProduct
from tryon_worker.genlook import UNSET, Product, ProductImage, ProductImageBytes
from tryon_worker.images import content_type_of

if TYPE_CHECKING:
    from tryon_worker.catalogue.store import Products


# All images of a product together: they and the request made of them are held at the same time,
# within the 512 MB that template.yaml gives the function.
_MAX_IMAGE_BYTES = 50 * 1024 * 1024


@dataclass(frozen=True)
class ResolvedProduct:
    """The product as it is sent; ``pending`` if Genlook is to keep what is sent of it.

    ``can_be_inline`` if only its id is sent though more is known.
    """

    product: Product
    pending: PendingUpsert | None = None
    can_be_inline: bool = False


@dataclass(frozen=True)
class ProductResolver:
    """Decides between reference and inline (the design's "products are never stale").

    By reference only while what Genlook last accepted is what we would send now; a bare reference
    is also all there is where the shop never described the product to us.
    """

    products: "Products"
    image_buckets: ImageBuckets

    def __call__(
        self, requested: RequestedProduct, *, now: int, inline: bool = False
    ) -> ResolvedProduct:
        """The product of a request. ``inline`` if Genlook said that it does not know it.

        Raises
        ------
        ObjectGone, ObjectTooLarge
            A product image is not in its bucket, or none that can be sent.
        """
        if requested.external_id is None:
            return ResolvedProduct(self._whole(requested))
        kept = self.products.get(requested.external_id) or ProductRecord(
            RequestedProduct(external_id=requested.external_id)
        )
        known = requested.over(kept.product)
        # With its time, so that a picture that changed under the same link is fetched anew.
        state = digest(f"{known.hash} {kept.updated_at}")
        if not known.description_fields or (kept.accepted_hash == state and not inline):
            reference = Product.reference(requested.external_id)
            return ResolvedProduct(reference, can_be_inline=bool(known.description_fields))
        return ResolvedProduct(self._whole(known), kept.pending(state, now=now))

    def _whole(self, requested: RequestedProduct) -> Product:
        given = requested.model_fields_set
        return Product(
            external_id=requested.external_id,
            title=requested.title,
            description=requested.description,
            images=self._images(requested.images or ()),
            valid_for_days=requested.valid_for_days if "valid_for_days" in given else UNSET,
            metadata=requested.metadata,
        )

    def _images(
        self, sources: Sequence[ImageSource]
    ) -> tuple[ProductImage | ProductImageBytes, ...]:
        images, size = [], 0
        for source in sources:
            image = self._image(source)
            size += len(image.data) if isinstance(image, ProductImageBytes) else 0
            if size > _MAX_IMAGE_BYTES:
                raise ObjectTooLarge
            images.append(image)
        return tuple(images)

    def _image(self, image: ImageSource) -> ProductImage | ProductImageBytes:
        if image.s3 is None:
            return ProductImage(image.url or "", image.classifications)
        data, said = self.image_buckets.read(image.s3.bucket, image.s3.key)
        # The shop chooses the object's name; Genlook needs none of it.
        content_type = content_type_of(data) or said
        name = image.s3.key.rpartition("/")[2]
        return ProductImageBytes(data, name, content_type, image.classifications)
