"""What a call to Genlook can end in, told apart by type alone.

GenlookError
 |- NotSent                    nothing reached Genlook: the same call may be made again
 |- Refused                    Genlook surely refused: no credit is gone
 |   |- RateLimited            429; `retry_after` where Genlook named it
 |   |- AccountRefused         the account, not this call: stop calling until it is mended
 |   |   |- InvalidApiKey      401, or a key that no header can carry (then never sent)
 |   |   `- InsufficientCredits  402
 |   |- Forbidden              403: it belongs to another account
 |   |- ProductNotFound        404: unknown or expired; send the full product
 |   |- GenerationNotFound     404 on a generation, in Genlook's own words
 |   |- PhotoRefused           the shopper's photo cannot be used
 |   |- ProductRefused         the product cannot be used
 |   |- InvalidRequest         a request that is wrong in itself; `details` say where
 |   `- UnknownRefusal    any other refusal
 |- Unknown                    nobody can know what happened; on the paid call a credit may be gone
 |   |- ResponseLost             the connection or the time ended after the request had left
 |   `- UnexpectedResponse       a response (5xx, 3xx, 2xx without its content) that says nothing
 `- ResultUnavailable          a finished picture could not be downloaded
     |- ResultLinkDead         the temporary link has died: ask the generation for a fresh one
     |- ResultTooLarge         more bytes than the caller allows
     |- ResultLinkRefused      a link that is not followed: not https, or to a private address
     `- ResultDownloadFailed   the transport or the picture's host failed; may be tried again

`str()` of an error never holds Genlook's own text, a link or a key, so it can be logged.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import ClassVar

_PATHS_SHOWN = 5


class Fault(Enum):
    """Who has to act on an error."""

    NETWORK = "network"
    GENLOOK = "genlook"
    ACCOUNT = "account"
    REQUEST = "request"
    PHOTO = "photo"
    PRODUCT = "product"


@dataclass(frozen=True)
class FieldError:
    """One entry of a validation error: the dotted path and what is wrong there."""

    path: str
    message: str


class GenlookError(Exception):
    """Any end of a call other than success.

    `message` is Genlook's text where it sent one (then `code` is set), else ours. `retryable`:
    a machine may make the very same call again. `may_have_cost`: if this was the paid call, a
    credit may be gone.
    """

    retryable: ClassVar[bool] = False
    may_have_cost: ClassVar[bool] = False
    fault: ClassVar[Fault] = Fault.GENLOOK

    def __init__(
        self,
        message: str = "",
        *,
        code: str | None = None,
        status: int | None = None,
        details: Sequence[FieldError] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.status = status
        self.details = tuple(details)

    def __str__(self) -> str:
        """Say what is safe to log: our own text or Genlook's code, the status, the paths."""
        text = self.code or self.message or "no reason given"
        if self.status is not None:
            text += f" (HTTP {self.status})"
        if self.details:
            text += " at " + ", ".join(detail.path for detail in self.details[:_PATHS_SHOWN])
        return text

    def __repr__(self) -> str:
        """Show no more than `str()` does."""
        return f"{type(self).__name__}({str(self)!r})"


class NotSent(GenlookError):
    """Nothing of the request reached Genlook."""

    retryable = True
    fault = Fault.NETWORK


class Refused(GenlookError):
    """Genlook surely refused, and nothing was charged."""

    fault = Fault.REQUEST


class RateLimited(Refused):
    """The account made too many requests.

    `retry_after` is the pause in seconds that Genlook asked for, None where it named none.
    """

    retryable = True
    fault = Fault.ACCOUNT

    def __init__(
        self,
        message: str = "",
        *,
        code: str | None = None,
        status: int | None = None,
        details: Sequence[FieldError] = (),
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, code=code, status=status, details=details)
        self.retry_after = retry_after


class AccountRefused(Refused):
    """The account cannot be used as it is; no other call would fare better."""

    fault = Fault.ACCOUNT


class InvalidApiKey(AccountRefused):
    """The key is missing, wrong, revoked, or of an inactive account."""


class InsufficientCredits(AccountRefused):
    """The account has no credit left."""


class Forbidden(Refused):
    """The product or generation belongs to another account."""

    fault = Fault.ACCOUNT


class ProductNotFound(Refused):
    """The product that was referred to is unknown or has expired."""

    fault = Fault.PRODUCT


class GenerationNotFound(Refused):
    """Genlook knows no such generation."""


class PhotoRefused(Refused):
    """The shopper's photo is missing, cannot be fetched, or is not a usable picture."""

    fault = Fault.PHOTO


class ProductRefused(Refused):
    """The product lacks a picture or an id, or has one that Genlook does not take."""

    fault = Fault.PRODUCT


class InvalidRequest(Refused):
    """The request is wrong in itself; refused by Genlook, or by the client before it was sent."""


class UnknownRefusal(Refused):
    """A refusal that no catalogue names."""


class Unknown(GenlookError):
    """What happened at Genlook cannot be known from here.

    Not `retryable`: only the caller knows whether its call is free and can be repeated.
    """

    may_have_cost = True


class ResponseLost(Unknown):
    """The request had left, or may have, when the connection or the time ended."""

    fault = Fault.NETWORK


class UnexpectedResponse(Unknown):
    """An answer came that does not say what happened."""


class ResultUnavailable(GenlookError):
    """A finished picture could not be downloaded; the generation itself is unharmed."""


class ResultLinkDead(ResultUnavailable):
    """The temporary link no longer works."""


class ResultTooLarge(ResultUnavailable):
    """The picture has more bytes than the caller allows."""


class ResultLinkRefused(ResultUnavailable):
    """The link leads where the client does not go."""


class ResultDownloadFailed(ResultUnavailable):
    """The download broke, or the picture's host could not serve it."""

    retryable = True
    fault = Fault.NETWORK
