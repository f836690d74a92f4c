"""Checks shoppers' ids, and derives the keyed hashes that stand for shoppers and try-ons."""

import hashlib
import hmac
from enum import StrEnum
from unicodedata import normalize
from urllib.parse import quote, unquote

PHOTO_PREFIX = "photos/"

MAX_ID_LENGTH = 256
"""Genlook states no limit for ``externalUserId``; a longer id is surely a mistake."""

SHOPIFY_GID = "gid://shopify/"
"""How Shopify's GraphQL writes an id; its webhooks write the number alone."""

# Ids that shop systems use for a shopper they do not know. An erasure of such an id would erase
# many people, and a photo under it would be shown to many.
_SHARED_IDS = frozenset(
    "anonymous anon guest unknown null none nil undefined nan n/a na default user customer "
    "shopper test visitor public true false 0 -1 - . ..".split()
) | {"[object object]"}


class Origin(StrEnum):
    """Where a try-on request came from: the first part of what its ``tryOnId`` is derived from."""

    REQUEST = "request"
    ORDER = "order"
    CATALOGUE = "catalogue"
    EVENT = "event"


class InvalidShopperId(ValueError):
    """An ``externalUserId`` that does not name exactly one shopper."""


def check_shopper_id(external_user_id: str) -> str:
    """Returns ``external_user_id`` unchanged if it can name one shopper.

    Raises
    ------
    InvalidShopperId
        It is blank, too long, padded, unprintable, or an id that stands for many.
    """
    if not external_user_id.strip():
        raise InvalidShopperId("is blank")
    if external_user_id != external_user_id.strip():
        raise InvalidShopperId("begins or ends with white space")
    if len(external_user_id) > MAX_ID_LENGTH:
        raise InvalidShopperId(f"is longer than {MAX_ID_LENGTH} characters")
    if not external_user_id.isprintable():
        raise InvalidShopperId("holds a character that cannot be printed")
    if external_user_id.startswith(SHOPIFY_GID):
        raise InvalidShopperId("is a gid of Shopify, of which the number alone names the shopper")
    # NFKC makes full-width and other forms of the same letters equal.
    if normalize("NFKC", external_user_id).casefold() in _SHARED_IDS:
        raise InvalidShopperId("stands for many shoppers, not for one")
    return external_user_id


def photo_prefixes(external_user_id: str) -> tuple[str, ...]:
    """Every key prefix under which the worker accepts photos of the shopper.

    The segment is percent-encoded. Strict RFC 3986 and JavaScript's ``encodeURIComponent`` differ
    in five characters, so both are accepted. An erasure could miss any other encoding.
    """
    strict = quote(external_user_id, safe="")
    javascript = quote(external_user_id, safe="!'()*")
    return tuple(dict.fromkeys(f"{PHOTO_PREFIX}{segment}/" for segment in (strict, javascript)))


def shopper_of_key(key: str) -> str:
    """The ``externalUserId`` in a photo's object key.

    Raises
    ------
    InvalidShopperId
        The key is not ``photos/{externalUserId}/{name}`` with a percent-encoded, usable id.
    """
    if not key.removeprefix(PHOTO_PREFIX).partition("/")[2]:
        raise InvalidShopperId("is missing: the key is not photos/{externalUserId}/{name}")
    return shopper_of_prefix(key)


def shopper_of_prefix(key: str) -> str:
    """The ``externalUserId`` in the key of a photo, or of the folder that a console shows for it.

    Raises
    ------
    InvalidShopperId
        The key is not ``photos/{externalUserId}/`` with a percent-encoded, usable id.
    """
    segment, slash, _ = key.removeprefix(PHOTO_PREFIX).partition("/")
    if not key.startswith(PHOTO_PREFIX) or not slash:
        raise InvalidShopperId("is missing: the key is not photos/{externalUserId}/{name}")
    external_user_id = check_shopper_id(unquote(segment))
    if not key.startswith(photo_prefixes(external_user_id)):
        raise InvalidShopperId("is not percent-encoded in the key as encodeURIComponent does")
    return external_user_id


def shopper_of_stored(key: str) -> str:
    """The ``externalUserId`` of a photo that has a row, without the checks of ``shopper_of_key``.

    An earlier version may have accepted a key that the checks reject today, and its row must still
    be handled.
    """
    return unquote(key.removeprefix(PHOTO_PREFIX).partition("/")[0])


class Pseudonymizer:
    """Derives keyed hashes (HMAC) with the secret of the stack.

    Ids are guessable: anyone could undo a plain hash of a customer number by counting up.
    """

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def shopper_key(self, external_user_id: str) -> str:
        """The key of a shopper's partition, which ``CustomerErased`` shows in place of the id."""
        return self._hash("shopper", external_user_id)

    def try_on_id(self, origin: Origin, *parts: str) -> str:
        """The ``tryOnId`` of a request; the same parts give the same id."""
        return self._hash("try-on", origin, *parts)

    def photo_id(self, key: str) -> str:
        """The id of a photo's row; the object key itself would show the shopper's id."""
        return self._hash("photo", key)

    def request_key(self, request_id: str, asked_at: int | None = None) -> str:
        """The key of a privacy request's row, which outlives the shopper's other rows.

        ``asked_at`` distinguishes a request from an earlier one for which the shop used the same
        id.
        """
        time_part = () if asked_at is None else (str(asked_at),)
        return self._hash("privacy-request", request_id, *time_part)

    def _hash(self, *parts: str) -> str:
        # Each part follows its length, so that ("ab", "c") and ("a", "bc") give different hashes.
        text = "".join(f"{len(part)}:{part}" for part in parts)
        return hmac.new(self._secret, text.encode(), hashlib.sha256).hexdigest()[:40]
