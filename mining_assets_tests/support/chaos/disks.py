"""File systems of their own, which can be full or read-only."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOM = "size=50m"


@contextmanager
def small_disk(folder: Path, kilobytes: int) -> Iterator[Path]:
    """A file system of its own in memory; skips the test where that may not be mounted."""
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode:
        reason = f"a full disk cannot be made: mounting a tmpfs is not allowed here ({mounted.stderr.strip()})"
        print(reason)
        pytest.skip(reason)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def enlarge(folder: Path) -> None:
    """Make room."""
    subprocess.run(["mount", "-o", f"remount,{ROOM}", str(folder)], check=True)


def read_only(folder: Path) -> None:
    """Let nobody write any more, root neither."""
    subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)


def writable(folder: Path) -> None:
    """Let all write again."""
    subprocess.run(["mount", "-o", "remount,rw", str(folder)], check=True)
