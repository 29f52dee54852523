"""A PostgreSQL cluster of the tests' own: made in a temporary folder, on loopback, thrown away at the end."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import URL

HOST = "127.0.0.1"
SUPERUSER = "tests"
SYSTEM_USER = "postgres"
ATTEMPTS = 3
START_SECONDS = 120.0
# Nothing in it has to outlive a crash.
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "50"}


class NotInstalled(RuntimeError):
    """There is no PostgreSQL server on this machine that the tests could start."""


@dataclass
class Cluster:
    """A running cluster; every database in it belongs to one test.

    Attributes:
        prefix: begins the names of the databases that this process makes.
    """

    port: int
    _binaries: Path
    _folder: Path
    _identity: dict[str, Any]
    _options: dict[str, str]
    _process: "subprocess.Popen[bytes] | None" = None
    prefix: str = "test"
    _numbers: Iterator[int] = field(default_factory=count)

    def address(self, database: str) -> URL:
        """The warehouse address of one of its databases."""
        return URL.create("postgresql+psycopg", username=SUPERUSER, host=HOST, port=self.port, database=database)

    def create(self) -> str:
        """Create a database without any table; returns its name."""
        name = f"{self.prefix}_{next(self._numbers)}"
        with self.connect() as connection:
            connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
        return name

    def drop(self, name: str) -> None:
        """Drop a database, whoever may still be connected."""
        with self.connect() as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def connect(self, database: str = "postgres") -> psycopg.Connection[Any]:
        """A connection without a transaction, as the superuser."""
        return psycopg.connect(host=HOST, port=self.port, user=SUPERUSER, dbname=database, autocommit=True)

    def give(self, folder: Path) -> None:
        """Let the server write to a folder."""
        if self._identity:
            shutil.chown(folder, self._identity["user"], self._identity["group"])

    def shared(self) -> str:
        """Return what ``joined`` needs in another process."""
        return f"{self.port} {self._folder}"

    def start(self) -> bool:
        """Start the server on its port, also after ``crash``; whether it answers."""
        options = {"listen_addresses": HOST, "port": str(self.port), "unix_socket_directories": str(self._folder)}
        command = [str(self._binaries / "postgres"), "-D", str(self._folder / "data")]
        command += [part for name, value in (options | self._options).items() for part in ("-c", f"{name}={value}")]
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(command, cwd=self._folder, stdout=output, stderr=output, **self._identity)
        if self._answers(self._process):
            return True
        self._process.kill()
        self._process.wait()
        return False

    def crash(self) -> None:
        """Stop at once, as after a failure: connections are cut, and what was not committed is lost."""
        command = [str(self._binaries / "pg_ctl"), "stop", "-m", "immediate", "-D", str(self._folder / "data")]
        subprocess.run(command, cwd=self._folder, capture_output=True, check=True, **self._identity)
        assert self._process is not None
        self._process.wait()

    def stop(self) -> None:
        """Stop without waiting for connections that a failed test left open."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    @property
    def log(self) -> Path:
        return self._folder / "log"

    def _answers(self, process: "subprocess.Popen[bytes]") -> bool:
        deadline = time.monotonic() + START_SECONDS
        while process.poll() is None and time.monotonic() < deadline:
            try:
                with self.connect():
                    return True
            except psycopg.OperationalError:
                time.sleep(0.05)
        return False


@contextmanager
def temporary_cluster(**options: str) -> Iterator[Cluster]:
    """Run a cluster until the block ends, with settings that replace those of ``FAST``.

    Raises:
        NotInstalled: saying what is absent.
    """
    binaries = programs()
    identity = _identity()
    folder = Path(tempfile.mkdtemp(prefix="mining-assets-pg-"))
    try:
        if identity:
            shutil.chown(folder, identity["user"], identity["group"])
        # Not in pytest's folder: its parents are closed to the system user.
        command = [str(binaries / "initdb"), "--pgdata", str(folder / "data"), "--username", SUPERUSER]
        command += ["--auth", "trust", "--encoding", "UTF8", "--locale", "C", "--no-sync"]
        made = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, **identity)
        if made.returncode:
            raise RuntimeError(f"initdb failed: {made.stderr.strip()}")
        cluster = _started(binaries, folder, identity, FAST | options)
        try:
            yield cluster
        finally:
            cluster.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def cluster_or_skip() -> Iterator[Cluster]:
    """Run a cluster; without PostgreSQL skip the test, or let it fail in CI."""
    try:
        with temporary_cluster() as cluster:
            yield cluster
    except NotInstalled as absent:
        if os.environ.get("CI") == "true":
            pytest.fail(f"{absent}; in CI nothing is skipped for that")
        pytest.skip(str(absent))


def joined(shared: str, prefix: str) -> Cluster:
    """Return a cluster that another process runs and stops, for databases whose names begin with a prefix."""
    port, folder = shared.split(" ", 1)
    return Cluster(int(port), programs(), Path(folder), _identity(), FAST, prefix=prefix)


def programs() -> Path:
    """Where the programs of the newest PostgreSQL are.

    Raises:
        NotInstalled: there is none.
    """
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/postgres")]
    if found:
        return max(found, key=lambda folder: [int(part) for part in folder.parent.name.split(".") if part.isdigit()])
    if on_path := shutil.which("postgres"):
        return Path(on_path).resolve().parent
    raise NotInstalled("PostgreSQL is not installed: neither /usr/lib/postgresql/*/bin/postgres nor one on the PATH")


def _identity() -> dict[str, Any]:
    """As whom to run: PostgreSQL refuses to be root."""
    if os.geteuid() != 0:
        return {}
    try:
        user = pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        raise NotInstalled(f"PostgreSQL does not run as root, and there is no user {SYSTEM_USER}") from None
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _started(binaries: Path, folder: Path, identity: dict[str, Any], options: dict[str, str]) -> Cluster:
    for _ in range(ATTEMPTS):  # another worker may take the free port first
        cluster = Cluster(_free_port(), binaries, folder, identity, options)
        if cluster.start():
            return cluster
    raise RuntimeError(f"PostgreSQL does not start: {cluster.log.read_text()[-2000:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port
