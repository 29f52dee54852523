"""Daemon, webserver, code server and PostgreSQL as separate processes, and a supervisor that starts them again."""

import os
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from mining_assets_tests.support.dagster_processes import LAUNCH, asked, free_port
from mining_assets_tests.support.harness import Environment

INSTANCE = """
storage: {{postgres: {{postgres_url: "{storage}"}}}}
concurrency: {{runs: {{max_concurrent_runs: 2}}, pools: {{granularity: run, default_limit: 1}}}}
run_monitoring: {{enabled: true, start_timeout_seconds: 60, poll_interval_seconds: 5}}
run_retries: {{enabled: true, max_retries: 2, retry_on_asset_or_op_failure: false}}
telemetry: {{enabled: false}}
"""
WORKSPACE = "load_from: [{{grpc_server: {{host: 127.0.0.1, port: {port}, location_name: mining_assets.definitions}}}}]"


@dataclass
class Deployment:
    """The processes by name; a context manager.

    Args:
        storage: the address of Dagster's own database.
    """

    made: Environment
    storage: str
    code_port: int = field(default_factory=free_port)
    web_port: int = field(default_factory=free_port)
    running: "dict[str, subprocess.Popen[bytes]]" = field(default_factory=dict)
    starts: dict[str, int] = field(default_factory=dict)
    _groups: list[int] = field(default_factory=list)
    _ending: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.web_port}"

    @property
    def commands(self) -> dict[str, list[str]]:
        """What each process is started with."""
        workspace = ["-w", str(self.made.home / "workspace.yaml")]
        module = ["-m", "mining_assets.definitions"]
        return {
            "code server": ["dagster", "api", "grpc", "-h", "127.0.0.1", "-p", str(self.code_port), *module],
            "daemon": ["dagster._daemon", "run", *workspace],
            "webserver": ["dagster_webserver", "-h", "127.0.0.1", "-p", str(self.web_port), *workspace],
        }

    def __enter__(self) -> Self:
        (self.made.home / "dagster.yaml").write_text(INSTANCE.format(storage=self.storage))
        (self.made.home / "workspace.yaml").write_text(WORKSPACE.format(port=self.code_port))
        self._supervisor = threading.Thread(target=self._supervise, name="supervisor", daemon=True)
        self._supervisor.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ending.set()
        self._supervisor.join()
        for group in self._groups:  # also what a killed process left behind
            try:
                os.killpg(group, signal.SIGKILL)
            except ProcessLookupError:
                continue
        for process in self.running.values():
            process.wait()
        if kind is not None:
            for name in self.commands:
                print(f"{name}: {self._log(name).read_text()[-4000:]}")

    def kill(self, name: str) -> None:
        """Kill a process at once, and nothing that it started."""
        os.kill(self.running[name].pid, signal.SIGKILL)

    def workers(self) -> list[int]:
        """The process ids of the runs under way: they are started by the code server, and stay in its group."""
        found = []
        for folder in Path("/proc").iterdir():
            if not folder.name.isdigit():
                continue
            try:
                line = (folder / "cmdline").read_bytes()
                state, _, group = (folder / "stat").read_text().rpartition(")")[2].split()[:3]
            except OSError:
                continue
            if int(group) in self._groups and state != "Z" and b"spawn_main" in line:
                found.append(int(folder.name))
        return found

    def _supervise(self) -> None:
        while not self._ending.wait(0.3):
            for name, line in self.commands.items():
                process = self.running.get(name)
                if process is None or process.poll() is not None:
                    self._start(name, line)

    def _start(self, name: str, line: list[str]) -> None:
        with self._log(name).open("ab") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", *line],
                env=self.made.of_process(),
                cwd=self.made.home.parent,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.running[name] = process
        self.starts[name] = self.starts.get(name, 0) + 1
        self._groups.append(process.pid)

    def _log(self, name: str) -> Path:
        return self.made.home.parent / f"{name}.log"


def launched(deployed: Deployment, params: dict[str, object]) -> bool:
    """Whether the backfill could be launched: not before the webserver has reached the code server."""
    try:
        answer = asked(deployed.url, LAUNCH, params=params)["launchPartitionBackfill"]
    except (AssertionError, httpx.HTTPError):
        return False
    return bool(answer["__typename"] == "LaunchBackfillSuccess")
