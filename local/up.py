"""Keep the local system running until Ctrl-C, and tell others how to use it."""

import time
from pathlib import Path

from local.console import Console
from local.engine.environment import ACCESS_KEY_ID, SECRET_ACCESS_KEY
from local.paths import REPOSITORY
from local.stack_file import published
from local.system import LaunchOptions, System, run_folder, running_system

_CHECK_SECONDS = 0.5


def _instructions(system: System, stack_file: Path) -> str:
    shown = stack_file.relative_to(REPOSITORY) if REPOSITORY in stack_file.parents else stack_file
    return "\n".join(
        (
            f"\nReady. {shown} says how to use it. In another terminal, for example:\n",
            f"  export AWS_ENDPOINT_URL={system.engine.endpoint_url}",
            # boto3 and the older AWS CLI read the second name alone, other SDKs the first.
            f"  export AWS_REGION={system.engine.region} AWS_DEFAULT_REGION={system.engine.region}",
            f"  export AWS_ACCESS_KEY_ID={ACCESS_KEY_ID} AWS_SECRET_ACCESS_KEY={SECRET_ACCESS_KEY}",
            "  aws s3 cp photo.jpg "
            f"s3://{system.stack.outputs['PhotoBucketName']}/photos/cust_1/photo.jpg",
            "\nCtrl-C ends it.",
        )
    )


def up(console: Console, launch: LaunchOptions, stack_file: Path) -> None:
    """Run until somebody ends it, or a part of it ends by itself."""
    with (
        run_folder() as home,
        running_system(home, launch, console.step) as system,
        published(stack_file, system.description()),
    ):
        console.say(_instructions(system, stack_file))
        while True:
            system.check()
            time.sleep(_CHECK_SECONDS)
