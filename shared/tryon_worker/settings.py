"""The settings of the stack, read from the environment that ``template.yaml`` gives."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from tryon_worker.account.gcra import Priority
from tryon_worker.clock import DAY


class Settings(BaseSettings):
    """What one deployed stack is set to; each field is the environment variable of its name.

    A resource that a function has no business with is not in its environment and stays empty.
    """

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    table_name: str
    event_bus_name: str
    genlook_base_url: str
    genlook_secret_arn: str
    shopper_key_secret_arn: str
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
    credits_low_threshold: int = Field(default=50, ge=0, description="0: nobody looks")
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
