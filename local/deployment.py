"""Deploy a built template into the running engine, as `sam deploy` would into an account."""

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from local.engine.environment import ACCESS_KEY_ID, SECRET_ACCESS_KEY
from local.engine_process import Engine
from local.failures import LocalSystemError
from local.paths import REPOSITORY, STATE, sam

STACK_NAME = "tryon-worker"
_SECONDS = 300


@dataclass(frozen=True)
class Stack:
    """What a deployed stack says of itself."""

    name: str
    outputs: Mapping[str, str]


def _environment(engine: Engine) -> dict[str, str]:
    """Name the engine and nothing else: no profile and no proxy of the user's has a say."""
    return {
        "PATH": f"{sam().parent}:/usr/local/bin:/usr/bin:/bin",
        "HOME": str(STATE),
        "AWS_ENDPOINT_URL": engine.endpoint_url,
        "AWS_REGION": engine.region,
        "AWS_DEFAULT_REGION": engine.region,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
        "SAM_CLI_TELEMETRY": "0",
        "SAM_CLI_POLL_DELAY": "0.2",  # seconds; its 5 are for an account far away
        "__SAM_CLI_APP_DIR": str(STATE / "sam"),
    }


def _command(template: Path, parameters: Mapping[str, str]) -> list[str]:
    command = [str(sam()), "deploy", "--template-file", str(template)]
    command += ["--config-file", str(REPOSITORY / "samconfig.toml")]
    command += ["--stack-name", STACK_NAME, "--resolve-s3", "--no-confirm-changeset"]
    # Quoted as sam wants it: a value may hold blanks and commas.
    overrides = [f'{name}="{value}"' for name, value in parameters.items()]
    return [*command, "--parameter-overrides", " ".join(overrides)] if overrides else command


def _reason(output: str) -> str:
    """Return the lines of sam's output that say what went wrong."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    telling = [line for line in lines if "FAILED" in line or line.startswith("Error")]
    return "\n  ".join((telling or lines)[-6:])


def deploy(engine: Engine, template: Path, parameters: Mapping[str, str], log: Path) -> Stack:
    """Deploy and return the stack with its outputs."""
    try:
        done = subprocess.run(
            _command(template, parameters),
            env=_environment(engine),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
    except FileNotFoundError as error:
        raise LocalSystemError(f"sam deploy: {sam()} is missing") from error
    except subprocess.TimeoutExpired as error:
        raise LocalSystemError(f"sam deploy did not end within {_SECONDS} s") from error
    log.write_text(done.stdout)
    if done.returncode:
        raise LocalSystemError(f"sam deploy failed:\n  {_reason(done.stdout)}")
    described = engine.client("cloudformation").describe_stacks(StackName=STACK_NAME)["Stacks"][0]
    outputs = {o["OutputKey"]: o["OutputValue"] for o in described.get("Outputs", [])}
    return Stack(STACK_NAME, outputs)


def put_api_key(engine: Engine, stack: Stack, api_key: str) -> None:
    """Put Genlook's API key where the shop would: into the stack's secret."""
    engine.client("secretsmanager").put_secret_value(
        SecretId=stack.outputs["GenlookSecretArn"], SecretString=api_key
    )
