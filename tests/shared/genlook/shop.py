"""A shop, its shopper and its product, as the tests against the stand-in use them."""

from tryon_worker.genlook import (
    GenlookClient,
    PersonByUrl,
    Product,
    ProductImage,
    TryOnInput,
)

SHOP = "https://shop.example/"
START = 1_782_000_000.0
KEYS = ("gk_first", "gk_second")
SHIRT = Product("shirt/1 ä", title="Shirt", images=(ProductImage(SHOP + "shirt.jpg"),))
ME = PersonByUrl(SHOP + "me.jpg")
WISH = TryOnInput(SHIRT, ME, "u-1")


def upload(
    genlook: GenlookClient,
    data: bytes = b"not a picture",
    *,
    filename: str = "me.jpg",
    crop: bool | None = None,
    keep_for_days: int | None = None,
) -> str:
    """Uploads a photo of the shopper and returns its image id."""
    return genlook.upload_image(
        data,
        filename=filename,
        content_type="image/jpeg",
        external_user_id="u-1",
        crop=crop,
        keep_for_days=keep_for_days,
    )
