"""The template as data: CloudFormation's short tags and loops written out, resources by type."""

import json
import re
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

REPOSITORY = Path(__file__).parents[2]
MACHINE = REPOSITORY / "functions/generation/wait.asl.json"

Properties = dict[str, Any]


class _Loader(yaml.SafeLoader):
    """Reads `!Ref X` as `{"Ref": "X"}` and so on."""


def _short_tag(loader: _Loader, suffix: str, node: yaml.Node) -> Properties:
    name = suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        text = str(loader.construct_scalar(node))
        return {name: text.split(".", 1) if suffix == "GetAtt" else text}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    assert isinstance(node, yaml.MappingNode)
    return {name: loader.construct_mapping(node, deep=True)}


_Loader.add_multi_constructor("!", _short_tag)


@dataclass(frozen=True)
class Stack:
    """The template and the machine's definition; tests spoil copies of both."""

    template: dict[str, Any]
    machine: dict[str, Any]
    text: str

    @property
    def resources(self) -> dict[str, Any]:
        """All resources, by logical id."""
        found: dict[str, Any] = self.template["Resources"]
        return found

    def of_type(self, kind: str) -> dict[str, Properties]:
        """Return the properties of the resources of a type, by logical id."""
        return {
            name: resource.get("Properties", {})
            for name, resource in self.resources.items()
            if resource["Type"] == kind
        }

    @property
    def functions(self) -> dict[str, Properties]:
        """The functions, each with what the template's globals give it."""
        defaults = self.template["Globals"]["Function"]
        found = self.of_type("AWS::Serverless::Function")
        return {name: {**defaults, **own} for name, own in found.items()}

    @property
    def queues(self) -> dict[str, Properties]:
        """All queues."""
        return self.of_type("AWS::SQS::Queue")

    @property
    def work_queues(self) -> dict[str, Properties]:
        """The queues that are not dead-letter queues."""
        return {n: q for n, q in self.queues.items() if not n.endswith("DeadLetterQueue")}

    @property
    def buckets(self) -> dict[str, Properties]:
        """All buckets."""
        return self.of_type("AWS::S3::Bucket")

    @property
    def rules(self) -> dict[str, Properties]:
        """All rules of EventBridge."""
        return self.of_type("AWS::Events::Rule")

    def queue_events(self) -> dict[str, Properties]:
        """Return the one queue that a function reads, as its event source, by function."""
        return {
            name: event["Properties"]
            for name, function in self.functions.items()
            for event in function.get("Events", {}).values()
            if event["Type"] == "SQS"
        }


def _filled(text: str, names: Mapping[str, str]) -> str:
    for name, item in names.items():
        text = text.replace(f"${{{name}}}", item)
    return text


def _resolved(value: Any, names: Mapping[str, str], mappings: Properties) -> Any:
    """Return what a value of a loop is for these items, as AWS::LanguageExtensions resolves it."""
    if isinstance(value, list):
        return [_resolved(part, names, mappings) for part in value]
    if not isinstance(value, dict):
        return value
    parts = {key: _resolved(part, names, mappings) for key, part in value.items()}
    match parts:
        case {"Ref": str(name)} if name in names:
            return names[name]
        case {"Fn::FindInMap": [table, row, column]}:
            return mappings[table][row][column]
        case {"Fn::Sub": str(text)}:
            filled = _filled(text, names)
            return {"Fn::Sub": filled} if "${" in filled else filled
    return parts


def _expanded(section: Properties, mappings: Properties, names: Mapping[str, str]) -> Properties:
    """Return the resources of a section, those of each `Fn::ForEach` one by one."""
    found: Properties = {}
    for key, value in section.items():
        if key.startswith("Fn::ForEach::"):
            name, items, fragment = value
            for item in items:
                found |= _expanded(fragment, mappings, {**names, name: item})
        else:
            found[_filled(key, names)] = _resolved(value, names, mappings)
    return found


def read(text: str) -> dict[str, Any]:
    """Return a template with its short tags and its loops written out."""
    template: dict[str, Any] = yaml.load(text, Loader=_Loader)  # noqa: S506  a SafeLoader of our own
    template["Resources"] = _expanded(template["Resources"], template.get("Mappings", {}), {})
    return template


@cache
def _read() -> Stack:
    text = (REPOSITORY / "template.yaml").read_text()
    return Stack(read(text), json.loads(MACHINE.read_text()), text)


def load() -> Stack:
    """Return the template and the machine as they are in the repository, a new copy each time."""
    return deepcopy(_read())


def target(value: Any) -> str | None:
    """Return the logical id that a `Ref`, `GetAtt` or `Sub` names, or an `If` where it holds."""
    if not isinstance(value, dict):
        return None
    if "Fn::If" in value:
        return target(value["Fn::If"][1])
    if "Ref" in value:
        return str(value["Ref"])
    if "Fn::GetAtt" in value:
        return str(value["Fn::GetAtt"][0])
    found = re.match(r"\$\{(\w+)\.Arn\}", str(value.get("Fn::Sub", "")))
    return found[1] if found else None


def as_list(value: Any) -> list[Any]:
    """Return `value` as a list: policies and patterns may hold one or many."""
    return value if isinstance(value, list) else [value]


def statements(document: Properties) -> list[Properties]:
    """Return the statements of a policy, those that depend on a condition included."""
    return [found["Fn::If"][1] if "Fn::If" in found else found for found in document["Statement"]]
