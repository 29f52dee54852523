"""A module run as a process that does not outlive the one that started it: `-m` this, a file descriptor, the module.

The descriptor is the reading end of a pipe whose other end only the starter holds. It closes when the starter ends,
however that happens, and then this process ends too, with all that it has started.
"""

import logging
import os
import runpy
import signal
import sys
import threading
import time

GRACE_SECONDS = 20


def _end_with(lifeline: int) -> None:
    while os.read(lifeline, 1):
        pass
    os.killpg(0, signal.SIGTERM)
    time.sleep(GRACE_SECONDS)
    os.killpg(0, signal.SIGKILL)


def _matters(record: logging.LogRecord) -> bool:
    """Whether a line is more than a new instance's warning that no events have been read yet."""
    return not record.getMessage().startswith("No cursor for event type")


def main() -> None:
    """Run the module that the arguments name, with the rest of them as its own."""
    lifeline, module, *arguments = sys.argv[1:]
    threading.Thread(target=_end_with, args=(int(lifeline),), name="lifeline", daemon=True).start()
    logging.getLogger("dagster.daemon.EventLogConsumerDaemon").addFilter(_matters)
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
