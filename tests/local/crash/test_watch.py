"""What is seen of a process: whose call it is, and how often one made it."""

from local.crash.calls import Call
from local.crash.names import Names
from local.crash.watch import Watch, When

READ, PAY = "dynamodb GetItem LEDGER", "genlook POST /try-on"


def _read(try_on: str, trace: str) -> Call:
    return Call(READ, (try_on,), trace)


def test_a_call_that_names_nobody_is_its_invocation_s() -> None:
    watch = Watch(Names())
    watch.names.learn(["crash-1", "one"])
    watch.arrived("tryon", 7, _read("one", "a"))
    assert watch.names.same(watch.arrived("tryon", 7, Call(PAY, (), None)).shopper, "crash-1")


def test_turns_are_counted_within_one_invocation() -> None:
    watch = Watch(Names())
    turns = [watch.arrived("tryon", 7, _read("one", trace)).step.turn for trace in "abb"]
    assert turns == [1, 1, 2]


def test_a_process_dies_where_chance_has_it() -> None:
    watch = Watch(Names())
    watch.chance = lambda step: When.BEFORE if step.handler == "tryon" else None
    assert watch.arrived("tryon", 7, _read("one", "a")).killed is When.BEFORE
    assert watch.arrived("generation", 8, _read("one", "a")).killed is None


def test_names_join_over_what_they_share() -> None:
    names = Names()
    names.learn(["crash-1", "key"])
    names.learn(["try-on", "key"])
    assert names.same("crash-1", "try-on")
    assert not names.same("crash-1", "other")
    assert not names.same(None, None)
