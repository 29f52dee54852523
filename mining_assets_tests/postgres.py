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
from psycopg import sql
from sqlalchemy import URL

HOST = "127.0.0.1"
SUPERUSER = "tests"
SYSTEM_USER = "postgres"
ATTEMPTS = 3
START_SECONDS = 30.0
# Nothing in it has to outlive a crash.
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "50"}


class NotInstalled(RuntimeError):
    """There is no PostgreSQL server on this machine that the tests could start."""


@dataclass
class Cluster:
    """A running cluster; every database in it belongs to one test."""

    port: int
    _numbers: Iterator[int] = field(default_factory=count)

    def address(self, database: str) -> URL:
        """The warehouse address of one of its databases."""
        return URL.create("postgresql+psycopg", username=SUPERUSER, host=HOST, port=self.port, database=database)

    def create(self) -> str:
        """Create a database without any table; returns its name."""
        name = f"test_{next(self._numbers)}"
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


@contextmanager
def temporary_cluster() -> Iterator[Cluster]:
    """Run a cluster until the block ends.

    Raises:
        NotInstalled: saying what is absent.
    """
    binaries = _binaries()
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
        process, port = _started(binaries, folder, identity)
        try:
            yield Cluster(port)
        finally:
            process.send_signal(signal.SIGINT)  # stops without waiting for connections that a failed test left open
            try:
                process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _binaries() -> Path:
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


def _started(binaries: Path, folder: Path, identity: dict[str, Any]) -> tuple[subprocess.Popen[bytes], int]:
    log = folder / "log"
    for _ in range(ATTEMPTS):  # another worker may take the free port first
        port = _free_port()
        options = {"listen_addresses": HOST, "port": str(port), "unix_socket_directories": str(folder), **FAST}
        command = [str(binaries / "postgres"), "-D", str(folder / "data")]
        command += [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        with log.open("ab") as output:
            process = subprocess.Popen(command, cwd=folder, stdout=output, stderr=output, **identity)
        if _answers(process, Cluster(port)):
            return process, port
        process.kill()
        process.wait()
    raise RuntimeError(f"PostgreSQL does not start: {log.read_text()[-2000:]}")


def _answers(process: "subprocess.Popen[bytes]", cluster: Cluster) -> bool:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with cluster.connect():
                return True
        except psycopg.OperationalError:
            time.sleep(0.05)
    return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port
