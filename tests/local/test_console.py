"""Lines for a person, with and without a terminal."""

import io

from local.console import Console


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Time:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_step_has_its_time_since_the_start() -> None:
    stream, time = io.StringIO(), Time()
    console = Console(stream, time)
    time.now += 12.34
    console.step("photo put")
    assert stream.getvalue() == "  12.3 s  photo put\n"


def test_nothing_is_shown_while_waiting_without_a_terminal() -> None:
    stream = io.StringIO()
    Console(stream, Time()).waiting("for the picture")
    assert stream.getvalue() == ""


def test_a_live_line_counts_since_the_last_step_and_goes_before_the_next() -> None:
    stream, time = Terminal(), Time()
    console = Console(stream, time)
    time.now += 5
    console.step("ordered")
    time.now += 3
    console.waiting("waiting for the picture")
    assert stream.getvalue().endswith("waiting for the picture (3 s)")
    console.step("done")
    assert stream.getvalue().endswith("\r\x1b[K   8.0 s  done\n")
