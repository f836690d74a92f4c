"""Routes of products and of the account."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from local.genlook import errors, products
from local.genlook.answers import Credits, ProductAnswer, ProductPage
from local.genlook.body import read_any
from local.genlook.models import ProductBody
from local.genlook.openapi import PRODUCT_BODY
from local.genlook.orders import validate
from local.genlook.pages import page
from local.genlook.store import Product
from local.genlook.wire import Desk, error_responses


def router(desk: Desk) -> APIRouter:
    """Return the routes."""
    routes = APIRouter()
    _add_all(routes, desk)
    _add_one(routes, desk)
    _add_account(routes, desk)
    return routes


def _add_all(routes: APIRouter, desk: Desk) -> None:
    @routes.post(
        "/products",
        status_code=201,
        response_model=ProductAnswer,
        responses=error_responses(400, 409, 413),
        openapi_extra=PRODUCT_BODY,
        tags=["products"],
    )
    async def upsert(request: Request) -> Response:
        """Create a product or change parts of it; it is analysed right away."""
        return await _upsert(desk, request)

    @routes.get(
        "/products", response_model=ProductPage, responses=error_responses(400), tags=["products"]
    )
    async def listing(
        request: Request, limit: str | None = None, cursor: str | None = None
    ) -> Response:
        """List products, newest first; one-shots are not listed."""
        found = products.listed(desk.state, desk.account(request))
        chunk, next_cursor = page(found, limit, cursor)
        answer = ProductPage(
            items=[products.answer(desk.state, product) for product in chunk],
            next_cursor=next_cursor,
            has_more=next_cursor is not None,
            count=len(chunk),
        )
        return desk.reply("product_list", answer)


def _add_one(routes: APIRouter, desk: Desk) -> None:
    @routes.get(
        "/products/{externalId}",
        response_model=ProductAnswer,
        responses=error_responses(403, 404),
        tags=["products"],
    )
    async def get(
        request: Request, external_id: Annotated[str, Path(alias="externalId")]
    ) -> Response:
        """Return one product, also a one-shot."""
        product = _find(desk, request, external_id)
        return desk.reply("product_get", products.answer(desk.state, product))

    @routes.delete(
        "/products/{externalId}",
        status_code=204,
        responses=error_responses(403, 404),
        tags=["products"],
    )
    async def delete(
        request: Request, external_id: Annotated[str, Path(alias="externalId")]
    ) -> Response:
        """Remove a product; generations keep their snapshot."""
        product = _find(desk, request, external_id)
        del desk.state.products[product.account, product.external_id]
        return Response(status_code=desk.state.quirks.success_status.get("product_delete", 204))


def _add_account(routes: APIRouter, desk: Desk) -> None:
    @routes.get(
        "/account/credits",
        response_model=Credits,
        responses=error_responses(),
        tags=["account"],
    )
    async def account_credits(request: Request) -> Response:
        """Return how many credits are left."""
        account = desk.state.accounts[desk.account(request)]
        return desk.reply("credits", Credits(credit_balance=account.credits))


def _find(desk: Desk, request: Request, segment: str) -> Product:
    external_id = desk.named(segment)
    desk.call(request).product_external_id = external_id
    return products.find(desk.state, desk.account(request), external_id)


async def _upsert(desk: Desk, request: Request) -> Response:
    call = desk.call(request)
    data, files = await read_any(request, desk.state)
    call.request = {"data": data, "files": {name: len(part) for name, part in files.items()}}
    body = validate(ProductBody, data, ignore_extra=desk.ignore_extra)
    if body.external_id is None:
        raise errors.external_id_required()
    call.product_external_id = body.external_id
    plan = products.ProductCall(desk.account(request), files, default_days=None)
    product = products.plan(desk.state, plan, body)
    product.analysed = True
    products.save(desk.state, product)
    return desk.reply("product_upsert", products.answer(desk.state, product), 201)
