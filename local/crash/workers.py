"""Finds and kills the worker process at the other end of a connection."""

import os
import signal
from contextlib import suppress

import psutil


class UnknownCaller(Exception):
    """A connection comes from no worker of the engine's."""


class Workers:
    """The processes that the engine runs functions in: its children."""

    def __init__(self, engine_pid: int) -> None:
        self._engine = psutil.Process(engine_pid)
        self._known: list[psutil.Process] = []

    def at(self, port: int, peer_port: int) -> int:
        """Return the process whose connection from `port` leads to `peer_port` here."""
        for process in self._known:
            if _holds(process, port, peer_port):
                return int(process.pid)
        # To list children is to look at every process of the machine: only for a new one.
        self._known = self._engine.children(recursive=True)
        for process in self._known:
            if _holds(process, port, peer_port):
                return int(process.pid)
        raise UnknownCaller(f"nobody holds port {port}")

    @staticmethod
    def kill(pid: int) -> None:
        """End a process as a power cut would."""
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _holds(process: psutil.Process, port: int, peer_port: int) -> bool:
    try:
        connections = process.net_connections("tcp4")
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False  # it has ended
    return any(
        connection.raddr and connection.laddr.port == port and connection.raddr.port == peer_port
        for connection in connections
    )
