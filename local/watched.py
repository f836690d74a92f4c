"""Run a module that ends with its parent: `python -m local.watched MODULE [ARGUMENT ...]`.

The parent keeps the write end of our standard input open. When it ends, however it ends (also by
SIGKILL, which nobody can catch), the pipe closes and we end too: no server outlives its launcher.
"""

import os
import runpy
import signal
import sys
import threading


def _end_with_parent() -> None:
    # The raw descriptor: a buffered reader would hold a lock that blocks interpreter shutdown.
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def main() -> None:
    """Start the watch, then become the module."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    module, *sys.argv[1:] = sys.argv[1:]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
