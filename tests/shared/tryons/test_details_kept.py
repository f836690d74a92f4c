"""What a paid call was answered is saved before anything else can go wrong."""

from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError

from tests.support.submitting import ordered
from tests.support.world import World
from tryon_worker.tryons.model import State


def test_nothing_is_read_between_the_answer_and_the_save(world: World) -> None:
    """A read that failed here would leave a paid call whose end a person has to find out."""
    try_on_id = ordered(world)
    paid_call, table = world.container.step.paid_call, world.container.table
    call = paid_call.call

    def no_reads(_key: object) -> Any:
        raise EndpointConnectionError(endpoint_url="https://dynamodb.example")

    def answered(*request: Any) -> Any:
        answer = call(*request)
        table.__dict__["get"] = no_reads
        return answer

    paid_call.__dict__["call"] = answered
    with pytest.raises(EndpointConnectionError):
        world.step(try_on_id)
    del table.__dict__["get"]
    assert world.try_on(try_on_id).state is State.SUBMITTED
    assert world.try_on(try_on_id).generation_id
    world.step(try_on_id)  # the message comes again
    assert try_on_id in world.state_machine.started
    assert world.paid_calls() == 1


@pytest.mark.parametrize(
    "error",
    [
        ClientError({"Error": {"Code": "InternalServerError"}}, "TransactWriteItems"),
        ClientError({"Error": {"Code": "AccessDeniedException"}}, "TransactWriteItems"),
        ReadTimeoutError(endpoint_url="https://dynamodb.example"),
    ],
    ids=["an error of DynamoDB", "a permission that is missing", "no answer"],
)
@pytest.mark.parametrize("written", [False, True], ids=["not written", "written all the same"])
def test_a_transaction_that_fails_does_not_lose_the_generation_to_a_review(
    world: World, error: Exception, written: bool
) -> None:
    """It holds more than the generation, which can still be written by itself."""
    try_on_id = ordered(world)
    paid_call, table = world.container.step.paid_call, world.container.table
    call, transact = paid_call.call, table.transact

    def fails(writes: Any) -> None:
        if written:
            transact(writes)
        raise error

    def answered(*request: Any) -> Any:
        answer = call(*request)
        table.__dict__["transact"] = fails
        return answer

    paid_call.__dict__["call"] = answered
    world.step(try_on_id)
    assert world.try_on(try_on_id).state is State.SUBMITTED
    assert world.try_on(try_on_id).generation_id
    assert try_on_id in world.state_machine.started
