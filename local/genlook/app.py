"""Puts the application together."""

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from local.genlook import control_routes, openapi, routes_photos, routes_products, routes_tryon
from local.genlook.errors import ApiError
from local.genlook.fetch import Fetcher
from local.genlook.gate import Connections, Gate
from local.genlook.operations import BASE
from local.genlook.store import State
from local.genlook.wire import Desk


def build(state: State, connections: Connections) -> ASGIApp:
    """Return the stand-in as an ASGI application."""
    settings = state.settings
    fetcher = Fetcher(
        settings.resolve,
        network=settings.network,
        draw=settings.draw,
        max_bytes=settings.max_file_bytes,
    )
    desk = Desk(state, fetcher)
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    for routes in (routes_photos, routes_tryon, routes_products):
        app.include_router(routes.router(desk), prefix=BASE)
    app.include_router(routes_photos.file_router(desk))
    app.include_router(control_routes.router(state), prefix="/_control", include_in_schema=False)
    app.add_exception_handler(ApiError, _on_api_error)
    app.add_exception_handler(HTTPException, _on_http_error)
    _add_documents(app, state)
    return Gate(app, state, connections)


def _add_documents(app: FastAPI, state: State) -> None:
    @app.get("/openapi.json", include_in_schema=False)
    async def document() -> JSONResponse:
        return JSONResponse(openapi.document(app, state.origin))

    @app.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        return HTMLResponse(openapi.page(openapi.document(app, state.origin)))


async def _on_api_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, ApiError):
        raise error
    if call := getattr(request.state, "call", None):
        call.code = error.code
    return JSONResponse(error.body(), error.status, headers=error.headers)


async def _on_http_error(_: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    text = error.detail if isinstance(error, HTTPException) else "Not found."
    return JSONResponse({"code": "NOT_FOUND", "message": text, "status": status}, status)
