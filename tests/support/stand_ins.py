"""Stands in for what AWS does by itself: executions of the state machine."""


class StateMachine:
    """Stands in for Step Functions: remembers what was started, runs nothing by itself."""

    def __init__(self) -> None:
        self.started: dict[str, str] = {}
        self.stopped: set[str] = set()

    def start(self, try_on_id: str, generation_id: str, wait_seconds: int) -> bool:
        assert wait_seconds >= 1
        if try_on_id in self.started and self.started[try_on_id] == generation_id:
            return False
        self.started[try_on_id] = generation_id
        return True

    def running(self, try_on_id: str, generation_id: str) -> bool | None:
        if self.started.get(try_on_id) != generation_id:
            return None
        return try_on_id not in self.stopped
