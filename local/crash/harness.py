"""The harness that both parts play on: a running system with relays, housekeeping and listeners."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from local.crash.event_log import EventLog
from local.crash.housekeeper import Housekeeper
from local.crash.invariants import InvariantChecker
from local.crash.names import Names
from local.crash.proxies import VISIBILITY_SECONDS, proxied, set_visibility
from local.crash.shop import Shop, product_site
from local.crash.watch import Watch
from local.genlook.control import Control
from local.system import LaunchOptions, Report, System, running_system

# The rate is no matter here: the account's and the stack's limits are out of the way.
_STANDIN = ["--median-seconds", "1", "--sigma", "0.3", "--requests-per-minute", "20000"]
_STANDIN += ["--credits", "100000"]
_PARAMETERS = {
    "RequestsPerMinute": "10000",
    "MaxTryOnsPerDay": "100000",
    # Short, so that generations that hang and erasures that wait for them end within the run.
    "TryOnDeadlineSeconds": "20",
    "LateMarginSeconds": "0",
    "PhotoWaitSeconds": "30",
}


@dataclass(frozen=True)
class Harness:
    """All that a part needs."""

    system: System
    shop: Shop
    watch: Watch
    names: Names
    event_log: EventLog
    housekeeper: Housekeeper
    control: Control
    invariants: InvariantChecker


@contextmanager
def harness(home: Path, report: Report) -> Iterator[Harness]:
    """Set the harness for the `with` block."""
    options = [*_STANDIN, "--resolve", product_site(home / "shop")]
    launch = LaunchOptions(parameters=_PARAMETERS, standin_options=options)
    with running_system(home, launch, report) as system:
        names = Names()
        watch = Watch(names)
        set_visibility(system, VISIBILITY_SECONDS)
        split = urlsplit(system.genlook.base_url)
        with (
            proxied(system, watch),
            Control(f"{split.scheme}://{split.netloc}/_control") as control,
            EventLog(system) as event_log,
            Housekeeper(system, names) as housekeeper,
        ):
            invariants = InvariantChecker(system, control, watch, event_log)
            shop = Shop(system)
            yield Harness(system, shop, watch, names, event_log, housekeeper, control, invariants)
