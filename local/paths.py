"""Where the local system keeps what it makes: all of it below `.local/`, out of version control."""

import os
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
STATE = REPOSITORY / ".local"
STACK_FILE = STATE / "stack.json"
LOGS = STATE / "logs"
OUT = REPOSITORY / "out"


def _interpreter(variable: str, environment: str) -> Path:
    default = STATE / environment / "bin" / "python"
    return Path(os.environ.get(variable, str(default)))


def engine_python() -> Path:
    """Name the interpreter that has the engine and the SAM CLI, in an environment of their own."""
    return _interpreter("TRYON_ENGINE_PYTHON", "engine-venv")


def function_python() -> Path:
    """Name the interpreter of the Lambda functions: boto3 is all that it has."""
    return _interpreter("TRYON_FUNCTION_PYTHON", "runtime")


def sam() -> Path:
    """Name the SAM CLI, which is installed beside the engine."""
    return engine_python().with_name("sam")
