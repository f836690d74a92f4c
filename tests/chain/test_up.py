"""`make up`: the file that tells how to use the running system, and what can be asked of it."""

import json
import signal
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.support.launcher import launched

OUTPUTS = {
    "PhotoBucketName",
    "ResultBucketName",
    "EventBusName",
    "UploadQueueUrl",
    "IntakeQueueUrl",
    "TryOnQueueUrl",
    "TryOnDeadLetterQueueUrl",
    "ErasureQueueUrl",
    "StateMachineArn",
    "TableName",
    "GenlookSecretArn",
}


def _client(description: dict[str, Any], service: str) -> Any:
    return boto3.client(  # type: ignore[call-overload] # the name is not a literal
        service,
        endpoint_url=description["endpointUrl"],
        region_name=description["region"],
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


@pytest.mark.promise("One engine under it", "local-engine-runs-the-template")
def test_it_uses_the_api_and_the_parameters_that_it_is_given(tmp_path: Path) -> None:
    stack_file = tmp_path / "stack.json"
    arguments = ["up", "--stack-file", str(stack_file), "--params", "KeepForDays=3 LogLevel=DEBUG"]
    given = {"GENLOOK_BASE_URL": "http://127.0.0.1:9/tryon/v1", "GENLOOK_API_KEY": "gk_mine"}
    with launched(arguments, tmp_path, **given) as launcher:
        launcher.wait_for("Ready.")
        description = json.loads(stack_file.read_text())
        assert set(description) == {
            "endpointUrl",
            "region",
            "genlookBaseUrl",
            "genlookApiKey",
            "outputs",
        }
        assert set(description["outputs"]) == OUTPUTS
        assert description["genlookBaseUrl"] == given["GENLOOK_BASE_URL"]
        assert not [line for _, line in launcher.children() if "local.genlook" in line]
        secret = _client(description, "secretsmanager").get_secret_value(
            SecretId=description["outputs"]["GenlookSecretArn"]
        )
        assert secret["SecretString"] == "gk_mine"
        functions = _client(description, "lambda").list_functions()["Functions"]
        variables = functions[0]["Environment"]["Variables"]
        assert (variables["KEEP_FOR_DAYS"], variables["POWERTOOLS_LOG_LEVEL"]) == ("3", "DEBUG")
        assert variables["GENLOOK_BASE_URL"] == given["GENLOOK_BASE_URL"]
        assert launcher.end(signal.SIGINT) == 130
    assert not stack_file.exists()


def test_half_of_an_api_is_refused_in_one_line(tmp_path: Path) -> None:
    with launched(["up"], tmp_path, GENLOOK_BASE_URL="https://x.example", GENLOOK_API_KEY="") as it:
        assert it.end() == 1
    assert it.text.strip() == (
        "up failed: GENLOOK_BASE_URL and GENLOOK_API_KEY go together: set both"
    )


def test_a_parameter_that_the_template_refuses_is_named(tmp_path: Path) -> None:
    arguments = ["up", "--stack-file", str(tmp_path / "s.json"), "--params", "KeepForDays=2"]
    with launched(arguments, tmp_path) as launcher:
        assert launcher.end() == 1
    assert "up failed: sam deploy failed" in launcher.text
    assert "KeepForDays" in launcher.text.rsplit("up failed", 1)[1]
    assert "Traceback" not in launcher.text
