"""The stage that both parts play on: a running system with relays, housekeeping and listeners."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from local.crash.evidence import Evidence
from local.crash.housekeeper import Housekeeper
from local.crash.judge import Judge
from local.crash.names import Names
from local.crash.shop import Shop, product_site
from local.crash.taps import VISIBILITY_SECONDS, set_visibility, tapped
from local.crash.watch import Watch
from local.genlook.control import Control
from local.system import Report, Requests, System, running_system

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
class Stage:
    """All that a part needs."""

    system: System
    shop: Shop
    watch: Watch
    names: Names
    evidence: Evidence
    housekeeper: Housekeeper
    control: Control
    judge: Judge


@contextmanager
def stage(home: Path, report: Report) -> Iterator[Stage]:
    """Set the stage for the `with` block."""
    options = [*_STANDIN, "--resolve", product_site(home / "shop")]
    requests = Requests(parameters=_PARAMETERS, standin_options=options)
    with running_system(home, requests, report) as system:
        names = Names()
        watch = Watch(names)
        set_visibility(system, VISIBILITY_SECONDS)
        split = urlsplit(system.genlook.base_url)
        with (
            tapped(system, watch),
            Control(f"{split.scheme}://{split.netloc}/_control") as control,
            Evidence(system) as evidence,
            Housekeeper(system, names) as housekeeper,
        ):
            judge = Judge(system, control, watch, evidence)
            shop = Shop(system)
            yield Stage(system, shop, watch, names, evidence, housekeeper, control, judge)
