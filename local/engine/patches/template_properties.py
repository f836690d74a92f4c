"""Properties of the template that the engine's CloudFormation passes over in silence.

A table's time to live and a bucket's lifecycle are our retention: without them only their presence
in the template could be tested, not that they are understood.
"""

from http import HTTPStatus
from typing import Any
from xml.sax.saxutils import escape

from ministack.services import dynamodb, s3
from ministack.services.cloudformation import provisioners

from local.engine.patches.wrapping import Function


def _element(name: str, content: Any) -> str:
    return f"<{name}>{content}</{name}>"


def _filter(rule: dict[str, Any]) -> str:
    tags = "".join(
        _element("Tag", _element("Key", escape(t["Key"])) + _element("Value", escape(t["Value"])))
        for t in rule.get("TagFilters") or []
    )
    prefix = _element("Prefix", escape(rule["Prefix"])) if rule.get("Prefix") else ""
    # S3 wants `And` round more than one condition, and none round a single one.
    several = bool(prefix) + len(rule.get("TagFilters") or []) > 1
    return _element("Filter", _element("And", prefix + tags) if several else prefix + tags)


def _rule(rule: dict[str, Any]) -> str:
    text = _element("ID", escape(str(rule.get("Id", "")))) + _element("Status", rule["Status"])
    text += _filter(rule)
    if days := rule.get("ExpirationInDays"):
        text += _element("Expiration", _element("Days", days))
    if abort := rule.get("AbortIncompleteMultipartUpload"):
        days = _element("DaysAfterInitiation", abort["DaysAfterInitiation"])
        text += _element("AbortIncompleteMultipartUpload", days)
    return _element("Rule", text)


def _lifecycle_xml(properties: dict[str, Any]) -> bytes:
    rules = "".join(_rule(rule) for rule in properties.get("Rules") or [])
    return _element("LifecycleConfiguration", rules).encode()


def _put_lifecycle(name: str, body: bytes) -> None:
    status, _, answer = s3._put_bucket_lifecycle(name, body)
    if status >= HTTPStatus.MULTIPLE_CHOICES:
        raise ValueError(f"AWS::S3::Bucket LifecycleConfiguration: {answer!r}")


def _setting_ttl(original: Function) -> Function:
    def create(logical_id: str, properties: dict[str, Any], stack_name: str) -> Any:
        created = original(logical_id, properties, stack_name)
        if setting := properties.get("TimeToLiveSpecification"):
            enabled = str(setting.get("Enabled")).lower() == "true"
            specification = {**setting, "Enabled": enabled}
            dynamodb._update_ttl(
                {"TableName": created[0], "TimeToLiveSpecification": specification}
            )
        return created

    return create


def apply() -> None:
    """Close the gap."""
    lifecycle = ("LifecycleConfiguration", _lifecycle_xml, _put_lifecycle)
    configurations = (
        *provisioners._S3_BUCKET_CONFIGURATIONS,
        (*lifecycle, s3._delete_bucket_lifecycle),
    )
    provisioners._S3_BUCKET_CONFIGURATIONS = configurations
    handlers = provisioners._RESOURCE_HANDLERS["AWS::DynamoDB::Table"]
    handlers["create"] = _setting_ttl(handlers["create"])
