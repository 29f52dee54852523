"""`mining-assets` as processes of their own that do not spend two seconds each on the same imports.

A server process imports the code once; each command is forked from it, with its own environment, folder and output. To
itself and to others it is a process like any other. What the installed script does is tested in ``test_installed``.
"""

import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

PRELOADED = [
    "mining_assets.definitions",
    "mining_assets.cli.analyze",
    "mining_assets.cli.database",
    "mining_assets.cli.ending",
    "mining_assets.cli.operations",
    "mining_assets.cli.plans",
    "mining_assets.cli.reconcile",
    "mining_assets.cli.runs",
    "mining_assets.cli.status",
    "mining_assets.cli.terminal",
    "mining_assets.cli.verify",
    "psycopg",
    "sqlalchemy.dialects.postgresql.psycopg",
    "alembic.command",
]
NEVER = 3600.0
_FORKED = multiprocessing.get_context("forkserver")
_FORKED.set_forkserver_preload([*PRELOADED, __name__])


def run_command(
    arguments: list[str], environment: Mapping[str, str], cwd: Path, timeout: float
) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end.

    Raises:
        subprocess.TimeoutExpired: it did not end in time, and was killed.
    """
    with tempfile.TemporaryDirectory() as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        process = _FORKED.Process(target=_main, args=(arguments, dict(environment), str(cwd), str(out), str(err)))
        process.start()
        process.join(timeout)
        if process.is_alive():
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired(arguments, timeout, out.read_bytes(), err.read_bytes())
        assert process.exitcode is not None
        return subprocess.CompletedProcess(arguments, process.exitcode, out.read_text(), err.read_text())


def _main(arguments: list[str], environment: dict[str, str], cwd: str, out: str, err: str) -> None:
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(cwd)
    for number, (stream, path) in enumerate(((sys.stdout, out), (sys.stderr, err)), start=1):
        stream.flush()
        with open(path, "wb") as file:
            os.dup2(file.fileno(), number)
    sys.argv = ["mining-assets", *arguments]
    from mining_assets.cli import phase, terminal
    from mining_assets.cli.main import main

    # On a busy machine a short command would say that it is still at work, where a test counts the lines.
    phase.BEAT_SECONDS = terminal.BEAT_SECONDS = NEVER

    main()
