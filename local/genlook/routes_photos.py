"""Routes of person images: upload, customer deletion, and the temporary links."""

from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Path, Request, Response

from local.genlook import customers, errors, generations, photos
from local.genlook.answers import Uploaded
from local.genlook.body import FORM_OVERHEAD, Form, drain, media_type, read_form
from local.genlook.drawings import drawing
from local.genlook.errors import validation_failed
from local.genlook.images import PRODUCT, decode, jpeg
from local.genlook.models import MAX_ID
from local.genlook.openapi import UPLOAD_BODY
from local.genlook.store import Link, State
from local.genlook.wire import Desk, error_responses

KEEP = {"1": 1, "3": 3, "7": 7}
FLAGS = {"true": True, "false": False}
ALIASES = {"customerId": "externalUserId", "retentionDays": "keepForDays"}
FIELDS = {"crop", "externalUserId", "keepForDays", *ALIASES}


def router(desk: Desk) -> APIRouter:
    """Return the routes."""
    routes = APIRouter()

    @routes.post(
        "/images/upload",
        status_code=201,
        response_model=Uploaded,
        responses=error_responses(400, 413),
        openapi_extra=UPLOAD_BODY,
        tags=["images"],
    )
    async def upload(request: Request) -> Response:
        """Take in a person photo: JPEG, PNG, WebP or HEIC, at most 10 MB."""
        return await _upload(desk, request)

    @routes.delete(
        "/customers/{customerId}",
        status_code=204,
        responses=error_responses(400),
        tags=["customers"],
    )
    async def delete_customer(
        request: Request, customer_id: Annotated[str, Path(alias="customerId")]
    ) -> Response:
        """Erase a shopper's pictures and anonymise their generations; always 204."""
        customer = desk.named(customer_id)
        if len(customer) > MAX_ID:
            raise validation_failed(("customerId", f"At most {MAX_ID} characters"))
        desk.call(request).external_user_id = customer
        customers.erase(desk.state, desk.account(request), customer)
        return Response(status_code=204)

    return routes


def file_router(desk: Desk) -> APIRouter:
    """Return what is no part of the API itself: the temporary links, and the drawn products."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/files/{name}")
    async def file(request: Request, name: str) -> Response:
        data = await _linked(desk, request, name.removesuffix(".jpg"))
        return Response(data, media_type="image/jpeg")

    @routes.get("/pictures/{name}")
    async def drawn(name: str) -> Response:
        data = await to_thread.run_sync(drawing, name)
        if data is None:
            raise errors.ApiError(404, "NO_SUCH_FILE", "There is nothing at this address.")
        return Response(data, media_type="image/png")

    return routes


async def _upload(desk: Desk, request: Request) -> Response:
    if media_type(request) != "multipart/form-data":
        await drain(request.receive)
        raise errors.file_required()
    limit = desk.state.settings.max_file_bytes + FORM_OVERHEAD
    form = await read_form(request, desk.state, limit)
    fields = _fields(form, ignore_extra=desk.ignore_extra)
    call = desk.call(request)
    call.request = dict(form.fields) | {"file": len(form.files["file"])}
    call.external_user_id = fields.get("externalUserId")
    crop = fields.get("crop", "true") == "true"
    data = await to_thread.run_sync(lambda: photos.prepare(form.files["file"], crop=crop))
    photo = photos.keep(
        desk.state,
        desk.account(request),
        data,
        external_user_id=fields.get("externalUserId"),
        days=KEEP.get(fields.get("keepForDays", "")),
    )
    call.image_id = photo.image_id
    answer = Uploaded(image_id=photo.image_id, image_url=desk.state.link("photo", photo.image_id))
    return desk.reply("upload", answer, 201)


def _fields(form: Form, *, ignore_extra: bool) -> dict[str, str]:
    """Check the form's fields; return them by their current names."""
    problems: list[tuple[str, str]] = []
    known: dict[str, str] = {}
    for name, value in form.fields.items():
        if name in FIELDS:
            current = ALIASES.get(name, name)
            if known.setdefault(current, value) != value:
                problems.append((name, f"Contradicts {current}"))
            problems.extend(_problems(name, current, value))
        elif name != "file" and not ignore_extra:
            problems.append((name, "Unknown field"))
    problems.extend((name, "Unknown file") for name in sorted(form.files.keys() - {"file"}))
    if "file" not in form.files:
        raise errors.file_required()
    if problems:
        raise validation_failed(*problems)
    return known


def _problems(name: str, current: str, value: str) -> list[tuple[str, str]]:
    if current == "crop" and value not in FLAGS:
        return [(name, "Input should be true or false")]
    if current == "keepForDays" and value not in KEEP:
        return [(name, "Input should be 1, 3 or 7")]
    if current == "externalUserId" and not 1 <= len(value) <= MAX_ID:
        return [(name, f"Input should have 1 to {MAX_ID} characters")]
    return []


async def _linked(desk: Desk, request: Request, token: str) -> bytes:
    """Return the picture behind a link, or raise as a storage host would."""
    state = desk.state
    link = state.links.get(token)
    if link is None or link.dead:
        raise errors.ApiError(404, "NO_SUCH_FILE", "There is nothing at this address.")
    if link.expires_at <= state.clock.now():
        raise errors.ApiError(403, "LINK_EXPIRED", "This link has expired.")
    if link.kind == "result":
        desk.call(request).generation_id = link.reference
    data = await to_thread.run_sync(lambda: _picture(state, link))
    if data is None:
        raise errors.ApiError(404, "NO_SUCH_FILE", "There is nothing at this address.")
    return data


def _picture(state: State, link: Link) -> bytes | None:
    if link.kind == "photo":
        photo = state.photos.get(link.reference)
        return photo.data if photo else None
    if link.kind == "product":
        data = state.product_pictures.get(link.reference)
        return jpeg(decode(data, PRODUCT)) if data else None
    return generations.picture(state, state.generations[link.reference])
