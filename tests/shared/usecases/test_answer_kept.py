"""What a paid call was answered is saved before anything else can go wrong."""

from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from tests.support.paying import ordered
from tests.support.world import World
from tryon_worker.store.entry import State


def test_nothing_is_read_between_the_answer_and_the_save(world: World) -> None:
    """A read that failed here would leave a paid call whose end a person has to find out."""
    try_on_id = ordered(world)
    pay, table = world.wiring.submit.pay, world.wiring.table
    call = pay.call

    def no_reads(_key: object) -> Any:
        raise EndpointConnectionError(endpoint_url="https://dynamodb.example")

    def answered(*request: Any) -> Any:
        answer = call(*request)
        table.__dict__["get"] = no_reads
        return answer

    pay.__dict__["call"] = answered
    with pytest.raises(EndpointConnectionError):
        world.step(try_on_id)
    del table.__dict__["get"]
    assert world.entry(try_on_id).state is State.SUBMITTED
    assert world.entry(try_on_id).generation_id
    world.step(try_on_id)  # the message comes again
    assert try_on_id in world.executions.started
    assert world.paid_calls() == 1
