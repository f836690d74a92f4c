"""The executions that poll generations.

They hold nothing personal, because Step Functions keeps them for 90 days.
"""

from typing import TYPE_CHECKING

from tryon_worker.encoding import digest, to_json

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient


class StateMachine:
    """Starts executions of the state machine and reads their status."""

    def __init__(self, client: "SFNClient", state_machine_arn: str) -> None:
        self._client = client
        self._arn = state_machine_arn

    def start(self, try_on_id: str, generation_id: str, wait_seconds: int) -> bool:
        """Starts the execution of a generation; ``False`` if it was started before."""
        try:
            self._client.start_execution(
                stateMachineArn=self._arn,
                name=self.name(try_on_id, generation_id),
                input=to_json(
                    {
                        "tryOnId": try_on_id,
                        "generationId": generation_id,
                        "waitSeconds": wait_seconds,
                    }
                ),
            )
        except self._client.exceptions.ExecutionAlreadyExists:
            return False
        return True

    def running(self, try_on_id: str, generation_id: str) -> bool | None:
        """Whether the execution of a generation runs; ``None`` if it was never started."""
        name = self.name(try_on_id, generation_id)
        arn = f"{self._arn.replace(':stateMachine:', ':execution:')}:{name}"
        try:
            return self._client.describe_execution(executionArn=arn)["status"] == "RUNNING"
        except self._client.exceptions.ExecutionDoesNotExist:
            return None

    @staticmethod
    def name(try_on_id: str, generation_id: str) -> str:
        """The execution's name, of at most 80 characters (AWS).

        It is another one for each generation, so an adopted generation can be polled too.
        """
        return f"{try_on_id}-{digest(generation_id)[:16]}"
