"""Chooses how a product goes to Genlook: by reference, or with all that is known of it."""

from dataclasses import dataclass

from tryon_worker.genlook import UNSET, Product, ProductImage, ProductImageBytes
from tryon_worker.objects import ImageBuckets
from tryon_worker.store.products import Products
from tryon_worker.wishes import ImageSource, WishedProduct


@dataclass(frozen=True)
class Dressed:
    """The product as it is sent; ``accepted_hash`` is what Genlook then has of it.

    ``can_be_inline`` if only its id is sent though more is known.
    """

    product: Product
    accepted_hash: str | None = None
    can_be_inline: bool = False


@dataclass(frozen=True)
class Dress:
    """Decides between reference and inline (the design's "products are never stale").

    By reference only while what Genlook last accepted is what we would send now; a bare reference
    is also all there is where the shop never described the product to us.
    """

    products: Products
    image_buckets: ImageBuckets

    def __call__(self, wished: WishedProduct, *, inline: bool = False) -> Dressed:
        """The product of a wish. ``inline`` if Genlook said that it does not know it.

        Raises
        ------
        ObjectGone
            A product image is not in its bucket.
        """
        if wished.external_id is None:
            return Dressed(self._whole(wished), None)
        kept = self.products.get(wished.external_id)
        known = wished.over(kept.product) if kept else wished
        accepted = kept.accepted_hash if kept else None
        if not known.texts or (accepted == known.hash and not inline):
            reference = Product.reference(wished.external_id)
            return Dressed(reference, can_be_inline=bool(known.texts))
        return Dressed(self._whole(known), known.hash)

    def _whole(self, wished: WishedProduct) -> Product:
        given = wished.model_fields_set
        return Product(
            external_id=wished.external_id,
            title=wished.title,
            description=wished.description,
            images=tuple(self._image(image) for image in wished.images or ()),
            valid_for_days=wished.valid_for_days if "valid_for_days" in given else UNSET,
            metadata=wished.metadata,
        )

    def _image(self, image: ImageSource) -> ProductImage | ProductImageBytes:
        if image.s3 is None:
            return ProductImage(image.url or "", image.classifications)
        data, content_type = self.image_buckets.read(image.s3.bucket, image.s3.key)
        name = image.s3.key.rpartition("/")[2]
        return ProductImageBytes(data, name, content_type, image.classifications)
