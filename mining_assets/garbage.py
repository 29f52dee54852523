"""Python's search for cyclic garbage, which costs more than the work itself where rows are made by the thousand."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def garbage_left_alone() -> Iterator[None]:
    """No cyclic garbage is looked for meanwhile: among rows of plain values there is none."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
