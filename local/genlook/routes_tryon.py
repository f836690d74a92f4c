"""Routes of try-ons and generations."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from local.genlook import errors, generations, listing, tryons
from local.genlook.answers import GenerationAnswer, GenerationPage, Held, Started
from local.genlook.body import read_any
from local.genlook.openapi import TRY_ON_BODY
from local.genlook.orders import read_order
from local.genlook.store import Generation
from local.genlook.wire import Desk, error_responses

TRY_ON_ERRORS = error_responses(400, 402, 403, 404, 409, 413)


def router(desk: Desk) -> APIRouter:
    """Return the routes."""
    routes = APIRouter()
    _add_creation(routes, desk)
    _add_status(routes, desk)
    return routes


def _add_creation(routes: APIRouter, desk: Desk) -> None:
    @routes.post(
        "/try-on",
        status_code=201,
        response_model=Started,
        responses=TRY_ON_ERRORS,
        openapi_extra=TRY_ON_BODY,
        tags=["try-on"],
    )
    async def try_on(request: Request) -> Response:
        """Begin a try-on: one credit, one generation to be polled."""
        generation = await _create(desk, request)
        answer = Started(
            generation_id=generation.generation_id,
            status="PENDING",
            product_external_id=generation.product_external_id,
        )
        return desk.reply("try_on", answer, 201)

    @routes.post(
        "/try-on/sync",
        response_model=Held,
        responses={**TRY_ON_ERRORS, **error_responses(422), 202: {"model": Held}},
        openapi_extra=TRY_ON_BODY,
        tags=["try-on"],
    )
    async def try_on_sync(request: Request) -> Response:
        """Begin a try-on and hold the connection until it ends, for 90 seconds at most."""
        return await _hold(desk, await _create(desk, request))


def _add_status(routes: APIRouter, desk: Desk) -> None:
    @routes.get(
        "/generations/{generationId}",
        response_model=GenerationAnswer,
        responses=error_responses(403, 404),
        tags=["generations"],
    )
    async def generation(
        request: Request, generation_id: Annotated[str, Path(alias="generationId")]
    ) -> Response:
        """Return a generation's status, and its result if it is COMPLETED."""
        call = desk.call(request)
        call.generation_id = desk.named(generation_id)
        found = generations.find(desk.state, desk.account(request), call.generation_id)
        call.external_user_id = found.external_user_id
        return desk.reply("generation", generations.answer(desk.state, found))

    @routes.get(
        "/generations",
        response_model=GenerationPage,
        responses=error_responses(400, 403, 404),
        tags=["generations"],
    )
    async def generations_list(
        request: Request,
        limit: str | None = None,
        cursor: str | None = None,
        status: str | None = None,
    ) -> Response:
        """List generations, newest first. Known from the alpha only."""
        query = listing.Query(limit, cursor, status)
        answer = listing.answer(desk.state, desk.account(request), query)
        return desk.reply("generations", answer)


async def _create(desk: Desk, request: Request) -> Generation:
    call = desk.call(request)
    data, files = await read_any(request, desk.state)
    call.request = {"data": data, "files": _sizes(files)}
    order = read_order(data, ignore_extra=desk.ignore_extra)
    call.shape = order.shape
    call.external_user_id = order.external_user_id
    call.image_id = order.person.id
    call.product_external_id = order.product.external_id
    account = desk.account(request)
    generation = await tryons.create(desk.state, desk.fetcher, account, order, files)
    call.generation_id = generation.generation_id
    call.product_external_id = generation.product_external_id
    call.charged = generation.charged
    return generation


async def _hold(desk: Desk, generation: Generation) -> Response:
    state = desk.state
    patience = state.clock.now() + state.settings.sync_hold_seconds
    end = patience if generation.fate.kind in {"hang", "status"} else generation.ends_at
    await state.clock.wait_until(min(end, patience))
    generations.settle(state)
    seen = generations.status(state, generation)
    if seen == "FAILED":
        status, _, code = state.quirks.sync_failure.partition(":")
        message = generation.fate.message or "The generation failed."
        raise errors.ApiError(int(status), generation.fate.code or code, message)
    answer = Held(
        generation_id=generation.generation_id,
        status=seen,
        result_image_url=generations.result_link(state, generation),
        product_external_id=generation.product_external_id,
    )
    return desk.reply("try_on_sync", answer, 200 if seen == "COMPLETED" else 202)


def _sizes(files: Mapping[str, bytes]) -> dict[str, int]:
    return {name: len(data) for name, data in files.items()}
