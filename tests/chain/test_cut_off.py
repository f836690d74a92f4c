"""The demo without a network: loopback is all there is, and neither Docker nor an account (P5)."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from local.artefact import built_template
from local.paths import REPOSITORY

# A namespace of its own has a loopback that is down and no other device. What listens in /run,
# Docker's socket among it, is covered by an empty folder.
ALONE = ["unshare", "--user", "--map-root-user", "--mount", "--net", sys.executable, "-c"]
BEGIN = """
import fcntl, os, socket, struct, subprocess, sys
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
    up = struct.pack("16sh", b"lo", 1)
    fcntl.ioctl(any_socket, 0x8914, up)
subprocess.run(["mount", "-t", "tmpfs", "none", "/run"], check=True)
try:
    socket.create_connection(("192.0.2.1", 443), 1)
except OSError as error:
    print("alone:", error.strerror, flush=True)
os.execvp("sh", ["sh", "-ec", *sys.argv[1:]])
"""
COMMAND = f"make environments && {sys.executable} -m local demo --out"


def alone(command: str, environment: dict[str, str]) -> tuple[int, str]:
    done = subprocess.run(
        [*ALONE, BEGIN, command],
        cwd=REPOSITORY,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )
    return done.returncode, done.stdout


@pytest.mark.promise("P5", "no-docker")
@pytest.mark.promise("P5", "no-network-from-the-second-run")
def test_from_the_second_run_on_no_network_is_needed(tmp_path: Path) -> None:
    if shutil.which("unshare") is None or alone("true", dict(os.environ))[0] != 0:
        pytest.skip("this machine cuts nobody off")
    built_template()  # as a first run leaves it
    code, told = alone(
        f"{COMMAND} {tmp_path}", {"PATH": os.defpath, "HOME": str(tmp_path), "USER": "nobody"}
    )
    assert code == 0, told
    lines = told.splitlines()
    assert lines[0] == "alone: Network is unreachable"
    assert not [line for line in lines if "installing" in line]
    assert Path(lines[-1].removeprefix("The picture: ")).stat().st_size > 0
