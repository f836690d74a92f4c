"""Runs the deployed system in real time against the stand-in at its real limit.

    make soak                ten minutes at 40 try-ons a minute, photos ready
    make soak MINUTES=3

It ends with exit 1 if an answer was 429, a try-on did not complete, or the median delay of the
outcome's event is over four seconds above that of the bench. The facts are in ``out/soak.json``.
"""

import argparse
import json
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from types import FrameType
from urllib.parse import urlsplit

import httpx
from botocore.exceptions import BotoCoreError, ClientError

from bench.cases import Case, lognormal
from bench.soak_facts import Facts, Told, missed
from bench.worker import WorkerRun
from local.console import Console
from local.crash.shop import Shop, product_site
from local.demo.observer import Event, Observer
from local.demo.story import PRODUCT_PICTURE, PRODUCT_SITE
from local.failures import LocalSystemError
from local.genlook.control import Control
from local.paths import OUT
from local.system import System, Wishes, run_folder, running_system
from tryon_worker.clock import from_iso

ARRIVALS_PER_MINUTE = 40
MEDIAN_SECONDS = 12.5
SHOPPERS = 10

# After the last arrival, and for the photos before the first.
_PATIENCE_SECONDS = 240
_STANDIN = ["--median-seconds", str(MEDIAN_SECONDS), "--credits", "100000"]
_PARAMETERS = {"MaxTryOnsPerDay": "100000", "MaxTryOnsPerShopperPerDay": "100000"}
_TERMINAL = ("TryOnCompleted", "TryOnFailed")
_PRODUCT = {
    "externalId": "soak-shirt",
    "title": "Striped shirt",
    "images": [{"url": PRODUCT_SITE + PRODUCT_PICTURE}],
}


class Soak:
    """A shop at work, and what it hears."""

    def __init__(self, system: System, console: Console) -> None:
        self._system = system
        self._console = console
        self._shop = Shop(system)
        self._observer = Observer(system, "soak-observer")
        self.heard: list[Event] = []

    def prepare(self) -> None:
        """Photos of all shoppers, and the product's first try-on: what it costs is not measured."""
        for shopper in self._shoppers():
            self._shop.drop_photo(shopper)
        self._until(lambda: self.count("PhotoReady") == SHOPPERS, "photos")
        self._wish("first", "shopper-0")
        self._until(lambda: self.count(*_TERMINAL) == 1, "the first try-on")
        self.heard.clear()
        self._console.step(f"{SHOPPERS} photos and the product are at Genlook")

    def load(self, minutes: float, seed: int) -> int:
        """Wishes by chance over the minutes, heard while they are sent; how many they were."""
        random = Random(seed)
        number = round(minutes * ARRIVALS_PER_MINUTE)
        moments = sorted(random.random() * minutes * 60 for _ in range(number))
        sender = threading.Thread(target=self._send, args=(moments,), daemon=True)
        sender.start()
        while sender.is_alive():
            self._listen()
        self._console.step(f"{number} wishes sent, {self.count(*_TERMINAL)} outcomes so far")
        try:
            self._until(lambda: self.count(*_TERMINAL) >= number, "outcomes")
        except TimeoutError as late:
            self._console.step(str(late))
        return number

    def count(self, *detail_types: str) -> int:
        """How many different try-ons or photos were heard of."""
        return len(
            {
                event.detail.get("tryOnId") or event.detail.get("externalUserId")
                for event in self.heard
                if event.detail_type in detail_types
            }
        )

    def _send(self, moments: list[float]) -> None:
        began = time.monotonic()
        for number, moment in enumerate(moments):
            time.sleep(max(0.0, began + moment - time.monotonic()))
            self._wish(f"soak-{number}", f"shopper-{number % SHOPPERS}")

    def _wish(self, request_id: str, shopper: str) -> None:
        detail = {"externalUserId": shopper, "requestId": request_id, "product": _PRODUCT}
        self._shop.send("shop.soak", "TryOnRequested", detail)

    @staticmethod
    def _shoppers() -> list[str]:
        return [f"shopper-{number}" for number in range(SHOPPERS)]

    def _listen(self) -> None:
        self._system.check()
        self.heard.extend(self._observer.events())

    def _until(self, done: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not done():
            if time.monotonic() > deadline:
                raise TimeoutError(f"gave up waiting for {what}")
            self._listen()


def told(system: System, control: Control, heard: list[Event]) -> list[Told]:
    """The outcomes with Genlook's own time of their end, asked for when the run is over."""
    control.set_account(requestsPerMinute=1_000_000)
    headers = {"x-api-key": system.genlook.api_key}
    outcomes = {event.detail["tryOnId"]: event for event in heard if event.detail_type in _TERMINAL}
    with httpx.Client(base_url=system.genlook.base_url, headers=headers) as genlook:
        return [
            Told(
                event.detail_type == "TryOnCompleted",
                from_iso(event.detail["occurredAt"])
                - from_iso(
                    genlook.get(f"generations/{event.detail['generationId']}").json()["updatedAt"]
                ),
            )
            for event in outcomes.values()
            if "generationId" in event.detail
        ]


def run(console: Console, minutes: float, seed: int) -> Facts:
    """Sets all up, works, measures, ends all."""
    with run_folder() as home:
        options = [*_STANDIN, "--resolve", product_site(home / "shop")]
        wishes = Wishes(parameters=_PARAMETERS, standin_options=options)
        with running_system(home, wishes, console.step) as system:
            split = urlsplit(system.genlook.base_url)
            with Control(f"{split.scheme}://{split.netloc}/_control") as control:
                soak = Soak(system, console)
                soak.prepare()
                control.clear_journal()
                sent = soak.load(minutes, seed)
                calls = [call for call in control.calls() if call["apiKeySent"]]
                outcomes = told(system, control, soak.heard)
    case = Case("soak", ARRIVALS_PER_MINUTE, lognormal(MEDIAN_SECONDS), MEDIAN_SECONDS, minutes)
    bench = WorkerRun(case, seed)()
    return Facts.of(minutes, sent, outcomes, calls, bench.seen.delays)


def main(arguments: list[str]) -> int:
    """Runs it; 0 if all that has to be reached was."""
    parser = argparse.ArgumentParser(prog="soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=OUT / "soak.json")
    args = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, _interrupt)
    console = Console()
    try:
        facts = run(console, args.minutes, args.seed)
    except KeyboardInterrupt:
        console.say("\nstopped")
        return 130
    except (LocalSystemError, BotoCoreError, ClientError, TimeoutError) as error:
        console.say(f"\nsoak failed: {error}")
        return 1
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(json.dumps(facts.to_json(), indent=1) + "\n")
    console.say(json.dumps(facts.to_json(), indent=1))
    for what in missed(facts):
        console.say(f"NOT REACHED: {what}")
    return 1 if missed(facts) else 0


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
