"""Every endpoint, field and kind of input, the real client against the stand-in over a socket."""

from io import BytesIO

import pytest
from PIL import Image

from local.genlook.faults import Fate
from local.genlook.server import StandIn
from tests.shared.genlook.shop import SHIRT, SHOP, upload
from tryon_worker.genlook import (
    Forbidden,
    GenerationPage,
    GenerationStatus,
    GenlookClient,
    GenlookError,
    InvalidRequest,
    Output,
    Person,
    PersonById,
    PersonByUrl,
    Product,
    ProductImage,
    ProductImageBytes,
    Submitted,
    TryOnInput,
    UnexpectedResponse,
    UnknownRefusal,
)


def test_the_whole_way_of_one_photo(
    genlook: GenlookClient, stand_in: StandIn, picture: bytes
) -> None:
    photo = upload(genlook, picture)
    submitted = genlook.create_try_on(TryOnInput(SHIRT, PersonById(photo), "u-1"))
    assert submitted == Submitted(submitted.generation_id, "shirt/1 ä")
    assert genlook.generation(submitted.generation_id).status is GenerationStatus.PENDING
    stand_in.control.advance(600)
    done = genlook.generation(submitted.generation_id)
    assert done.status is GenerationStatus.COMPLETED
    assert done.created_at is not None
    assert done.updated_at is not None
    assert done.created_at < done.updated_at
    sink = BytesIO()
    result = genlook.download_result(done.result_image_url or "", sink, max_bytes=10_000_000)
    assert (result.content_type, result.bytes) == ("image/jpeg", sink.tell())
    assert Image.open(sink).size[0] > 0
    assert stand_in.control.credits_spent() == 1


@pytest.mark.parametrize("keep", [None, 1, 3, 7])
@pytest.mark.parametrize("crop", [None, True, False])
def test_upload_fields(
    genlook: GenlookClient, stand_in: StandIn, picture: bytes, crop: bool | None, keep: int | None
) -> None:
    image_id = upload(genlook, picture, crop=crop, keep_for_days=keep)
    assert stand_in.control.customer("u-1")["photos"] == [image_id]
    width, height = Image.open(BytesIO(stand_in.state.photos[image_id].data)).size
    assert (width * 5 == height * 4) == (crop is not False)
    stand_in.control.advance(((keep or 7) * 86_400) - 60)
    assert stand_in.control.store()["photos"] == 1
    stand_in.control.advance(120)
    assert stand_in.control.store()["photos"] == 0


@pytest.mark.parametrize("name", ["shopper.jpg", "shopper.webp", "shopper.heic", "shopper-2.png"])
def test_upload_formats(genlook: GenlookClient, request: pytest.FixtureRequest, name: str) -> None:
    data = (request.config.rootpath / "tests" / "photos" / name).read_bytes()
    assert upload(genlook, data, filename=name)


@pytest.mark.parametrize("kind", ["id", "url"])
@pytest.mark.parametrize("product", ["url", "bytes"])
def test_each_kind_of_person_with_each_kind_of_product_image(
    genlook: GenlookClient, stand_in: StandIn, picture: bytes, kind: str, product: str
) -> None:
    people: dict[str, Person] = {
        "id": PersonById(upload(genlook, picture)),
        "url": PersonByUrl(SHOP + "me.jpg"),
    }
    images: dict[str, ProductImage | ProductImageBytes] = {
        "url": ProductImage(SHOP + "shirt.jpg"),
        "bytes": ProductImageBytes(picture, "shirt.jpg", "image/jpeg"),
    }
    person, image = people[kind], images[product]
    genlook.create_try_on(TryOnInput(Product("p", images=(image,)), person, "u-1"))
    (call,) = stand_in.control.calls("try_on")
    assert call["shape"] == "1.4"
    assert call["externalUserId"] == "u-1"
    assert call["charged"]
    assert stand_in.control.customer("u-1")["counts"]["generations"] == 1


@pytest.mark.parametrize("keep", [None, 1, 3, 7])
@pytest.mark.parametrize("watermark", [None, True, False])
def test_output_fields(
    genlook: GenlookClient, stand_in: StandIn, watermark: bool | None, keep: int | None
) -> None:
    request = TryOnInput(SHIRT, PersonByUrl(SHOP + "me.jpg"), "u-1", Output(watermark, keep))
    generation_id = genlook.create_try_on(request).generation_id
    generation = stand_in.state.generations[generation_id]
    assert generation.watermark is (watermark is not False)
    assert generation.keep_days == (keep or 7)


def test_credits_are_counted(genlook: GenlookClient) -> None:
    assert genlook.credits() == 20
    genlook.create_try_on(TryOnInput(SHIRT, PersonByUrl(SHOP + "me.jpg"), "u-1"))
    assert genlook.credits() == 19


@pytest.mark.parametrize("shopper", ["u-1", "u/1", "ä ?#%2F", "gid://shopify/Customer/1", "😀"])
def test_an_erased_shopper_is_gone_whatever_the_id_looks_like(
    genlook: GenlookClient, stand_in: StandIn, picture: bytes, shopper: str
) -> None:
    photo = genlook.upload_image(
        picture, filename="a.jpg", content_type="image/jpeg", external_user_id=shopper
    )
    genlook.create_try_on(TryOnInput(SHIRT, PersonById(photo), shopper))
    stand_in.control.advance(600)
    kept = genlook.upload_image(
        picture, filename="a.jpg", content_type="image/jpeg", external_user_id="another"
    )
    genlook.delete_customer(shopper)
    genlook.delete_customer(shopper)
    store = stand_in.control.store()
    assert (store["photos"], store["results"], store["snapshots"]) == (1, 0, 0)
    assert stand_in.control.customer("another")["photos"] == [kept]


