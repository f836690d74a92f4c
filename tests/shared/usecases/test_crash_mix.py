"""Faults, deaths, repeats and late deliveries at random: each try-on ends once, and paid once.

``CRASH_SEED`` and ``CRASH_TRY_ONS`` in the environment make another, or a longer, mix of it.
"""

import os
import random
import sys

import pytest

from local.genlook.faults import CallFault, Fate
from tests.support.cloud import Cloud, Job
from tests.support.scythe import MortalWorld
from tests.support.stories import Story, at_rest

SEED = int(os.environ.get("CRASH_SEED", "20260602"))
TRY_ONS = int(os.environ.get("CRASH_TRY_ONS", "40"))

FAULTS: list[CallFault | Fate | None] = [
    None,
    None,
    CallFault(operation="try_on", kind="lose", when="after"),
    CallFault(operation="try_on", kind="lose", when="before"),
    CallFault(operation="try_on", status=503, body="html"),
    CallFault(operation="try_on", status=429, code="RATE_LIMITED", headers={"Retry-After": "7"}),
    CallFault(operation="try_on", status=400, code="VALIDATION_FAILED"),
    CallFault(operation="upload", kind="lose", when="after"),
    CallFault(operation="upload", status=500),
    CallFault(operation="generation", status=502, body="html", times=3),
    CallFault(operation="generation", kind="lose", when="before"),
    Fate(kind="fail", code="GENERATION_FAILED"),
    Fate(kind="hang"),
    Fate(kind="no_link"),
    Fate(kind="dead_link", dead_links=1),
    Fate(kind="dead_link"),
]


class Weather:
    """What goes wrong at random, the same for the same seed."""

    def __init__(self, world: MortalWorld, seed: int) -> None:
        self.world = world
        self.dice = random.Random(seed)

    def __call__(self, _job: Job) -> None:
        """Before each delivery: perhaps the process will die in it, or lose an answer."""
        fate = self.dice.random()
        if fate < 0.12:
            self.world.scythe.arm(self.dice.randint(1, 14))
        elif fate < 0.18:
            self.world.scythe.lose(self.dice.randint(1, 14))
        if self.dice.random() < 0.05:
            running = set(self.world.executions.started) - self.world.executions.stopped
            if running:
                self.world.executions.stopped.add(self.dice.choice(sorted(running)))

    def deliveries(self) -> list[float]:
        """Once more, or twice, and late."""
        return [self.dice.uniform(0, 400) for _ in range(self.dice.choice([0, 0, 0, 1, 2]))]

    def arm(self) -> None:
        fault = self.dice.choice(FAULTS)
        if isinstance(fault, Fate):
            self.world.genlook.control.decide(fault)
        elif fault is not None:
            self.world.genlook.control.arm(fault)


@pytest.mark.promise("P1", "no-second-credit-after-a-crash")
@pytest.mark.promise("P2", "each-request-ends-in-one-event")
def test_a_random_mix_of_faults_deaths_and_repeats(mortal: MortalWorld) -> None:
    sys.stdout.write(f"CRASH_SEED={SEED} CRASH_TRY_ONS={TRY_ONS}\n")
    stories = [Story(mortal, f"mix-{number}") for number in range(TRY_ONS)]
    weather = Weather(mortal, SEED)
    cloud = Cloud(mortal)
    cloud.before_job, cloud.extra_deliveries = weather, weather.deliveries
    for story in stories:
        story.cloud = cloud
        weather.arm()
        story.begin(seconds=None)
        if weather.dice.random() < 0.4:
            cloud.run(until=mortal.clock.now() + weather.dice.uniform(1, 60))
    cloud.run()
    said = mortal.events()
    for story in stories:
        story.check(said)
    at_rest(cloud)
    assert mortal.genlook.control.charges() <= TRY_ONS
