"""Shopify's privacy webhooks: the three topics that every app must handle.

They come through Shopify's partner bus, or from a server of the shop that has checked their
signature. Both use the partner bus's envelope: headers as ``metadata``, the body as ``payload``.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict, Field

from tryon_worker.events.fields import Model, NamedId, ShopperId

DETAIL_TYPE = "shopifyWebhook"

PARTNER_BUS = "aws.partner/shopify.com/"
"""The begin of a partner bus's name, which is also the source of its events (AWS)."""


class Topic(StrEnum):
    """What a webhook asks for."""

    REDACT_CUSTOMER = "customers/redact"
    REDACT_SHOP = "shop/redact"
    REQUEST_DATA = "customers/data_request"


def topic_of(detail: Mapping[str, Any]) -> str:
    """The topic of a webhook, whatever the case of its header's name; empty if there is none."""
    metadata = detail.get("metadata")
    headers = metadata if isinstance(metadata, Mapping) else {}
    topics = (value for name, value in headers.items() if name.casefold() == "x-shopify-topic")
    return next((topic for topic in topics if isinstance(topic, str)), "")


def _as_text(value: Any) -> Any:
    """Shopify's ids are whole numbers, the worker's are text."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


class _Body(Model):
    """Shopify's JSON is in snake_case."""

    model_config = ConfigDict(alias_generator=None)


class Metadata(_Body):
    """The webhook's headers; a repeat of the webhook has the same ``webhook_id``."""

    topic: Annotated[Topic, Field(alias="X-Shopify-Topic")]
    webhook_id: Annotated[NamedId | None, Field(alias="X-Shopify-Webhook-Id")] = None


class Customer(_Body):
    """The customer. One without an id, known by e-mail alone, is no shopper of the worker."""

    id: Annotated[ShopperId, BeforeValidator(_as_text)]


class MerchantRequest(_Body):
    """The data request as the merchant sees it."""

    id: Annotated[NamedId, BeforeValidator(_as_text)]


class _Payload(_Body):
    shop_domain: NamedId


class CustomerPayload(_Payload):
    """The payload of ``customers/redact`` and ``customers/data_request``."""

    customer: Customer
    data_request: MerchantRequest | None = None


class Webhook(_Body):
    """A webhook, without its payload."""

    metadata: Metadata


class CustomerWebhook(Webhook):
    """A webhook about a customer."""

    payload: CustomerPayload


class ShopWebhook(Webhook):
    """A webhook about a whole shop."""

    payload: _Payload
