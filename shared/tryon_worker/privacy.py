"""Routes privacy requests: erasure of a shopper, redaction of a shop, export of data."""

from dataclasses import dataclass

from tryon_worker.clock import TimeLeft, no_deadline
from tryon_worker.erasure.erase import Erase
from tryon_worker.erasure.export import ExportShopper
from tryon_worker.erasure.shop import RedactShop
from tryon_worker.events.envelope import (
    InboundEvent,
    InvalidEvent,
    RefusalPublisher,
    check_source,
    parse,
)
from tryon_worker.events.schemas import DataRequested, ErasureRequested
from tryon_worker.events.shopify import (
    DETAIL_TYPE,
    PARTNER_BUS,
    CustomerWebhook,
    ShopWebhook,
    Topic,
    Webhook,
)
from tryon_worker.observability import Metric, count


@dataclass(frozen=True)
class PrivacyRouter:
    """Sends a request to its use case, whether it came from the bus or from Shopify."""

    erase: Erase
    export_shopper: ExportShopper
    redact_shop: RedactShop
    refusal_publisher: RefusalPublisher
    trusted_sources: frozenset[str]
    shop_domain: str

    def __call__(self, event: InboundEvent, time_left: TimeLeft = no_deadline) -> None:
        """Carries the request out, or publishes ``RequestRefused`` with the reason."""
        try:
            check_source(event, self.trusted_sources)
            self._route(event, time_left)
        except InvalidEvent as refused:
            if refused.reason not in _ANSWERED:
                count(Metric.PRIVACY_REQUESTS_REFUSED)
            self.refusal_publisher.publish(event, refused)

    def _route(self, event: InboundEvent, time_left: TimeLeft) -> None:
        if event.detail_type == "ErasureRequested":
            erasure = parse(ErasureRequested, event.detail)
            self.erase(
                erasure.external_user_id,
                erasure.request_id or event.id,
                time_left,
                asked_at=event.time,
                reusable=True,
            )
        elif event.detail_type == "DataRequested":
            data_request = parse(DataRequested, event.detail)
            request_id = data_request.request_id or event.id
            self.export_shopper(event, data_request.external_user_id, request_id, reusable=True)
        elif event.detail_type == DETAIL_TYPE:
            self._shopify(event, time_left)
        else:
            raise InvalidEvent("UNKNOWN_TYPE", "detail-type", "is not one that this queue takes")

    def _shopify(self, event: InboundEvent, time_left: TimeLeft) -> None:
        metadata = parse(Webhook, event.detail).metadata
        request_id = metadata.webhook_id or event.id
        if metadata.topic is Topic.REDACT_SHOP:
            self._check_shop(parse(ShopWebhook, event.detail).payload.shop_domain)
            if not self.shop_domain and event.source.startswith(PARTNER_BUS):
                # A partner bus carries the events of every shop that has the app.
                raise InvalidEvent("SHOP_UNKNOWN", _SHOP, "needs the stack's parameter ShopDomain")
            self.redact_shop(request_id, time_left, asked_at=event.time)
            return
        payload = parse(CustomerWebhook, event.detail).payload
        self._check_shop(payload.shop_domain)
        if metadata.topic is Topic.REDACT_CUSTOMER:
            self.erase(payload.customer.id, request_id, time_left, asked_at=event.time)
        else:
            asked = payload.data_request
            self.export_shopper(event, payload.customer.id, asked.id if asked else request_id)

    def _check_shop(self, shop_domain: str) -> None:
        if self.shop_domain and shop_domain.casefold() != self.shop_domain.casefold():
            raise InvalidEvent("SHOP_NOT_OURS", _SHOP, "is not the stack's parameter ShopDomain")


_SHOP = "payload.shop_domain"

_ANSWERED = frozenset({"SHOP_NOT_OURS", "CUSTOMER_ERASED"})
"""Refusals that leave nothing to do: another shop is meant, or there is nothing left to report.

Any other one needs a person, because the law's month runs.
"""
