"""An event source's numbers that come from a template parameter.

CloudFormation's `Ref` of a Number parameter is text. The engine keeps it as it is, compares it with
the calls in flight, and its poller then reads no queue at all.
"""

from typing import Any

from ministack.services.cloudformation import provisioners

from local.engine.patches.wrapping import Function


def _with_numbers(properties: dict[str, Any]) -> dict[str, Any]:
    scaling = properties.get("ScalingConfig")
    if not scaling:
        return properties
    return {**properties, "ScalingConfig": {key: int(value) for key, value in scaling.items()}}


def _creating(original: Function) -> Function:
    def create(logical_id: str, properties: dict[str, Any], stack_name: str) -> Any:
        return original(logical_id, _with_numbers(properties), stack_name)

    return create


def apply() -> None:
    """Close the gap."""
    handlers = provisioners._RESOURCE_HANDLERS["AWS::Lambda::EventSourceMapping"]
    handlers["create"] = _creating(handlers["create"])
