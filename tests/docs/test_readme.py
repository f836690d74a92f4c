"""What README.md tells a shop's engineer to type and to expect is what there is."""

import json
import re
from pathlib import Path

import pytest

from tests.events.catalogue import complaints, sample, samples, schema_name
from tests.events.test_samples import FROM_AWS
from tests.support.world import PRODUCT_URL, World
from tests.template.stack import load

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
COMMANDS = re.findall(r"^```sh\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def _names(folder: str) -> set[str]:
    return {schema_name(name) for name in samples(folder)}


def test_its_event_is_one_as_it_is_typed() -> None:
    """A shell hands on what is between single quotes as it is, line ends included."""
    (typed,) = [command for command in COMMANDS if "put-events" in command]
    (entry,) = json.loads(typed.split("'")[1])
    event = sample(f"incoming/{entry['DetailType']}")
    event.update(source=entry["Source"], detail=json.loads(entry["Detail"]))
    assert complaints(entry["DetailType"], event) == []


def test_its_first_event_becomes_a_picture(world: World) -> None:
    """With a picture that the tests' Genlook can fetch."""
    (typed,) = [command for command in COMMANDS if "put-events" in command]
    (entry,) = json.loads(typed.split("'")[1])
    detail = json.loads(entry["Detail"])
    detail["items"][0]["images"] = [{"url": PRODUCT_URL}]
    world.ready_photo(shopper=detail["externalUserId"])
    world.container.route_event(world.event(entry["DetailType"], detail, source=entry["Source"]))
    world.run()
    (try_on_id,) = world.try_on_ids()
    world.watch(try_on_id)
    (outcome,) = world.events("TryOnCompleted")
    assert outcome["result"]["key"].startswith("results/")


def test_it_tells_of_each_event() -> None:
    coming = README.split("**Events in**")[1].split("**Events out**")[0]
    going = README.split("**Events out**")[1].split("## ")[0]
    rows = "".join(line.split("|")[1] for line in coming.splitlines() if line.startswith("| `"))
    assert set(re.findall(r"`(\w+)`", rows)) == _names("incoming") - FROM_AWS - {"TryOnMessage"}
    assert _names("outgoing") <= set(re.findall(r"`(\w+)`", going))


def test_each_command_and_parameter_in_it_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"(?:`|^)make ([a-z]+)", README, re.MULTILINE)) <= targets
    template = load().template
    known = {*template["Parameters"], *template["Outputs"], *template["Resources"]}
    told = re.findall(r"`((?:Max|KeepFor|Trusted|Alarm|Shop(?=D|ify)|EventBus)\w+)`", README)
    assert told
    assert set(told) <= known
    given = re.findall(r'PARAMS="([^"]+)"', README)
    assert {word.partition("=")[0] for text in given for word in text.split()} - {"..."} <= known


def test_the_calls_at_once_are_those_of_the_template() -> None:
    """As many as the queues' functions may have by default."""
    stack = load()
    limits = [
        event.get("ScalingConfig", {}).get("MaximumConcurrency")
        for event in stack.queue_events().values()
    ]
    default = stack.template["Parameters"]["TryOnConcurrency"]["Default"]
    most = sum(limit if isinstance(limit, int) else default for limit in limits)
    assert f"may have {most}," in README


@pytest.mark.parametrize("page", ["README.md", *(f"docs/{p.name}" for p in ROOT.glob("docs/*.md"))])
def test_its_links_and_paths_lead_somewhere(page: str) -> None:
    text = (ROOT / page).read_text()
    for link in re.findall(r"\]\(([^)#:]+)\)", text):
        assert ((ROOT / page).parent / link).exists(), link
    for path in re.findall(r"`((?:docs|shared|functions|local|ops|bench|events)/[\w./]*)`", text):
        assert (ROOT / path).exists(), path
