"""One world for many tests, swept in between: a tenth of what a new one costs.

A test module takes it by a fixture ``world`` of its own that returns ``swept_world``.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from local.engine_process import Engine
from local.genlook.clock import Clock
from local.genlook.server import StandIn, serve
from local.genlook.settings import Quirks, Settings
from tests.support.stand_ins import Executions
from tests.support.world import START, World


class SharedClients(Engine):
    """An engine whose clients are made once: to make one takes longer than ten calls of it."""

    def client(self, name: str, **options: Any) -> Any:
        made = self.__dict__.setdefault("made", {})
        key = (name, id(options.get("config")))
        if key not in made:
            made[key] = super().client(name, **options)
        return made[key]

    def resource(self, name: str, **options: Any) -> Any:
        made = self.__dict__.setdefault("made", {})
        if ("resource", name) not in made:
            made["resource", name] = super().resource(name, **options)
        return made["resource", name]


@pytest.fixture(scope="session")
def shared_clients(engine: Engine) -> SharedClients:
    return SharedClients(engine.endpoint_url, engine.region, engine.child)


@pytest.fixture(scope="session")
def standing_by(product_pictures: Any) -> Iterator[StandIn]:
    settings = Settings(resolve={"https://cdn.shop.example/": product_pictures})
    with serve(settings, Clock(frozen=True, start=START)) as standing_in:
        yield standing_in


@pytest.fixture(scope="session")
def only_world(shared_clients: SharedClients, standing_by: StandIn) -> World:
    return World(shared_clients, standing_by, standing_by.clock)


@pytest.fixture
def swept_world(only_world: World) -> World:
    """As if new, but for its names and the time."""
    sweep(only_world)
    return only_world


def sweep(world: World) -> None:
    control = world.genlook.control
    control.disarm()
    control.reset()
    control.clear_journal()
    control.set_account(credits=1000, requestsPerMinute=100, active=True)
    control.set_quirks(**Quirks().model_dump(by_alias=True))
    world.clock.advance(3600)
    table = world.engine.resource("dynamodb").Table(world.name)
    with table.batch_writer() as batch:
        for row in world.rows():
            batch.delete_item(Key={"pk": row["pk"], "sk": row["sk"]})
    for bucket in (world.photo_bucket, world.result_bucket):
        for key in world.objects(bucket):
            world.s3.delete_object(Bucket=bucket, Key=key)
    for role in world.queues:
        world.messages(role)
    world.engine.client("secretsmanager").put_secret_value(
        SecretId=world.key_arn, SecretString=world.genlook.api_key
    )
    world.__dict__.pop("wiring", None)
    world.options.clear()
    world.slept.clear()
    world.put_at.clear()
    world.underway.clear()
    world.executions = Executions()
    world.time_left = 120.0
