"""`mining-assets ui` under way, with all the processes it starts."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mining_assets_tests.support.dagster_processes import free_port, is_up
from mining_assets_tests.support.harness import COMMAND, Environment, wait_for

START_SECONDS, END_SECONDS = 180, 30


@dataclass(frozen=True)
class Served:
    """A UI that is up: its address, its first process, and what all of them print."""

    url: str
    process: "subprocess.Popen[bytes]"
    log: Path


@contextmanager
def user_interface(made: Environment) -> Iterator[str]:
    """The address of the product's own UI and daemon; every process of that home is gone at the end."""
    with served(made) as ui:
        yield ui.url


@contextmanager
def served(made: Environment) -> Iterator[Served]:
    """The product's own UI and daemon once they are up; every process of that home is gone at the end."""
    port = free_port()
    log = made.home.parent / "ui.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*COMMAND, "ui", "--port", str(port)],
            env=made.of_process(),
            cwd=made.home.parent,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for("the UI", START_SECONDS, lambda: process.poll() is not None or is_up(url), interval=0.3)
        assert process.poll() is None, "it ended"
        yield Served(url, process, log)
    except BaseException:
        print(f"mining-assets ui: {log.read_text()[-8000:]}")
        raise
    finally:
        end_all(made.home, process)


def end_all(home: Path, process: "subprocess.Popen[bytes]") -> None:
    """End every process of a Dagster home: in order, and whatever has not ended in time by force."""
    deadline = time.monotonic() + END_SECONDS
    _send(processes_of(home), signal.SIGTERM)
    while processes_of(home) and time.monotonic() < deadline:
        process.poll()  # else it stays as a zombie
        time.sleep(0.2)
    _send(processes_of(home), signal.SIGKILL)
    process.wait()


def processes_of(home: Path) -> list[int]:
    """The processes whose environment names that Dagster home."""
    wanted = f"DAGSTER_HOME={home}\0".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if wanted in (entry / "environ").read_bytes():
                    found.append(int(entry.name))
            except OSError:
                continue  # it has ended, or is somebody else's
    return found


def _send(processes: list[int], number: signal.Signals) -> None:
    for each in processes:
        try:
            os.kill(each, number)
        except ProcessLookupError:
            continue
