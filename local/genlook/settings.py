"""What can be set at the start, and the quirks where the real API's behaviour is not known."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

MEBIBYTE = 1024 * 1024


Listing = Literal[
    "whole", "absent", "forbidden", "invalid", "cut", "late", "stranger", "shape", "no_cursor"
]
"""How the list of generations is there: as the alpha's page shows it (`whole`), or not: it is
refused (`absent` 404, `forbidden` 403, `invalid` 400); it ends after 50, whatever was asked for
(`cut`); what is in it is half a minute old (`late`); it shows another account's (`stranger`); its
items lie under other names (`shape`); it does not say that there is more (`no_cursor`)."""


class Quirks(BaseModel):
    """Undocumented behaviours a client must tolerate; each can be switched at run time."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid")

    success_status: dict[str, int] = {}
    """Success code by operation, e.g. `{"try_on": 202}`; default 201 for what creates."""
    unknown_image: str = "404:CUSTOMER_IMAGE_NOT_FOUND"
    """How a dead imageId is refused: `status:CODE`, or `fail:CODE` to accept it and then FAIL."""
    too_large: str = "413:FILE_TOO_LARGE"
    """Status and code for more than 10 MB."""
    retry_after: Literal["none", "seconds", "date"] = "none"
    """What a 429 of the rate limit carries."""
    refused_count: bool = True
    """Whether a request refused by the rate limit counts for the limit as well."""
    extra_keys: Literal["refuse", "ignore"] = "refuse"
    """What happens to body keys nobody has documented."""
    nulls: bool = False
    """Whether optional keys of an answer come as null rather than not at all."""
    extra_fields: bool = False
    """Whether answers carry keys no page mentions."""
    charge: Literal["reserve", "create", "complete"] = "reserve"
    """When a credit goes: at creation and back if it FAILS, at creation for good, or at the end."""
    mock_free: bool = False
    """Whether the `mock` product costs nothing: the API's own pages contradict each other."""
    erase_running: Literal["finish", "fail"] = "finish"
    """What erasure does to a running generation. `finish` is the worst: it leaves a new result."""
    sync_failure: str = "422:GENERATION_FAILED"
    """Status and code for a generation that FAILS while the connection is held."""
    listing: Listing = "whole"
    """What GET /generations, known from the alpha only, does; see `Listing`."""


@dataclass(frozen=True)
class Settings:
    """How one stand-in is started."""

    api_keys: tuple[str, ...] = ("gk_local_stand_in",)
    """One account each."""
    credits: int = 1000
    requests_per_minute: int = 100
    median_seconds: float = 12.5
    sigma: float = 0.35
    analysis_seconds: float = 3.0
    """How much longer the first try-on of a product takes that was not registered before."""
    seed: int = 1
    keep_for_days: int = 7
    link_seconds: float = 900.0
    sync_hold_seconds: float = 90.0
    max_file_bytes: int = 10 * MEBIBYTE
    max_body_bytes: int = 64 * MEBIBYTE
    logo: Path | None = None
    resolve: dict[str, Path] = field(default_factory=dict)
    """URL prefix -> folder whose files answer for it."""
    network: bool = False
    """Whether pictures at other addresses are really downloaded."""
    draw: bool = False
    """Whether pictures that cannot be downloaded are drawn, but for those of `.invalid` hosts."""
    quirks: Quirks = field(default_factory=Quirks)
