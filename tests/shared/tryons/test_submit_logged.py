"""What a person still finds when the worker dies right after the paid call: its id in the log."""

import logging

import pytest

from tests.support.kill_switch import Killed
from tests.support.submitting import ordered
from tests.support.world import World
from tryon_worker.observability import logger
from tryon_worker.tryons.model import State


class LastLine(logging.Handler):
    """The process is no more as soon as it has written a ``generationId``."""

    told = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.told = getattr(record, "generationId", "")
        if self.told:
            raise Killed


@pytest.mark.promise("The paid call", "generation-is-logged-first")
def test_the_generation_is_logged_before_it_is_saved(world: World) -> None:
    try_on_id = ordered(world)
    last_line = LastLine()
    powertools = logging.getLogger(logger.service)
    powertools.addHandler(last_line)
    try:
        with pytest.raises(Killed):
            world.step(try_on_id)
    finally:
        powertools.removeHandler(last_line)
    assert last_line.told in world.genlook.state.generations
    try_on = world.try_on(try_on_id)
    assert (try_on.state, try_on.generation_id) == (State.SUBMITTING, None)
