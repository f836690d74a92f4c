"""The deprecated request shapes: still taken, never mixed, and the published example flow."""

import time
from pathlib import Path
from typing import Any

import pytest
import requests

from local.genlook.server import StandIn, serve
from local.genlook.settings import Settings
from tests.local.genlook.helpers import (
    PHOTOS,
    SHIRT,
    SHIRT_URL,
    SHOPPER,
    Caller,
    one_shot,
    paths,
    person,
    picture,
    refusal,
)

SOURCE = {"source": {"url": SHIRT_URL}}
FLAT = {"url": SHIRT_URL}


def last_shape(stand_in: StandIn) -> str:
    return str(stand_in.control.calls("try_on")[-1]["shape"])


@pytest.mark.parametrize(
    ("image", "customer", "shape"),
    [
        (FLAT, lambda i: {"id": i}, "1.0"),
        (FLAT | {"role": "top-back"}, lambda i: {"id": i}, "1.0"),
        (SOURCE, lambda i: {"source": {"id": i}}, "1.3"),
        (SOURCE | {"classifications": {"a": 1}}, lambda i: {"source": {"id": i}}, "1.3"),
    ],
)
def test_products_and_customers_of_each_generation(
    caller: Caller, stand_in: StandIn, image: dict[str, Any], customer: Any, shape: str
) -> None:
    body = {
        "product": {"externalId": "sku", "title": "Shirt", "images": [image]},
        "customer": customer(caller.image_id()),
        "customerId": "u-1",
        "retentionDays": 3,
        "useWatermark": False,
    }
    response = caller.try_on(body)
    assert response.status_code == 201, response.text
    assert last_shape(stand_in) == shape
    generation = response.json()["generationId"]
    assert stand_in.control.customer("u-1")["generations"] == [generation]
    assert caller.finished(generation)["status"] == "COMPLETED"


@pytest.mark.parametrize("customer", [{"fileKey": "me"}, {"source": {"fileKey": "me"}}])
def test_older_multipart(caller: Caller, customer: dict[str, Any]) -> None:
    body = {"product": {"images": [{"fileKey": "it"}]}, "customer": customer}
    response = caller.try_on(body, {"me": SHOPPER, "it": SHIRT})
    assert caller.finished(response.json()["generationId"])["status"] == "COMPLETED"


@pytest.mark.parametrize("customer", [{"url": SHIRT_URL}, {"source": {"url": SHIRT_URL}}])
def test_older_person_by_url(caller: Caller, customer: dict[str, Any]) -> None:
    body = {"product": {"images": [FLAT]}, "customer": customer}
    assert caller.try_on(body).status_code == 201


@pytest.mark.parametrize(
    "product",
    [
        {"images": [FLAT]},
        {"images": [FLAT | {"classifications": {"a": 1}}]},
        {"imageUrls": [SHIRT_URL, SHIRT_URL]},
        {"images": [SOURCE], "autoDetectImageRoles": True},
    ],
)
def test_flat_images_within_the_current_shape(caller: Caller, product: dict[str, Any]) -> None:
    body = {"products": [product], "person": person(caller.image_id())}
    response = caller.try_on(body)
    assert caller.finished(response.json()["generationId"])["status"] == "COMPLETED"


def test_flat_file_key_within_the_current_shape(caller: Caller) -> None:
    body = {"products": [{"images": [{"fileKey": "a"}]}], "person": person(caller.image_id())}
    assert caller.try_on(body, {"a": SHIRT}).status_code == 201


