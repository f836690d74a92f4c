"""Functions see what Lambda gives them, and nothing of the machine that they run on."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.engine_process import Engine, running_engine
from local.paths import REPOSITORY, function_python
from tests.support.functions import invoke, make_function

SHOWING = """
import os, sys

def handler(event, context):
    return {"python": sys.executable, "environment": dict(os.environ), "path": sys.path,
            "left": context.get_remaining_time_in_millis()}
"""
ALLOWED = {
    "PATH",
    "LANG",
    "LC_CTYPE",
    "TZ",
    "TMPDIR",
    "LAMBDA_TASK_ROOT",
    "_LAMBDA_FUNCTION_ARN",
    "_LAMBDA_TIMEOUT",
    "_MINISTACK_INVOKE_DEPTH",
    "_X_AMZN_TRACE_ID",
}


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    python = function_python()
    with running_engine(tmp_path_factory.mktemp("alone"), function_python=python) as engine:
        yield engine


def test_functions_run_in_the_runtime_that_was_given(alone: Engine) -> None:
    _, shown = invoke(alone, make_function(alone, SHOWING))
    assert shown["python"] == str(function_python())
    assert not [path for path in shown["path"] if str(REPOSITORY) in path and ".local" not in path]


def test_functions_see_lambdas_environment_and_their_own_only(alone: Engine) -> None:
    own = {"TABLE_NAME": "t", "LOG_LEVEL": "INFO"}  # the engine has a LOG_LEVEL of its own
    _, shown = invoke(alone, make_function(alone, SHOWING, Environment={"Variables": own}))
    seen = {name for name in shown["environment"] if not name.startswith("AWS_")} - ALLOWED
    assert seen == set(own)
    assert shown["environment"]["AWS_ENDPOINT_URL"] == alone.endpoint_url


@pytest.mark.promise("P5", "same-handlers-and-package")
@pytest.mark.parametrize("package", ["ministack", "httpx", "pytest", "local", "tryon_worker"])
def test_what_the_artefact_does_not_carry_is_missing(alone: Engine, package: str) -> None:
    name = make_function(alone, f"import {package}\ndef handler(event, context): return 1")
    error, body = invoke(alone, name)
    assert error == "Unhandled"
    assert body["errorType"] == "Runtime.ImportModuleError"
    assert f"No module named '{package}'" in body["errorMessage"]


def test_boto3_comes_with_the_runtime(alone: Engine) -> None:
    code = "import boto3\ndef handler(event, context): return boto3.__version__"
    error, version = invoke(alone, make_function(alone, code))
    assert (error, version.split(".")[0]) == (None, "1")


def test_a_function_that_runs_too_long_or_dies_says_so(alone: Engine) -> None:
    slow = make_function(
        alone, "import time\ndef handler(event, context): time.sleep(9)", Timeout=1
    )
    dying = make_function(alone, "import os\ndef handler(event, context): os._exit(3)")
    assert invoke(alone, slow)[1]["errorType"] == "Sandbox.Timedout"
    assert invoke(alone, dying)[1]["errorType"] == "Runtime.ExitError"


def test_the_runtime_is_not_the_one_of_the_tests() -> None:
    assert Path(sys.executable) != function_python()
