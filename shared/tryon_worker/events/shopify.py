"""What Shopify says of privacy, in its own words: the three topics that every app must answer.

They come through Shopify's partner bus, or forwarded by a server of the shop that has checked their
signature; both in the envelope of the partner bus: headers as ``metadata``, body as ``payload``.
"""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict, Field

from tryon_worker.events.fields import Model, NamedId, ShopperId

DETAIL_TYPE = "shopifyWebhook"

PARTNER_BUS = "aws.partner/shopify.com/"
"""What the name of a partner bus, and so the source of its events, begins with (AWS)."""


class Topic(StrEnum):
    """What is asked for."""

    REDACT_CUSTOMER = "customers/redact"
    REDACT_SHOP = "shop/redact"
    REQUEST_DATA = "customers/data_request"


def _as_text(value: Any) -> Any:
    """Shopify's ids are whole numbers; ours are text."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


class _Body(Model):
    """Shopify writes snake_case, and more than is read here."""

    model_config = ConfigDict(alias_generator=None)


class Metadata(_Body):
    """The webhook's headers. ``webhook_id`` is the same when Shopify sends it again."""

    topic: Annotated[Topic, Field(alias="X-Shopify-Topic")]
    webhook_id: Annotated[NamedId | None, Field(alias="X-Shopify-Webhook-Id")] = None


class Customer(_Body):
    """Without an id (a customer known by e-mail alone) nobody here is meant."""

    id: Annotated[ShopperId, BeforeValidator(_as_text)]


class Asked(_Body):
    """The request as the merchant sees it."""

    id: Annotated[NamedId, BeforeValidator(_as_text)]


class _Payload(_Body):
    shop_domain: NamedId


class CustomerPayload(_Payload):
    """Of ``customers/redact`` and ``customers/data_request``."""

    customer: Customer
    data_request: Asked | None = None


class Webhook(_Body):
    """Any webhook, as far as its topic."""

    metadata: Metadata


class CustomerWebhook(Webhook):
    """One that names a customer."""

    payload: CustomerPayload


class ShopWebhook(Webhook):
    """One that means everything of a shop."""

    payload: _Payload
