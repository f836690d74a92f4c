"""Clients of an engine, each made once: to make one takes longer than most tests do."""

from typing import Any, ClassVar

from local.engine_process import Engine


class Clients:
    """Stands in for a boto3 session."""

    _made: ClassVar[dict[tuple[str, str, int], Any]] = {}

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def client(self, service: str, **options: Any) -> Any:
        key = (self._engine.endpoint_url, service, id(options.get("config")))
        if key not in self._made:
            self._made[key] = self._engine.client(service, **options)
        return self._made[key]
