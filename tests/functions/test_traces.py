"""What a function that fails leaves in its trace and in its log: never the words of the failure."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.remains import named_in

REPOSITORY = Path(__file__).parents[2]
SHOPPER = "zoë@shop/7"
NEEDED = (
    "TABLE_NAME",
    "EVENT_BUS_NAME",
    "GENLOOK_BASE_URL",
    "GENLOOK_SECRET_ARN",
    "SHOPPER_KEY_SECRET_ARN",
    "OWN_QUEUE_URL",
    "INTAKE_QUEUE_URL",
    "UPLOAD_QUEUE_URL",
    "TRYON_QUEUE_URL",
    "ERASURE_QUEUE_URL",
    "PHOTO_BUCKET_NAME",
    "RESULT_BUCKET_NAME",
    "STATE_MACHINE_ARN",
)
TRACE = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"


def _segments(daemon: socket.socket) -> str:
    """All that was sent; local datagrams are there as soon as the sender is gone."""
    daemon.setblocking(False)
    found = []
    while True:
        try:
            found.append(daemon.recv(65_536).decode())
        except BlockingIOError:
            return "\n".join(found)


@pytest.mark.promise("Nothing leaks", "nothing-personal-in-traces")
def test_neither_trace_nor_line_quotes_what_failed() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as daemon:
        daemon.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{daemon.getsockname()[1]}"
        done = subprocess.run(
            [sys.executable, "-m", "tests.functions.failing", SHOPPER],
            cwd=REPOSITORY,
            env={
                # No more of ours: the logger keeps silent where it finds pytest in it.
                "PATH": os.environ["PATH"],
                "PYTHONPATH": f"{REPOSITORY}/shared:{REPOSITORY}",
                "POWERTOOLS_TRACE_DISABLED": "false",
                "POWERTOOLS_TRACER_CAPTURE_RESPONSE": "false",
                "POWERTOOLS_TRACER_CAPTURE_ERROR": "false",
                "LAMBDA_TASK_ROOT": str(REPOSITORY),
                "_X_AMZN_TRACE_ID": TRACE,
                "AWS_XRAY_DAEMON_ADDRESS": address,
                **dict.fromkeys(NEEDED, "https://needed.example"),
            },
            capture_output=True,
            text=True,
            timeout=300,
            check=True,
        )
        traced = _segments(daemon)
    assert traced.count("## handler") == 6
    assert done.stdout.count("message failed") + done.stdout.count("[ERROR]") == 6
    assert named_in(traced + done.stdout + done.stderr, SHOPPER) == []


@pytest.mark.promise("Nothing leaks", "nothing-personal-in-traces")
def test_no_library_is_patched() -> None:
    """X-Ray's patches note S3 keys and the paths of URLs, which hold the shopper's id."""
    script = "import tryon_worker.observability; from aws_xray_sdk.core import patcher"
    done = subprocess.run(
        [sys.executable, "-c", f"{script}; print(sorted(patcher._PATCHED_MODULES))"],
        cwd=REPOSITORY,
        env={
            **os.environ,
            "PYTHONPATH": f"{REPOSITORY}/shared",
            "POWERTOOLS_TRACE_DISABLED": "false",
            "LAMBDA_TASK_ROOT": str(REPOSITORY),
        },
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    assert done.stdout.strip() == "[]"
