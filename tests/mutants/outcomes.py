"""The removals from the table of ends of the paid call: one for each of its rows."""

from tests.mutants.mutant import Mutant, of
from tests.mutants.places import TESTS

_CLASSIFY = "shared/tryon_worker/genlook/classify.py"
_KINDS = f"{TESTS}/test_paid_call_kinds.py"
_ANSWERS = "tests/shared/genlook/test_outcomes.py"
_TRANSPORT = "tests/shared/genlook/test_outcomes_of_transport.py"

_SURE = (400, 401, 402, 403, 404, 405, 413, 414, 415, 422, 429, 431)
_CODES = {
    "MISSING_API_KEY": "InvalidApiKey",
    "INVALID_API_KEY": "InvalidApiKey",
    "FORBIDDEN": "Forbidden",
    "VALIDATION_FAILED": "InvalidRequest",
    "MULTIPART_FILE_NOT_FOUND": "InvalidRequest",
    "INVALID_IMAGE_INPUT": "InvalidRequest",
    "EXTERNAL_ID_REQUIRED": "ProductRefused",
    "PRODUCT_IMAGES_REQUIRED": "ProductRefused",
    "PRODUCT_IMAGE_FETCH_FAILED": "ProductRefused",
    "RESERVED_EXTERNAL_ID": "ProductRefused",
    "CUSTOMER_IMAGE_REQUIRED": "PhotoRefused",
    "CUSTOMER_IMAGE_FETCH_FAILED": "PhotoRefused",
    "FILE_REQUIRED": "PhotoRefused",
    "INVALID_IMAGE": "PhotoRefused",
    "INSUFFICIENT_CREDITS": "InsufficientCredits",
    "QUOTA_EXCEEDED": "InsufficientCredits",
    "PRODUCT_NOT_FOUND": "ProductNotFound",
    "GENERATION_NOT_FOUND": "GenerationNotFound",
    "RATE_LIMITED": "RateLimited",
}
_LISTED = "frozenset({" + ", ".join(map(str, _SURE)) + "})"


def _without(status: int) -> str:
    return _LISTED.replace(f"{status}, ", "", 1).replace(f", {status}}}", "}", 1)


_NOT_SENT = of(
    _CLASSIFY,
    (_TRANSPORT, _KINDS),
    (
        "ask a person after a connect error",
        "    if isinstance(exc, httpx.ConnectError):",
        "    if False:",
    ),
    *(
        (f"ask a person after a {name}", f"    httpx.{name},\n", "")
        for name in ("ConnectTimeout", "PoolTimeout")
    ),
    (
        "ask a person about a protocol error before a byte",
        "isinstance(exc, httpx.LocalProtocolError) and wrote is None",
        "False",
    ),
    ("ask a person though no byte was written", "or wrote is False:", "or False:"),
)

_REPEATED = of(
    _CLASSIFY,
    (_TRANSPORT, _KINDS),
    *(
        (
            f"repeat after a {name}",
            "_NEVER_SENT = (\n",
            f"_NEVER_SENT = (\n    httpx.{name},\n",
        )
        for name in ("ReadError", "ReadTimeout", "WriteError", "WriteTimeout")
    ),
    (
        "repeat after a remote protocol error",
        "_NEVER_SENT = (\n",
        "_NEVER_SENT = (\n    httpx.RemoteProtocolError,\n",
    ),
)

_REFUSED = of(
    _CLASSIFY,
    _ANSWERS,
    *((f"ask a person about a bare {status}", _LISTED, _without(status)) for status in _SURE),
    *(
        (
            f"take a bare {status} for a refusal",
            _LISTED,
            _LISTED.replace("400,", f"400, {status},", 1),
        )
        for status in (408, 409, 425, 499)
    ),
    ("take a 5xx for a refusal", "if not (400 <= status < 500 and sure):", "if not sure:"),
    (
        "take any bare 4xx for a refusal",
        "sure = report is not None or status in",
        "sure = 1 or",
    ),
    ("take a 3xx for a refusal", "if not (400 <= status < 500", "if not (300 <= status < 500"),
    (
        "take a page for Genlook's word",
        "sure = report is not None or status in SURE_WITHOUT_BODY",
        "sure = status in SURE_WITHOUT_BODY",
    ),
    *(
        (f"read a {status} by its code alone", f"    {status}: errors.{kind},\n", "")
        for status, kind in (
            (401, "InvalidApiKey"),
            (402, "InsufficientCredits"),
            (429, "RateLimited"),
        )
    ),
    *(
        (
            f"not know {code}",
            f'    "{code}": errors.{kind},',
            f'    "{code}": errors.UncataloguedRefusal,',
        )
        for code, kind in _CODES.items()
        # Their status alone means the same.
        if kind not in ("InvalidApiKey", "InsufficientCredits", "RateLimited")
    ),
)

_SUCCESS = of(
    "shared/tryon_worker/genlook/answers.py",
    _ANSWERS,
    (
        "take a 2xx without a generationId for a success",
        "class _Submission(Answer):\n    generation_id: Given",
        'class _Submission(Answer):\n    generation_id: str = ""',
    ),
) + of(
    "shared/tryon_worker/genlook/exchange.py",
    _TRANSPORT,
    (
        "doubt a refusal whose body breaks off",
        "        if response.status_code not in SURE_WITHOUT_BODY:\n            raise\n",
        "        raise\n",
    ),
    (
        "take a success whose body breaks off for an empty one",
        "        if response.status_code not in SURE_WITHOUT_BODY:\n            raise\n",
        "",
    ),
)

REMOVALS: list[Mutant] = [*_NOT_SENT, *_REPEATED, *_REFUSED, *_SUCCESS]
