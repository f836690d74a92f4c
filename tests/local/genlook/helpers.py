"""A caller of the stand-in in a few words, and pictures made for the occasion."""

import io
import json
from pathlib import Path
from typing import Any

import httpx
from PIL import Image

from local.genlook.clock import Clock
from local.genlook.control import NO_CERTIFICATES
from local.genlook.drawings import t_shirt
from local.genlook.server import StandIn

PHOTOS = Path(__file__).parents[2] / "photos"
SHOPPER = (PHOTOS / "shopper.jpg").read_bytes()
SHIRT = t_shirt((20, 90, 200))
SHIRT_URL = "https://shop.example/pictures/shirt.png"
START = 1_780_000_000.0
DAY = 86_400.0


def http_get(url: str, **options: Any) -> httpx.Response:
    """Gets a page or a picture of the stand-in."""
    return httpx.get(url, verify=NO_CERTIFICATES, **options)


class Caller:
    """Plain HTTP with a key; each method returns the raw response."""

    def __init__(self, stand_in: StandIn, key: str | None = None) -> None:
        headers = {"x-api-key": key or stand_in.api_key}
        self.http = httpx.Client(
            base_url=stand_in.base_url,
            headers=headers,
            timeout=60,
            trust_env=False,
            verify=NO_CERTIFICATES,
        )
        self.clock: Clock = stand_in.clock

    def upload(self, photo: bytes = SHOPPER, /, **fields: str) -> httpx.Response:
        return self.http.post("/images/upload", files={"file": ("p", photo)}, data=fields)

    def image_id(self, **fields: str) -> str:
        """Upload the shopper, uncropped unless asked: looking for the face takes time."""
        response = self.upload(**{"crop": "false", **fields})
        assert response.status_code == 201, response.text
        return str(response.json()["imageId"])

    def try_on(self, body: Any, files: dict[str, bytes] | None = None) -> httpx.Response:
        if files is None:
            return self.http.post("/try-on", json=body)
        return self.http.post("/try-on", data={"data": json.dumps(body)}, files=files)

    def simple(self, **changes: Any) -> httpx.Response:
        """Order a one-shot try-on of the shirt by a fresh upload of the shopper."""
        if "person" not in changes:
            changes["person"] = person(self.image_id())
        return self.try_on({"products": [one_shot()], **changes})

    def generation_id(self, **changes: Any) -> str:
        response = self.simple(**changes)
        assert response.status_code == 201, response.text
        return str(response.json()["generationId"])

    def generation(self, generation_id: str) -> dict[str, Any]:
        response = self.http.get(f"/generations/{generation_id}")
        assert response.status_code == 200, response.text
        data: dict[str, Any] = response.json()
        return data

    def finished(self, generation_id: str) -> dict[str, Any]:
        """Let five minutes pass and look."""
        self.clock.advance(300)
        return self.generation(generation_id)

    def credits(self) -> int:
        return int(self.http.get("/account/credits").json()["creditBalance"])


def by_url(url: str = SHIRT_URL) -> list[dict[str, Any]]:
    return [{"source": {"url": url}}]


def one_shot(**changes: Any) -> dict[str, Any]:
    return {"title": "Blue shirt", "images": by_url(), **changes}


def person(image_id: str) -> dict[str, Any]:
    return {"image": {"source": {"id": image_id}}}


def refusal(response: httpx.Response) -> tuple[int, str]:
    """Return status and code of an error, once its shape is checked."""
    body = response.json()
    assert body["status"] == response.status_code
    assert isinstance(body["message"], str)
    assert body["message"]
    assert set(body) <= {"code", "message", "status", "details"}
    return response.status_code, body["code"]


def paths(response: httpx.Response) -> list[str]:
    """Return the paths of a refused schema."""
    assert refusal(response) == (400, "VALIDATION_FAILED")
    details = response.json()["details"]
    assert all(set(detail) == {"path", "message"} for detail in details)
    return [detail["path"] for detail in details]


def picture(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def shopper_image() -> Image.Image:
    return picture(SHOPPER).convert("RGB")
