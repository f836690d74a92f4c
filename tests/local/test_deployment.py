"""How the stack is deployed: the same command as for an account, without the user's settings."""

from pathlib import Path

import pytest

from local import deployment


def test_parameters_with_blanks_and_commas_arrive_whole() -> None:
    command = deployment._command(Path("t.yaml"), {"A": "1,2", "B": "x y"})
    assert command[-2:] == ["--parameter-overrides", 'A="1,2" B="x y"']


def test_without_parameters_nothing_is_overridden() -> None:
    assert "--parameter-overrides" not in deployment._command(Path("t.yaml"), {})


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("much\nError: Failed to create changeset: bad KeepForDays\n", "bad KeepForDays"),
        ("a\nCREATE_FAILED  Table  AWS::DynamoDB::Table  no\nb\n", "CREATE_FAILED  Table"),
        ("only words\n", "only words"),
    ],
)
def test_the_line_that_tells_the_reason_is_shown(output: str, expected: str) -> None:
    assert expected in deployment._reason(output)
