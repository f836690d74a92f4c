"""The settings of each function, read from the environment that ``template.yaml`` gives it."""

from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from tryon_worker.account.gcra import Priority
from tryon_worker.clock import DAY

Given = Annotated[str, Field(min_length=1)]


class Settings(BaseSettings):
    """What every function is given; each field is the environment variable of its name.

    The resources below are those of some functions only. Each of these has a model of its own,
    which names what it needs: a variable that is missing or empty fails at start, by its name.
    """

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    table_name: Given
    event_bus_name: Given
    genlook_base_url: Given
    genlook_secret_arn: Given
    shopper_key_secret_arn: Given
    own_queue_url: str = ""
    photo_bucket_name: str = ""
    result_bucket_name: str = ""
    intake_queue_url: str = ""
    upload_queue_url: str = ""
    tryon_queue_url: str = ""
    erasure_queue_url: str = ""
    state_machine_arn: str = ""

    keep_for_days: int = Field(default=7, description="1, 3 or 7: the one retention")
    requests_per_minute: int = Field(default=100, ge=2)
    requests_headroom: int = Field(default=0, ge=0, description="left to others of the account")
    erasure_share_percent: int = Field(default=10, ge=1, le=90)
    submit_share_percent: int = Field(default=50, ge=1, le=90)
    upload_share_percent: int = Field(default=20, ge=1, le=90)
    tryon_deadline_seconds: int = Field(default=600, ge=1)
    late_margin_seconds: int = Field(default=3600, ge=0)
    photo_wait_seconds: int = Field(default=DAY, ge=0)
    tryon_wait_seconds: int = Field(default=3 * DAY, ge=0)
    max_tryons_per_day: int = Field(default=2000, ge=0)
    max_tryons_per_shopper_per_day: int = Field(default=50, ge=0)
    max_photos_per_shopper_per_day: int = Field(default=50, ge=0)
    credits_low_threshold: int = Field(default=50, ge=0, description="0: no check")
    orders_without_photo: str = Field(
        default="wait", pattern="^(wait|ignore)$", description="of a shopper without a photo"
    )
    product_image_buckets: str = Field(default="", description="names, separated by commas")
    trusted_sources: str = Field(default="tryon.operator,shop.privacy")

    shop_domain: str = Field(default="", description="empty: any, but not from a partner bus")

    @property
    def retention_seconds(self) -> int:
        """How long anything of a shopper is kept, in seconds."""
        return self.keep_for_days * DAY

    @property
    def shared_requests_per_minute(self) -> int:
        """What this stack may use of the account's rate."""
        return max(2, self.requests_per_minute - self.requests_headroom)

    @property
    def share_percents(self) -> dict[Priority, int]:
        """The part of that rate that each class can always have."""
        return {
            Priority.ERASURE: self.erasure_share_percent,
            Priority.SUBMIT: self.submit_share_percent,
            Priority.UPLOAD: self.upload_share_percent,
        }

    @property
    def allowed_image_buckets(self) -> frozenset[str]:
        """The buckets from which product images may be read."""
        return _names(self.product_image_buckets)

    @property
    def allowed_sources(self) -> frozenset[str]:
        """The event sources that may erase, report and review."""
        return _names(self.trusted_sources)


def _names(text: str) -> frozenset[str]:
    return frozenset(name.strip() for name in text.split(",") if name.strip())


class UploadSettings(Settings):
    """The upload Lambda's."""

    own_queue_url: Given
    upload_queue_url: Given
    tryon_queue_url: Given
    photo_bucket_name: Given


class IntakeSettings(Settings):
    """The intake Lambda's."""

    own_queue_url: Given
    intake_queue_url: Given
    erasure_queue_url: Given
    tryon_queue_url: Given
    state_machine_arn: Given


class TryOnSettings(Settings):
    """The try-on Lambda's."""

    own_queue_url: Given
    upload_queue_url: Given
    tryon_queue_url: Given
    state_machine_arn: Given


class GenerationSettings(Settings):
    """The generation Lambda's."""

    result_bucket_name: Given


class ErasureSettings(Settings):
    """The erasure Lambda's."""

    own_queue_url: Given
    erasure_queue_url: Given
    photo_bucket_name: Given
    result_bucket_name: Given


class HousekeepingSettings(Settings):
    """The housekeeping Lambda's."""

    upload_queue_url: Given
    tryon_queue_url: Given
    erasure_queue_url: Given
    result_bucket_name: Given
    state_machine_arn: Given
