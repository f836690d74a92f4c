"""Turns each failed call into its error, by status, code and transport exception."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Annotated

import httpx
from pydantic import Field, ValidationError

from tryon_worker.genlook import errors
from tryon_worker.genlook.errors import GenlookError, Refused
from tryon_worker.genlook.lenient_json import MAX_TEXT, ApiModel, parse_json


def retry_after_seconds(value: str | None, now: datetime) -> float | None:
    """The seconds of a Retry-After header, at least 0; ``None`` if it is missing or invalid."""
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        return _until(value, now)
    return max(0.0, seconds) if math.isfinite(seconds) else None


def _until(value: str, now: datetime) -> float | None:
    try:
        moment = parsedate_to_datetime(value)
        if moment.tzinfo is None:  # "-0000" or no zone: HTTP dates are always GMT
            moment = moment.replace(tzinfo=UTC)
        return max(0.0, (moment - now).total_seconds())
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


class _ErrorBody(ApiModel):
    code: Annotated[str, Field(min_length=1, strict=True)]  # a gateway's own is often a number
    message: str


@dataclass(frozen=True)
class ErrorReport:
    """Genlook's error body."""

    code: str | None
    message: str


def read_error_report(body: bytes) -> ErrorReport | None:
    """Reads Genlook's error body; ``None`` if the body is something else.

    It ignores the body's ``status``, because the HTTP status is the reliable one.
    """
    try:
        error = _ErrorBody.model_validate(parse_json(body))
    except ValidationError:
        return None
    return ErrorReport(error.code[:MAX_TEXT], error.message[:MAX_TEXT])


# What a code means on every endpoint; ``Endpoint`` has what differs.
CATALOGUE: Mapping[str, type[Refused]] = {
    "MISSING_API_KEY": errors.InvalidApiKey,
    "INVALID_API_KEY": errors.InvalidApiKey,
    "FORBIDDEN": errors.Forbidden,
    "VALIDATION_FAILED": errors.InvalidRequest,
    "MULTIPART_FILE_NOT_FOUND": errors.InvalidRequest,
    "INVALID_IMAGE_INPUT": errors.InvalidRequest,
    "EXTERNAL_ID_REQUIRED": errors.ProductRefused,
    "PRODUCT_IMAGES_REQUIRED": errors.ProductRefused,
    "PRODUCT_IMAGE_FETCH_FAILED": errors.ProductRefused,
    "RESERVED_EXTERNAL_ID": errors.ProductRefused,
    "CUSTOMER_IMAGE_REQUIRED": errors.PhotoRefused,
    "CUSTOMER_IMAGE_FETCH_FAILED": errors.PhotoRefused,
    "FILE_REQUIRED": errors.PhotoRefused,
    "INVALID_IMAGE": errors.PhotoRefused,
    "INSUFFICIENT_CREDITS": errors.InsufficientCredits,
    "QUOTA_EXCEEDED": errors.InsufficientCredits,  # its name in the alpha version
    "PRODUCT_NOT_FOUND": errors.ProductNotFound,
    "GENERATION_NOT_FOUND": errors.GenerationNotFound,
    "RATE_LIMITED": errors.RateLimited,
}

# Statuses that concern the account, whatever the code.
_ACCOUNT: Mapping[int, type[Refused]] = {
    401: errors.InvalidApiKey,
    402: errors.InsufficientCredits,
    429: errors.RateLimited,
}

# The 4xx that are a refusal even without Genlook's error body, for instance from a gateway.
# Others (408, 409, 499, ...) may come from a proxy that has already forwarded the request.
SURE_WITHOUT_BODY = frozenset({400, 401, 402, 403, 404, 405, 413, 414, 415, 422, 429, 431})

# Raised before a byte of the request was written.
_NEVER_SENT = (
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
    httpx.InvalidURL,
)


@dataclass(frozen=True)
class Endpoint:
    """The codes and statuses that mean something of its own on one endpoint."""

    codes: Mapping[str, type[Refused]] = field(default_factory=dict)
    statuses: Mapping[int, type[Refused]] = field(default_factory=dict)
    absent: type[Refused] = errors.UnknownRefusal
    """A 404 with a code. One without may come from a proxy or a wrong base URL."""


def response_error(
    status: int, headers: httpx.Headers, body: bytes, endpoint: Endpoint, now: datetime
) -> GenlookError:
    """The error of a response that is no success."""
    report = read_error_report(body)
    sure = report is not None or status in SURE_WITHOUT_BODY
    report = report or ErrorReport(None, "a response without a reason")
    if not (400 <= status < 500 and sure):
        return errors.UnexpectedResponse(report.message, code=report.code, status=status)
    kind = _refusal(status, report.code, endpoint)
    if kind is errors.RateLimited:
        return errors.RateLimited(
            report.message,
            code=report.code,
            status=status,
            retry_after=retry_after_seconds(headers.get("retry-after"), now),
        )
    return kind(report.message, code=report.code, status=status)


def _refusal(status: int, code: str | None, endpoint: Endpoint) -> type[Refused]:
    if status in _ACCOUNT:
        return _ACCOUNT[status]
    known = endpoint.codes.get(code or "") or CATALOGUE.get(code or "")
    if known:
        return known
    if status == httpx.codes.FORBIDDEN and code is None:
        return errors.Forbidden
    if status == httpx.codes.NOT_FOUND and code is not None:
        return endpoint.absent
    return endpoint.statuses.get(status, errors.UnknownRefusal)


def transport_error(exc: Exception, *, wrote: bool | None) -> GenlookError:
    """The error of an exception of the transport.

    ``wrote`` says whether a byte of the request may have been sent; ``None`` if the transport does
    not report it. The error leaves out the exception's text, which can hold a link or a header with
    the key. Only a failed connection keeps it: there it is the reason of the system or of TLS.
    """
    name = type(exc).__name__
    if isinstance(exc, httpx.ConnectError):
        return errors.NotSent(f"{name}: {exc}")
    if isinstance(exc, _NEVER_SENT) or wrote is False:
        return errors.NotSent(f"{name} before anything was sent")
    if isinstance(exc, httpx.LocalProtocolError) and wrote is None:
        return errors.NotSent(f"{name}: the request cannot be written")
    return errors.ResponseLost(f"{name} after the request was sent")
