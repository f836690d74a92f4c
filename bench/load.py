"""A load for the deployed system in real time: photos, requests by chance, and what is heard."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random
from urllib.parse import urlsplit

from local.console import Console
from local.crash.shop import Shop, product_site
from local.demo.observer import Event, Observer
from local.demo.story import PRODUCT_PICTURE, PRODUCT_SITE
from local.genlook.control import Control
from local.system import LaunchOptions, System, run_folder, running_system

SHOPPERS = 10
MEDIAN_SECONDS = 12.5
TERMINAL = ("TryOnCompleted", "TryOnFailed")

# After the last arrival, and for the photos before the first.
_PATIENCE_SECONDS = 240
_PARAMETERS = {"MaxTryOnsPerDay": "100000", "MaxTryOnsPerShopperPerDay": "100000"}
_PRODUCT = {
    "externalId": "load-shirt",
    "title": "Striped shirt",
    "images": [{"url": PRODUCT_SITE + PRODUCT_PICTURE}],
}


@contextmanager
def loaded_system(console: Console) -> Iterator[tuple[System, Control]]:
    """The local system with no cap in the way, and the stand-in's controls."""
    with run_folder() as home:
        site = product_site(home / "shop")
        options = [
            "--median-seconds",
            str(MEDIAN_SECONDS),
            "--credits",
            "100000",
            "--resolve",
            site,
        ]
        launch = LaunchOptions(parameters=_PARAMETERS, standin_options=options)
        with running_system(home, launch, console.step) as system:
            split = urlsplit(system.genlook.base_url)
            with Control(f"{split.scheme}://{split.netloc}/_control") as control:
                yield system, control


class Load:
    """A shop at work, and what it hears."""

    def __init__(self, system: System, console: Console) -> None:
        self._system = system
        self._console = console
        self._shop = Shop(system)
        self._observer = Observer(system, "load-observer")
        self.heard: list[Event] = []

    def prepare(self) -> None:
        """Photos of all shoppers, and the product's first try-on: what it costs is not measured."""
        for shopper in self._shoppers():
            self._shop.drop_photo(shopper)
        self._until(lambda: self.count("PhotoReady") == SHOPPERS, "photos")
        self._wish("first", "shopper-0")
        self._until(lambda: self.count(*TERMINAL) == 1, "the first try-on")
        self.heard.clear()
        self._console.step(f"{SHOPPERS} photos and the product are at Genlook")

    def send(self, minutes: float, per_minute: float, seed: int) -> int:
        """Requests by chance over the minutes, heard while they are sent; how many they were."""
        random = Random(seed)
        number = round(minutes * per_minute)
        moments = sorted(random.random() * minutes * 60 for _ in range(number))
        sender = threading.Thread(target=self._send, args=(moments,), daemon=True)
        sender.start()
        while sender.is_alive():
            self._listen()
        self._console.step(f"{number} requests sent, {self.count(*TERMINAL)} outcomes so far")
        try:
            self._until(lambda: self.count(*TERMINAL) >= number, "outcomes")
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
