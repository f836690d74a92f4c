"""Where a worker dies: at the call that was armed, for the shopper that was meant, once."""

from local.crash.calls import Call
from local.crash.names import Names
from local.crash.watch import Kill, Step, Watch, When

READ, PAY = "dynamodb GetItem LEDGER", "genlook POST /try-on"


def _read(try_on: str, trace: str) -> Call:
    return Call(READ, (try_on,), trace)


PAID = Call(PAY, (), None)


def test_a_call_that_names_nobody_is_its_invocation_s() -> None:
    watch = Watch(Names())
    watch.names.learn(["crash-1", "one"])
    kill = watch.arm(Kill(Step("tryon", PAY, 1), When.AFTER, "crash-1"))
    assert watch.arrived("tryon", 7, _read("two", "b")).killed is None
    assert watch.arrived("tryon", 7, PAID).killed is None
    assert watch.arrived("tryon", 7, _read("one", "a")).killed is None
    assert watch.arrived("tryon", 7, PAID).killed is When.AFTER
    assert kill.done
    assert watch.arrived("tryon", 7, PAID).killed is None


def test_turns_are_counted_within_one_invocation() -> None:
    watch = Watch(Names())
    watch.arm(Kill(Step("tryon", READ, 2), When.BEFORE, None))
    assert watch.arrived("tryon", 7, _read("one", "a")).killed is None
    assert watch.arrived("tryon", 7, _read("one", "b")).killed is None
    assert watch.arrived("tryon", 7, _read("one", "b")).killed is When.BEFORE


def test_another_handler_is_left_alone() -> None:
    watch = Watch(Names())
    watch.arm(Kill(Step("tryon", READ, 1), When.BEFORE, None))
    assert watch.arrived("generation", 7, _read("one", "a")).killed is None


def test_what_was_given_up_kills_nobody() -> None:
    watch = Watch(Names())
    watch.disarm(watch.arm(Kill(Step("tryon", READ, 1), When.BEFORE, None)))
    assert watch.arrived("tryon", 7, _read("one", "a")).killed is None


def test_names_join_over_what_they_share() -> None:
    names = Names()
    names.learn(["crash-1", "key"])
    names.learn(["try-on", "key"])
    assert names.same("crash-1", "try-on")
    assert not names.same("crash-1", "other")
    assert not names.same(None, None)
