"""The engine's settings: ministack reads them from the environment while it is imported."""

from pathlib import Path

HOST = "127.0.0.1"
ACCOUNT_ID = "000000000000"
# What any client of the local engine signs with.
ACCESS_KEY_ID = "test"
SECRET_ACCESS_KEY = "test"  # noqa: S105  no secret: it opens nothing but loopback


def configure(port: int, home: Path, *, region: str, auth: bool) -> dict[str, str]:
    """Return the environment for an engine on `port` that keeps its files below `home`."""
    temporary = home / "tmp"
    temporary.mkdir(parents=True, exist_ok=True)
    return {
        "GATEWAY_PORT": str(port),
        "BIND_HOST": HOST,
        "MINISTACK_HOST": HOST,
        "MINISTACK_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "MINISTACK_ACCOUNT_ID": ACCOUNT_ID,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
        "AUTH": "true" if auth else "false",
        "IOT_MTLS_ENABLED": "0",  # its broker would open 8883 to the network
        "SFTP_ENABLED": "0",
        "LAMBDA_EXECUTOR": "local",
        # It would sweep containers of other engines off a Docker that it finds; there is none.
        "DOCKER_HOST": f"unix://{home}/no-docker.sock",
        "TMPDIR": str(temporary),
        "S3_DATA_DIR": str(home / "s3"),
        "STATE_DIR": str(home / "state"),
        "PERSIST_STATE": "0",
        "LOG_LEVEL": "INFO",
    }
