"""Chooses how a product goes to Genlook: by reference, or with all that is known of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from tryon_worker.canonical import digest
from tryon_worker.genlook import UNSET, Product, ProductImage, ProductImageBytes
from tryon_worker.objects import ImageBuckets, ObjectTooLarge
from tryon_worker.pictures import content_type_of
from tryon_worker.store.products import KeptProduct, Offer, Products
from tryon_worker.wishes import ImageSource, WishedProduct

# All images of a product together: they and the request made of them are held at the same time,
# within the 512 MB that template.yaml gives the function.
_MAX_IMAGE_BYTES = 50 * 1024 * 1024


@dataclass(frozen=True)
class Dressed:
    """The product as it is sent; ``offer`` if Genlook is to keep what is sent of it.

    ``can_be_inline`` if only its id is sent though more is known.
    """

    product: Product
    offer: Offer | None = None
    can_be_inline: bool = False


@dataclass(frozen=True)
class Dress:
    """Decides between reference and inline (the design's "products are never stale").

    By reference only while what Genlook last accepted is what we would send now; a bare reference
    is also all there is where the shop never described the product to us.
    """

    products: Products
    image_buckets: ImageBuckets

    def __call__(self, wished: WishedProduct, *, now: int, inline: bool = False) -> Dressed:
        """The product of a wish. ``inline`` if Genlook said that it does not know it.

        Raises
        ------
        ObjectGone, ObjectTooLarge
            A product image is not in its bucket, or none that can be sent.
        """
        if wished.external_id is None:
            return Dressed(self._whole(wished))
        kept = self.products.get(wished.external_id) or KeptProduct(
            WishedProduct(external_id=wished.external_id)
        )
        known = wished.over(kept.product)
        # With its time, so that a picture that changed under the same link is fetched anew.
        state = digest(f"{known.hash} {kept.updated_at}")
        if not known.texts or (kept.accepted_hash == state and not inline):
            reference = Product.reference(wished.external_id)
            return Dressed(reference, can_be_inline=bool(known.texts))
        return Dressed(self._whole(known), kept.offer(state, now=now))

    def _whole(self, wished: WishedProduct) -> Product:
        given = wished.model_fields_set
        return Product(
            external_id=wished.external_id,
            title=wished.title,
            description=wished.description,
            images=self._images(wished.images or ()),
            valid_for_days=wished.valid_for_days if "valid_for_days" in given else UNSET,
            metadata=wished.metadata,
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
        # What an object is called in its bucket is up to whoever put it there.
        content_type = content_type_of(data) or said
        name = image.s3.key.rpartition("/")[2]
        return ProductImageBytes(data, name, content_type, image.classifications)
