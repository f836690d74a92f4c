"""Start the embedded engine: `python -m local.engine --port 0 --ready-file FILE`.

Once it listens, FILE says `endpointUrl`, `region` and `accountId` as JSON. SIGTERM ends it.
"""

import argparse
import asyncio
import os
import socket
import sys
from pathlib import Path

from local.engine.environment import HOST, configure
from local.engine.server import serve
from local.engine.version import require_pinned_version


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="local.engine", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0: any free port")
    parser.add_argument("--ready-file", type=Path, required=True)
    parser.add_argument("--home", type=Path, required=True, help="folder for temporary files")
    parser.add_argument("--region", default="eu-west-1")
    parser.add_argument("--auth", action="store_true", help="enforce IAM")
    parser.add_argument("--function-python", help="interpreter that runs the Lambda functions")
    parser.add_argument("--leave-open", metavar="GAP", help="for tests: apply all patches but one")
    return parser.parse_args()


def _bind(port: int) -> socket.socket:
    """Take the port before anything is told of it, so that nobody can race us for it."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((HOST, port))
    return listener


def main() -> int:
    """Bind, configure, patch and serve until a signal."""
    args = _arguments()
    try:
        require_pinned_version()
        listener = _bind(args.port)
    except (RuntimeError, OSError) as error:
        sys.stderr.write(f"engine: {error}\n")
        return 2
    port = listener.getsockname()[1]
    os.environ.update(configure(port, args.home, region=args.region, auth=args.auth))
    # ministack reads its settings while it is imported, so not before they are there.
    from local.engine import patches  # noqa: PLC0415  after the settings, which its import reads

    application = patches.apply(args.function_python, args.leave_open)
    at_end = patches.end_functions
    asyncio.run(serve(listener, application, args.ready_file, args.region, at_end))
    return 0


if __name__ == "__main__":
    sys.exit(main())
