"""Commands as processes of their own, which are gone at the end whatever happens."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from mining_assets.cli.reconcile import reconcile_all
from mining_assets_tests.support.harness import COMMAND, Environment


@contextmanager
def command(made: Environment, *arguments: object) -> Iterator["subprocess.Popen[str]"]:
    """`mining-assets` with some arguments under way; ``said`` waits for its end."""
    with started(made, [*COMMAND, *map(str, arguments)]) as process:
        yield process


@contextmanager
def started(made: Environment, line: list[str]) -> Iterator["subprocess.Popen[str]"]:
    """A process with the environment's variables."""
    process = subprocess.Popen(
        line,
        env=made.of_process(),
        cwd=made.home.parent,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def said(process: "subprocess.Popen[str]", seconds: float = 600) -> str:
    """What the command wrote to its error stream until its end."""
    return process.communicate(timeout=seconds)[1]


@contextmanager
def worker(made: Environment, function: str, *arguments: object) -> Iterator["subprocess.Popen[str]"]:
    """A function of a module of these tests, named ``module:function``, in a process as a run's worker is one."""
    module, name = function.split(":")
    code = f"import sys; from {module} import {name}; {name}(*sys.argv[1:])"
    with started(made, [sys.executable, "-c", code, *map(str, arguments)]) as process:
        yield process


def heal(made: Environment) -> int:
    """`mining-assets reconcile` in this process, which is quicker; returns its exit code."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("DAGSTER_HOME", str(made.home))
        return reconcile_all(made.settings, 10, plan_only=False, as_json=False)
