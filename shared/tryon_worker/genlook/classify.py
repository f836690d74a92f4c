"""Sorts each end of a call into the tree of errors, by status, code and transport failure."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Annotated, Any

import httpx
from pydantic import Field, ValidationError

from tryon_worker.genlook import errors
from tryon_worker.genlook.errors import FieldError, GenlookError, Refused
from tryon_worker.genlook.lenient_json import LONGEST_TEXT, Answer, MaybeList, parse_json


def seconds_of(value: str | None, now: datetime) -> float | None:
    """Tell how long to wait, at least 0; None where the header is absent or makes no sense."""
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
        if moment.tzinfo is None:  # "-0000" or no zone at all: HTTP dates are always GMT
            moment = moment.replace(tzinfo=UTC)
        return max(0.0, (moment - now).total_seconds())
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


_MOST_DETAILS = 50


class _ErrorBody(Answer):
    code: Annotated[str, Field(min_length=1, strict=True)]  # a gateway's own is often a number
    message: str
    details: MaybeList = None


class _Detail(Answer):
    path: str = ""
    message: str = ""


@dataclass(frozen=True)
class ErrorReport:
    """Genlook's error body."""

    code: str | None
    message: str
    details: tuple[FieldError, ...]


def read_error_report(body: bytes) -> ErrorReport | None:
    """Read Genlook's error body; None where the body is something else.

    Its `status` is not looked at: the HTTP status is the one to trust.
    """
    try:
        error = _ErrorBody.model_validate(parse_json(body))
    except ValidationError:
        return None
    details = tuple(_details(error.details or ()))
    return ErrorReport(error.code[:LONGEST_TEXT], error.message[:LONGEST_TEXT], details)


def _details(entries: Sequence[Any]) -> list[FieldError]:
    found = []
    for entry in entries[:_MOST_DETAILS]:
        try:
            detail = _Detail.model_validate(entry)
        except ValidationError:
            continue
        found.append(FieldError(detail.path[:LONGEST_TEXT], detail.message[:LONGEST_TEXT]))
    return found


# A code means the same on every endpoint, so one table serves all; see `Endpoint` for the rest.
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
    "QUOTA_EXCEEDED": errors.InsufficientCredits,  # the alpha's name for it
    "PRODUCT_NOT_FOUND": errors.ProductNotFound,
    "GENERATION_NOT_FOUND": errors.GenerationNotFound,
    "RATE_LIMITED": errors.RateLimited,
}

# Statuses that mean the account whatever code comes with them.
_ACCOUNT: Mapping[int, type[Refused]] = {
    401: errors.InvalidApiKey,
    402: errors.InsufficientCredits,
    429: errors.RateLimited,
}

# The 4xx that are a refusal even from a gateway that knows nothing of Genlook's error body.
# Others (408, 409, 499, ...) may come from a proxy that had already passed the request on.
SURE_WITHOUT_BODY = frozenset({400, 401, 402, 403, 404, 405, 413, 414, 415, 422, 429, 431})

# Ends before a byte of the request was written; RemoteProtocolError is no NetworkError in httpx.
_NEVER_SENT = (
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
    httpx.InvalidURL,
)


@dataclass(frozen=True)
class Endpoint:
    """How one endpoint reads the answers that mean something else elsewhere."""

    codes: Mapping[str, type[Refused]] = field(default_factory=dict)
    statuses: Mapping[int, type[Refused]] = field(default_factory=dict)
    absent: type[Refused] = errors.UnknownRefusal
    """A 404 in Genlook's own words. One without them may be a proxy's, or of a wrong base URL."""


def of_answer(
    status: int, headers: httpx.Headers, body: bytes, endpoint: Endpoint, now: datetime
) -> GenlookError:
    """Say what an answer means that is not a success."""
    report = read_error_report(body)
    sure = report is not None or status in SURE_WITHOUT_BODY
    report = report or ErrorReport(None, "an answer without a reason", ())
    if not (400 <= status < 500 and sure):
        return errors.UnexpectedResponse(report.message, code=report.code, status=status)
    kind = _refusal(status, report.code, endpoint)
    if kind is errors.RateLimited:
        return errors.RateLimited(
            report.message,
            code=report.code,
            status=status,
            retry_after=seconds_of(headers.get("retry-after"), now),
        )
    return kind(report.message, code=report.code, status=status, details=report.details)


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


def of_transport(exc: Exception, *, wrote: bool | None) -> GenlookError:
    """Say what an exception of the transport means.

    `wrote` is what the transport reports of the request's first byte; None where it cannot tell.
    The exception's own text can hold a link, or a header with the key, and is not passed on but
    for a failed connection, where it is the system's or TLS's reason.
    """
    name = type(exc).__name__
    if isinstance(exc, httpx.ConnectError):
        return errors.NotSent(f"{name}: {exc}")
    if isinstance(exc, _NEVER_SENT) or wrote is False:
        return errors.NotSent(f"{name} before anything was sent")
    if isinstance(exc, httpx.LocalProtocolError) and wrote is None:
        return errors.NotSent(f"{name}: the request cannot be written")
    return errors.ResponseLost(f"{name} after the request had left")
