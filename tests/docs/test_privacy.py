"""What docs/PRIVACY.md says is held, logged and sent is what code and template have."""

import ast
import inspect
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.template.stack import load
from tryon_worker import shoppers
from tryon_worker.account import quotas
from tryon_worker.aws import keys
from tryon_worker.aws.keys import Key
from tryon_worker.catalogue import store as catalogue_store
from tryon_worker.clock import DAY
from tryon_worker.erasure import export
from tryon_worker.erasure import store as erasure_store
from tryon_worker.genlook import requests
from tryon_worker.genlook.models import Output, PersonById, Product, ProductImage, TryOnInput
from tryon_worker.observability import Metric
from tryon_worker.photos import model as photos_model
from tryon_worker.tryons import ledger, model

ROOT = Path(__file__).parents[2]
PRIVACY = (ROOT / "docs" / "PRIVACY.md").read_text()
SOURCES = [*(ROOT / "shared").rglob("*.py"), *(ROOT / "functions").rglob("*.py")]


def section(title: str) -> str:
    """What stands below a heading, up to the next one."""
    _, _, rest = PRIVACY.partition(f"# {title}\n")
    assert rest, title
    return re.split(r"^#", rest, maxsplit=1, flags=re.MULTILINE)[0]


def table(title: str) -> list[list[str]]:
    """The rows of the table below a heading, cell by cell."""
    lines = [line for line in section(title).splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


def named(text: str) -> set[str]:
    return set(re.findall(r"`(\w+)`", text))


# --- what is held


def kinds_of_rows() -> set[tuple[str, str]]:
    """Partition and kind of each row, by calling all that name one."""
    found = {keys.RATE_LIMITER, keys.CREDITS}
    for _, make in inspect.getmembers(keys, inspect.isfunction):
        if inspect.signature(make).return_annotation == Key:
            found.add(make(*("x" for _ in inspect.signature(make).parameters)))
    return {(pk.partition("#")[0], sk.partition("#")[0]) for pk, sk in found}


def test_each_kind_of_row_has_its_line() -> None:
    told = [re.findall(r"`(\w+)", row[0]) for row in table("The table")]
    assert {(pk, sk) for pk, sk in told} == kinds_of_rows()
    assert len(told) == len(kinds_of_rows())


@pytest.mark.parametrize(
    ("row", "seconds"),
    [
        ("QUOTA#", quotas._ttl(0)),
        ("LEDGER", model.LEDGER_SECONDS),
        ("GENERATION", ledger._OWNERSHIP_SECONDS),
        ("PHOTO#", photos_model._ROW_EXTRA_SECONDS),
        ("PRODUCT", catalogue_store._DELETED_SECONDS),
        ("DATA_REQUEST#", erasure_store._REPORTED_SECONDS),
        ("SHOPPER`", shoppers.ROOT_SECONDS),
        ("ERASURE#", shoppers.ROOT_SECONDS),
        ("REDACTION#", shoppers.ROOT_SECONDS),
    ],
)
def test_a_row_lives_as_long_as_it_says(row: str, seconds: int) -> None:
    lines = [line for line in table("The table") if f"`{row}" in f"{line[0]}"]
    assert lines
    for line in lines:
        assert f"{seconds // DAY} days" in line[2]


def test_a_report_lives_as_long_as_it_says() -> None:
    (line,) = [row for row in table("Buckets") if "ResultBucket" in row[0]]
    assert f"reports: {export.KEEP_FOR_DAYS} days" in line[2]


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("Buckets", "AWS::S3::Bucket"),
        ("Queues", "AWS::SQS::Queue"),
        ("Logs, metrics, traces", "AWS::Logs::LogGroup"),
    ],
)
def test_each_place_is_named(title: str, kind: str) -> None:
    suffix = kind.rpartition("::")[2]
    told = {name for name in named(section(title)) if name.endswith(suffix)}
    assert told == set(load().of_type(kind))


def test_every_kind_of_resource_that_keeps_something_is_told_of() -> None:
    """A new kind of store would need a section of its own."""
    keeping = {
        "AWS::S3::Bucket",
        "AWS::DynamoDB::Table",
        "AWS::SQS::Queue",
        "AWS::Logs::LogGroup",
        "AWS::Serverless::StateMachine",
        "AWS::SecretsManager::Secret",
    }
    known_not_to = {
        "AWS::Events::EventBus",
        "AWS::Events::Rule",
        "AWS::S3::BucketPolicy",
        "AWS::SQS::QueuePolicy",
        "AWS::SNS::Topic",
        "AWS::SNS::TopicPolicy",
        "AWS::CloudWatch::Alarm",
        "AWS::IAM::ManagedPolicy",
        "AWS::IAM::Policy",
        "AWS::IAM::Role",
        "AWS::Lambda::Permission",
        "AWS::Serverless::Function",
        "AWS::Serverless::LayerVersion",
    }
    kinds = {resource["Type"] for resource in load().resources.values()}
    assert kinds == keeping | known_not_to


