"""Writes a violation as a schedule that a person can read, with what replays it."""

import re
from collections.abc import Iterator

from local.explore.explorer import Tally
from local.explore.run import Call, Ran

_HASH = re.compile(r"\b([0-9a-f]{4})[0-9a-f]{36}\b")


def violation(ran: Ran) -> Iterator[str]:
    """Yield the lines of one violation."""
    schedule = ran.schedule
    yield from (f"VIOLATION {text}" for text in ran.violations)
    yield f"  from: {schedule.scenario}"
    for death in schedule.deaths:
        yield f"  before: {death.deed} died after {death.call} calls, {death.seconds} s ago"
    for process, deed in enumerate(schedule.deeds):
        skew = schedule.skews[process] if process < len(schedule.skews) else 0
        yield f"  {_letter(process)}: {deed}" + (f", its clock wrong by {skew} s" if skew else "")
    if schedule.lag:
        yield f"  the index is {schedule.lag} s behind"
    for call in ran.calls:
        indent = "    " * call.process
        fault = f"   <- {call.fault}" if call.fault else ""
        who = f"{_letter(call.process)}{call.number:<3}"
        yield f"    {indent}{who} {call.name} {_touched(call)}{fault}"
    if schedule.again:
        yield "  then everything that was delivered comes once more"
    yield "  on the bus:"
    yield from (f"    {_brief(event)[:200]}" for event in ran.events)
    yield f'  make explore REPLAY="{schedule}"'
    yield ""


def tried(tally: Tally, seconds: float) -> str:
    """Say what was tried."""
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in sorted(tally.kinds.items()))
    faults = ", ".join(f"{count:,} {fault}" for fault, count in sorted(tally.faults.items()))
    return (
        f"{tally.schedules:,} schedules ({kinds}), {tally.calls:,} calls that could be stopped, "
        f"in {seconds:.0f} s; of them {faults}"
    )


def _letter(process: int) -> str:
    return "ABC"[process]


def _touched(call: Call) -> str:
    """Name the rows, objects or services, and what an update changes in its row."""
    names = sorted(call.footprint.writes or call.footprint.reads)
    rows = ", ".join(name.removeprefix("row/") for name in names)
    text = f"{_brief(rows)}  {call.what.replace('#', '')}".strip()
    return text if len(text) <= 120 else f"{text[:117]}..."


def _brief(text: str) -> str:
    """Shorten the hashes: four letters tell them apart."""
    return _HASH.sub(r"\1", text)
