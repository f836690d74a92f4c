"""Set the stage for the demo, play it, and clear up."""

from pathlib import Path

from local.console import Console
from local.demo.story import PRODUCT_PICTURE, PRODUCT_SITE, Story
from local.genlook.drawings import t_shirt
from local.system import LaunchOptions, run_folder, running_system

_NAVY, _WHITE = (34, 52, 102), (236, 236, 228)


def _standin_options(shop: Path) -> list[str]:
    """Let the stand-in find the shop's pictures in a folder, and be quicker than the real one."""
    shop.mkdir()
    (shop / PRODUCT_PICTURE).write_bytes(t_shirt(_NAVY, _WHITE))
    return ["--resolve", f"{PRODUCT_SITE}={shop}", "--median-seconds", "6"]


def demo(console: Console, out: Path, *, engine_port: int = 0, genlook_port: int = 0) -> None:
    """Run the demo."""
    console.say("A photo and an order become a try-on picture, all on this machine.\n")
    with run_folder() as home:
        launch = LaunchOptions(
            engine_port=engine_port,
            genlook_port=genlook_port,
            standin_options=_standin_options(home / "shop"),
        )
        with running_system(home, launch, console.step) as system:
            picture = Story(system, console, out).tell()
    console.say(f"\nThe picture: {picture}")
