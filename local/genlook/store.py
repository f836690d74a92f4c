"""What the stand-in remembers: accounts, photos, products, generations, links."""

import random
import secrets
from dataclasses import dataclass, field
from typing import Any, Literal

from local.genlook.clock import DAY, Clock
from local.genlook.faults import Fate, Faults
from local.genlook.journal import Journal
from local.genlook.rate import SlidingMinute
from local.genlook.settings import Quirks, Settings


@dataclass
class Account:
    """Who pays. Keys of one account share its credits and its rate."""

    name: str
    credits: int
    rate: SlidingMinute
    active: bool = True


@dataclass
class Photo:
    """An uploaded person image."""

    image_id: str
    account: str
    external_user_id: str | None
    data: bytes
    keep_days: int
    created_at: float

    @property
    def expires_at(self) -> float:
        """Return the moment from which the photo is gone."""
        return self.created_at + self.keep_days * DAY


@dataclass
class StoredImage:
    """A product's picture: an address, and the bytes once they are here."""

    url: str | None
    data: bytes | None
    classifications: dict[str, Any] | None


@dataclass
class Product:
    """A product of an account; lives `valid_for_days` after its last use, or for ever."""

    account: str
    external_id: str
    created_at: float
    updated_at: float
    valid_for_days: int | None
    title: str | None = None
    description: str | None = None
    metadata: dict[str, Any] | None = None
    images: list[StoredImage] = field(default_factory=list)
    last_used_at: float | None = None
    analysed: bool = False

    @property
    def expires_at(self) -> float | None:
        """Return the moment from which the product is unknown, if there is one."""
        if self.valid_for_days is None:
            return None
        return max(self.last_used_at or 0, self.updated_at) + self.valid_for_days * DAY


@dataclass
class Generation:
    """One try-on; its status follows from the clock, nothing runs in the background."""

    generation_id: str
    account: str
    external_user_id: str | None
    product_external_id: str
    title: str | None
    product_image: bytes | None
    person_image: bytes | None
    watermark: bool
    keep_days: int
    created_at: float
    processing_at: float
    ends_at: float
    fate: Fate
    charged: bool = False
    refunded: bool = False
    result: bytes | None = None
    mock: bool = False

    @property
    def gone_at(self) -> float:
        """Return the moment from which its pictures are gone."""
        return self.created_at + self.keep_days * DAY


@dataclass
class Link:
    """A temporary address of one picture."""

    token: str
    kind: Literal["photo", "result", "product"]
    reference: str
    expires_at: float
    dead: bool = False


class State:
    """All of one stand-in's memory; touched by the server's event loop only."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self.settings = settings
        self.clock = clock
        self.origin = ""
        self.logo = settings.logo.read_bytes() if settings.logo else None
        self.reset()

    def reset(self) -> None:
        """Forget everything but the settings and the time."""
        self.quirks: Quirks = self.settings.quirks.model_copy(deep=True)
        self.faults = Faults()
        self.journal = Journal()
        self.random = random.Random(self.settings.seed)
        self.accounts: dict[str, Account] = {}
        self.keys: dict[str, str] = {}
        self.photos: dict[str, Photo] = {}
        self.products: dict[tuple[str, str], Product] = {}
        self.generations: dict[str, Generation] = {}
        self.unsettled: set[str] = set()
        self.pruned_at = 0.0
        self.links: dict[str, Link] = {}
        self.product_pictures: dict[str, bytes] = {}
        for number, key in enumerate(self.settings.api_keys, start=1):
            self.add_key(key, f"account-{number}")

    def add_key(self, key: str, account: str) -> None:
        """Let `key` open `account`, which is made if it is new."""
        if account not in self.accounts:
            rate = SlidingMinute(self.settings.requests_per_minute)
            self.accounts[account] = Account(account, self.settings.credits, rate)
        self.keys[key] = account

    def link(
        self, kind: Literal["photo", "result", "product"], reference: str, *, dead: bool = False
    ) -> str:
        """Sign a new temporary address for a picture."""
        token = secrets.token_urlsafe(24)
        expires_at = self.clock.now() + self.settings.link_seconds
        self.links[token] = Link(token, kind, reference, expires_at, dead)
        return f"{self.origin}/files/{token}.jpg"
