"""What we rely on of functions and layers where the engine alone would fail."""

import io
import json
import zipfile

from local.engine_process import Engine
from tests.support.functions import (
    invoke,
    lambda_task,
    make_function,
    make_machine,
    run_machine,
    unique,
)

RAISING = """
class NotReady(Exception):
    pass

calls = 0

def handler(event, context):
    global calls
    calls += 1
    if calls < 3:
        raise NotReady(f"call {calls}")
    return {"calls": calls}
"""


def function_errors(engine: Engine) -> None:
    """An exception has its own name, a state machine can retry by it, the worker lives on."""
    name = make_function(engine, RAISING)
    error, body = invoke(engine, name)
    assert (error, body["errorType"], body["errorMessage"]) == ("Unhandled", "NotReady", "call 1")
    retry = [{"ErrorEquals": ["NotReady"], "IntervalSeconds": 1, "MaxAttempts": 3}]
    ended = run_machine(engine, make_machine(engine, {"Call": lambda_task(name, Retry=retry)}))
    assert ended["status"] == "SUCCEEDED"
    assert json.loads(ended["output"])["Payload"] == {"calls": 3}


CARRIED = """
import os
import carried

def handler(event, context):
    return [carried.WORD, os.path.realpath(carried.__file__)]
"""


def _layer(engine: Engine, word: str) -> str:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("python/carried.py", f"WORD = {word!r}\n")
    made = engine.client("lambda").publish_layer_version(
        LayerName=unique("layer"), Content={"ZipFile": archive.getvalue()}
    )
    return str(made["LayerVersionArn"])


def layers(engine: Engine) -> None:
    """Workers of one layer read the same files, those of another its own."""
    one, other = _layer(engine, "one"), _layer(engine, "other")
    answers = [
        invoke(engine, make_function(engine, CARRIED, Layers=[layer]))[1]
        for layer in (one, one, other)
    ]
    assert [word for word, _ in answers] == ["one", "one", "other"]
    first, second, third = [file for _, file in answers]
    assert first == second != third