# --- what is logged


def logger_calls() -> Iterator[tuple[Path, ast.Module, ast.Call]]:
    for path in SOURCES:
        tree = ast.parse(path.read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                of = node.func.value
                if isinstance(of, ast.Name) and of.id == "logger":
                    yield path, tree, node


def fields_of(value: ast.expr | None, tree: ast.Module) -> set[str]:
    """The fields that an expression gives to a log line; nothing that cannot be read off."""
    if isinstance(value, ast.Dict):
        found: set[str] = set()
        for key, inner in zip(value.keys, value.values, strict=True):
            if isinstance(key, ast.Constant):
                found.add(str(key.value))
            else:
                assert key is None, ast.dump(value)
                found |= fields_of(inner, tree)
        return found
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name):
        assert value.func.id == "error_fields", ast.dump(value)
        return {"error", "where", "awsCode", "awsCall"}
    assert isinstance(value, ast.Name), ast.dump(value or ast.Constant(None))
    return _keywords(value.id, tree)


def _keywords(name: str, tree: ast.Module) -> set[str]:
    """What a function of the module is given as ``**name``."""
    functions = [
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.args.kwarg and node.args.kwarg.arg == name
    ]
    assert len(functions) == 1
    return {
        str(keyword.arg)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in functions
        for keyword in node.keywords
    }


@pytest.mark.promise("Nothing leaks", "nothing-personal-in-logs-or-executions")
def test_each_field_of_a_log_line_is_told_of_and_no_other() -> None:
    logged: set[str] = set()
    for path, tree, call in logger_calls():
        if isinstance(call.func, ast.Attribute) and call.func.attr == "inject_lambda_context":
            continue
        (message,) = call.args
        assert isinstance(message, ast.Constant), f"{path}: a message is made up at run time"
        assert [keyword.arg for keyword in call.keywords] in ([], ["extra"]), path
        for keyword in call.keywords:
            logged |= fields_of(keyword.value, tree)
    told = set().union(*(named(row[0]) for row in table("Logs, metrics, traces")))
    assert logged == told


def test_nothing_else_writes_lines() -> None:
    """No logger of another name, no print, no exception's text with a trace."""
    for path in SOURCES:
        names = {
            node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Call)
        }
        assert not names & {"print", "getLogger", "exception", "print_exc", "put_annotation"}, path
        assert "put_metadata" not in names, path


def test_the_metrics_are_these() -> None:
    assert {metric.value for metric in Metric} <= named(section("Logs, metrics, traces"))


# --- what leaves


def leaves(value: object, key: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from leaves(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner, key)
    else:
        yield key


def test_genlook_is_told_no_more_of_a_shopper_than_this() -> None:
    (upload,) = [row for row in table("To Genlook") if "upload" in row[0]]
    sent = requests.upload(
        b"",
        filename="photo.jpeg",
        content_type="image/jpeg",
        external_user_id="s",
        crop=True,
        keep_for_days=7,
    )
    assert set(sent.fields) == named(upload[1])
    (try_on,) = [row for row in table("To Genlook") if "/try-on" in row[0]]
    product = Product(external_id="p", images=(ProductImage("https://a.example/b"),))
    request = TryOnInput(
        product, PersonById("i"), external_user_id="s", output=Output(watermark=True)
    )
    document = json.loads(requests.try_on(request).json or b"")
    assert set(document) - {"person"} <= named(try_on[1])
    assert set(leaves(document["person"])) <= named(try_on[1])


def test_each_event_that_goes_out_is_told_of() -> None:
    """Those that name a shopper, and those that must not."""
    text = section("To the shop's bus")
    for path in (ROOT / "events" / "outgoing").glob("*.json"):
        name = path.stem.partition(".")[0]
        detail = json.loads(path.read_text())["detail"]
        if "tryOnId" not in detail:
            assert name in named(text), name
    silent = named(text.split("carry none")[0].split("gave it.")[1])
    for name in silent & {path.stem for path in (ROOT / "events" / "outgoing").glob("*.json")}:
        schema = (ROOT / "events" / "schemas" / f"{name}.json").read_text()
        assert "externalUserId" not in schema


def test_its_links_lead_somewhere() -> None:
    for link in re.findall(r"\]\(([^)]+)\)", PRIVACY):
        assert (ROOT / "docs" / link).exists(), link