def test_a_failed_generation(genlook: GenlookClient, stand_in: StandIn) -> None:
    request = TryOnInput(
        Product("p", images=(ProductImage("https://gone.example/x.jpg"),)),
        PersonByUrl(SHOP + "me.jpg"),
        "u-1",
    )
    generation_id = genlook.create_try_on(request).generation_id
    stand_in.control.advance(600)
    failed = genlook.generation(generation_id)
    assert failed.status is GenerationStatus.FAILED
    assert failed.error_code == "PRODUCT_IMAGE_FETCH_FAILED"
    assert failed.error_message
    assert failed.result_image_url is None


@pytest.mark.parametrize(
    ("fate", "status", "code"),
    [
        (Fate(kind="fail"), GenerationStatus.FAILED, None),
        (Fate(kind="fail", code="NEW_CODE"), GenerationStatus.FAILED, "NEW_CODE"),
        (Fate(kind="hang"), GenerationStatus.PROCESSING, None),
        (Fate(kind="status", status="CANCELED"), GenerationStatus.UNRECOGNISED, None),
        (Fate(kind="no_link"), GenerationStatus.COMPLETED, None),
    ],
    ids=["fails without code", "fails with a new code", "hangs", "unknown status", "no link"],
)
@pytest.mark.parametrize("nulls", [False, True])
def test_every_end_of_a_generation(
    genlook: GenlookClient,
    stand_in: StandIn,
    fate: Fate,
    status: GenerationStatus,
    code: str | None,
    nulls: bool,
) -> None:
    stand_in.control.set_quirks(nulls=nulls, extraFields=True)
    stand_in.control.decide(fate)
    request = TryOnInput(SHIRT, PersonByUrl(SHOP + "me.jpg"), "u-1")
    generation_id = genlook.create_try_on(request).generation_id
    stand_in.control.advance(600)
    generation = genlook.generation(generation_id)
    assert (generation.status, generation.error_code) == (status, code)
    assert generation.result_image_url is None


def test_the_list_has_each_generation_once_the_newest_first(
    genlook: GenlookClient, stand_in: StandIn
) -> None:
    request = TryOnInput(SHIRT, PersonByUrl(SHOP + "me.jpg"), "u-1")
    first, second, third = (genlook.create_try_on(request).generation_id for _ in range(3))
    newest = genlook.generations(limit=2)
    assert [item.generation_id for item in newest.items] == [third, second]
    oldest = genlook.generations(limit=2, cursor=newest.next_cursor)
    assert [item.generation_id for item in oldest.items] == [first]
    assert oldest.next_cursor is None
    assert genlook.generations() == GenerationPage(newest.items + oldest.items)
    stand_in.control.advance(600)
    for item in genlook.generations().items:
        one = genlook.generation(item.generation_id)
        assert item.status is one.status is GenerationStatus.COMPLETED
        assert (item.created_at, item.updated_at) == (one.created_at, one.updated_at)


@pytest.mark.parametrize(
    ("listing", "error"),
    [
        ("absent", UnknownRefusal),
        ("forbidden", Forbidden),
        ("invalid", InvalidRequest),
        ("shape", UnexpectedResponse),
    ],
)
def test_a_list_that_is_not_there_is_an_error(
    genlook: GenlookClient, stand_in: StandIn, listing: str, error: type[GenlookError]
) -> None:
    genlook.create_try_on(TryOnInput(SHIRT, PersonByUrl(SHOP + "me.jpg"), "u-1"))
    stand_in.control.set_quirks(listing=listing)
    with pytest.raises(error):
        genlook.generations()


@pytest.mark.parametrize("code", [200, 201, 202])
@pytest.mark.parametrize("extras", [{}, {"nulls": True}, {"extraFields": True}])
def test_success_codes_and_extras_do_not_matter(
    genlook: GenlookClient, stand_in: StandIn, picture: bytes, code: int, extras: dict[str, bool]
) -> None:
    operations = ("upload", "try_on", "product_upsert", "product_delete")
    stand_in.control.set_quirks(successStatus=dict.fromkeys(operations, code), **extras)
    photo = upload(genlook, picture)
    assert genlook.create_try_on(TryOnInput(SHIRT, PersonById(photo), "u-1")).generation_id
    assert genlook.upsert_product(Product("p", images=SHIRT.images)).external_id == "p"
    genlook.delete_product("p")
    assert {call["status"] for call in stand_in.control.calls()} == {code}


@pytest.mark.promise("Results are copied", "download-sends-no-key")
def test_every_call_carries_the_key_but_a_download(
    genlook: GenlookClient, stand_in: StandIn, picture: bytes
) -> None:
    try_on = TryOnInput(SHIRT, PersonById(upload(genlook, picture)), "u-1")
    generation_id = genlook.create_try_on(try_on).generation_id
    stand_in.control.advance(600)
    link = genlook.generation(generation_id).result_image_url or ""
    genlook.download_result(link, BytesIO(), max_bytes=10_000_000)
    genlook.credits()
    sent = {call["operation"]: call["apiKeySent"] for call in stand_in.control.calls()}
    assert {name for name, key in sent.items() if not key} == {"file"}
    assert set(sent) == {"upload", "try_on", "generation", "file", "credits"}
