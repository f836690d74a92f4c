"""Collects what the worker says on the bus, by try-on and by shopper."""

import json
import threading
from collections import defaultdict
from typing import Any

from local.demo.observer import Event, Observer
from local.system import System

TERMINAL = {"TryOnCompleted", "TryOnFailed"}


class EventLog:
    """A thread that listens for the `with` block and keeps all that it heard."""

    def __init__(self, system: System) -> None:
        self._observer = Observer(system)
        self._events: list[Event] = []
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._listen, daemon=True)

    def __enter__(self) -> "EventLog":
        """Listen."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop listening."""
        self._over.set()
        self._thread.join()

    def of(self, detail_type: str, **detail: Any) -> list[Event]:
        """Return the events of a type that say what is asked for."""
        with self._lock:
            return [
                event
                for event in self._events
                if event.detail_type == detail_type
                and all(event.detail.get(name) == value for name, value in detail.items())
            ]

    def outcomes(self) -> dict[str, set[str]]:
        """Return the distinct terminal events of each try-on: type, time, all that they say."""
        found: dict[str, set[str]] = defaultdict(set)
        with self._lock:
            for event in self._events:
                if event.detail_type in TERMINAL:
                    said = json.dumps([event.detail_type, event.detail], sort_keys=True)
                    found[event.detail["tryOnId"]].add(said)
        return found

    def _listen(self) -> None:
        while not self._over.is_set():
            for event in self._observer.events():
                with self._lock:
                    self._events.append(event)