def test_without_customer(caller: Caller) -> None:
    response = caller.try_on({"product": one_shot()})
    assert refusal(response) == (400, "CUSTOMER_IMAGE_REQUIRED")


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"product": {"images": [{"url": "x"}]}, "customer": {"id": "a"}}, "product.images.0.url"),
        ({"product": {"validForDays": 0}, "customer": {"id": "a"}}, "product.validForDays"),
        ({"product": {"externalId": "a"}, "customer": {}}, "customer"),
        ({"product": {"externalId": "a"}, "customer": {"id": "a", "fileKey": "b"}}, "customer"),
        ({"product": {"externalId": "a"}, "customer": {"source": {}}}, "customer.source"),
        (
            {"product": {"externalId": "a"}, "customer": {"source": {"id": "a"}, "id": "b"}},
            "customer",
        ),
        ({"product": {"externalId": "a"}, "retentionDays": 5}, "retentionDays"),
        ({"product": {"externalId": "a"}, "useWatermark": 1}, "useWatermark"),
        ({"customer": {"id": "a"}}, "product"),
        ({"product": {"externalId": "a"}, "person": {}}, "product"),
        ({"products": [{"externalId": "a"}], "useWatermark": True}, "useWatermark"),
    ],
)
def test_a_wrong_older_field_is_named_in_older_words(
    caller: Caller, body: dict[str, Any], path: str
) -> None:
    assert paths(caller.try_on(body)) == [path]


def test_the_alpha_shape_is_gone(caller: Caller) -> None:
    response = caller.try_on({"productId": "sku", "customerImageId": "img"})
    assert refusal(response) == (400, "VALIDATION_FAILED")


class Example:
    """The flow that the vendor publishes as its Python example, in its own request shape."""

    def __init__(self, base_url: str, api_key: str) -> None:
        self.base_url = base_url
        self.session = requests.Session()
        self.session.headers["x-api-key"] = api_key
        self.session.trust_env = False

    def upload_customer_image(self, path: Path, *, crop: bool = True) -> str:
        with path.open("rb") as photo:
            response = self.session.post(
                f"{self.base_url}/images/upload",
                files={"file": (path.name, photo, "image/jpeg")},
                data={"crop": "true" if crop else "false"},
                timeout=60,
            )
        response.raise_for_status()
        return str(response.json()["imageId"])

    def create(self, product: dict[str, Any], image_id: str) -> str:
        """Try by reference; only if the product is not known, once more with all of it."""
        reference = {"externalId": product["externalId"]}
        response = self._post(reference, image_id)
        if response.status_code == 404 and response.json().get("code") == "PRODUCT_NOT_FOUND":
            response = self._post(product, image_id)
        response.raise_for_status()
        return str(response.json()["generationId"])

    def wait(self, generation_id: str, interval: float) -> dict[str, Any]:
        while True:
            url = f"{self.base_url}/generations/{generation_id}"
            response = self.session.get(url, timeout=60)
            response.raise_for_status()
            data: dict[str, Any] = response.json()
            if data["status"] in {"COMPLETED", "FAILED"}:
                return data
            time.sleep(interval)

    def _post(self, product: dict[str, Any], image_id: str) -> requests.Response:
        body = {"product": product, "customer": {"id": image_id}}
        return self.session.post(f"{self.base_url}/try-on", json=body, timeout=60)


def test_the_published_example_runs_unchanged(shop_pictures: Path) -> None:
    settings = Settings(
        median_seconds=0.4, resolve={SHIRT_URL.removesuffix("shirt.png"): shop_pictures}
    )
    product = {
        "externalId": "sku-1",
        "title": "Blue shirt",
        "description": "Cotton",
        "images": [{"url": SHIRT_URL}],
    }
    with serve(settings) as running:
        example = Example(running.base_url, running.api_key)
        with example.session:
            image_id = example.upload_customer_image(PHOTOS / "shopper.jpg")
            first = example.wait(example.create(product, image_id), 0.1)
            second = example.wait(example.create(product, image_id), 0.1)
            result = requests.get(first["resultImageUrl"], timeout=60)
        statuses = [call["status"] for call in running.control.calls("try_on")]
    assert (first["status"], second["status"]) == ("COMPLETED", "COMPLETED")
    assert statuses == [404, 201, 201]  # the second time the reference is enough
    assert picture(result.content).size == (410, 512)
