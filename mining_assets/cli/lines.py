"""How the lines of a command reach standard error: the plain form, and the console of a live line.

What is said, and when, is in `phase.py` and `terminal.py`.
"""

import logging
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

PLAIN = logging.Formatter("[%(asctime)s] [%(levelname)s] %(message)s", "%Y-%m-%d %H:%M:%S")
PLAIN.converter = time.gmtime


def plain_lines() -> logging.Handler:
    """Return what writes each line with its time (UTC) and level to standard error, never wrapped."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(PLAIN)
    return handler


def console() -> "Console":
    """Return a console on standard error, which interprets nothing in a line and leaves wrapping to the terminal."""
    from rich.console import Console  # only here: a command into a file needs none, and it takes a while

    # While a step works, Dagster has a file in place of standard error and copies it from there: what is a terminal
    # now stays one, or the control codes of the live line would be left out.
    terminal = sys.stderr.isatty() or None
    return Console(file=sys.stderr, force_terminal=terminal, soft_wrap=True, highlight=False, markup=False, emoji=False)
