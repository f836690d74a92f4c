"""The errors of a call to Genlook; the type alone says what happened.

GenlookError
 |- NotSent                    nothing reached Genlook: the same call may be made again
 |- Refused                    Genlook certainly refused: no credit was charged
 |   |- RateLimited            429; ``retry_after`` if Genlook named it
 |   |- AccountRefused         the account, not this call: other calls would fail too
 |   |   |- InvalidApiKey      401, or a key that no header can carry (then never sent)
 |   |   `- InsufficientCredits  402
 |   |- Forbidden              403: it belongs to another account
 |   |- ProductNotFound        404: unknown or expired; send the full product
 |   |- GenerationNotFound     404 on a generation, with one of Genlook's codes
 |   |- PhotoRefused           the shopper's photo cannot be used
 |   |- ProductRefused         the product cannot be used
 |   |- InvalidRequest         the request itself is wrong
 |   `- UnknownRefusal         any other refusal
 |- Unknown                    it is unknown what happened; a paid call may have been charged
 |   |- ResponseLost           the connection failed or the time ran out after the request was sent
 |   `- UnexpectedResponse     the response (5xx, 3xx, 2xx without its content) does not say
 `- ResultUnavailable          a result could not be downloaded
     |- ResultLinkDead         the temporary link has expired: poll the generation for a new one
     |- ResultTooLarge         more bytes than the caller allows
     |- ResultLinkRefused      a link that the client does not follow
     `- ResultDownloadFailed   the transport or the result's host failed; may be tried again

``str()`` of an error never holds Genlook's text, a link or a key, so it can be logged.
"""


class GenlookError(Exception):
    """A call that did not succeed.

    ``message`` is Genlook's text if it sent one (then ``code`` is set), else the client's own.
    """

    def __init__(
        self, message: str = "", *, code: str | None = None, status: int | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.status = status

    def __str__(self) -> str:
        """What is safe to log: Genlook's code or the client's own text, and the status."""
        text = self.code or self.message or "no reason given"
        return text if self.status is None else f"{text} (HTTP {self.status})"

    def __repr__(self) -> str:
        """Shows no more than ``str()`` does."""
        return f"{type(self).__name__}({str(self)!r})"


class NotSent(GenlookError):
    """Nothing of the request reached Genlook."""


class Refused(GenlookError):
    """Genlook certainly refused the call, and charged nothing."""


class RateLimited(Refused):
    """The account made too many calls; ``retry_after`` are the seconds that Genlook named."""

    def __init__(
        self,
        message: str = "",
        *,
        code: str | None = None,
        status: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, code=code, status=status)
        self.retry_after = retry_after


class AccountRefused(Refused):
    """The account cannot be used, so other calls would fail too."""


class InvalidApiKey(AccountRefused):
    """The key is missing, wrong, revoked, or of an inactive account."""


class InsufficientCredits(AccountRefused):
    """The account has no credit left."""


class Forbidden(Refused):
    """The product or generation belongs to another account."""


class ProductNotFound(Refused):
    """The product is unknown or has expired."""


class GenerationNotFound(Refused):
    """Genlook knows no such generation."""


class PhotoRefused(Refused):
    """The shopper's photo is missing, cannot be fetched, or is not a usable picture."""


class ProductRefused(Refused):
    """The product lacks a picture or an id, or has one that Genlook does not accept."""


class InvalidRequest(Refused):
    """Genlook refused a wrong request, or the client did before it was sent."""


class UnknownRefusal(Refused):
    """A refusal with a code or status that the client does not know."""


class Unknown(GenlookError):
    """It is unknown what happened at Genlook; a paid call may have been charged."""


class ResponseLost(Unknown):
    """The connection failed or the time ran out when the request was sent, or may have been."""


class UnexpectedResponse(Unknown):
    """The response does not say what happened."""


class ResultUnavailable(GenlookError):
    """A result could not be downloaded; the generation itself is unaffected."""


class ResultLinkDead(ResultUnavailable):
    """The temporary link no longer works."""


class ResultTooLarge(ResultUnavailable):
    """The result has more bytes than the caller allows."""


class ResultLinkRefused(ResultUnavailable):
    """The link is not https, or leads to a private address."""


class ResultDownloadFailed(ResultUnavailable):
    """The download broke off, or the result's host failed."""
