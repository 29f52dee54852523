"""The files of deploy/, read; and the databases made by them on the tests' own PostgreSQL."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from psycopg import sql

from mining_assets_tests.support.paths import ROOT
from mining_assets_tests.support.postgres import HOST, SUPERUSER, Cluster, programs

DEPLOY = ROOT / "deploy"
ENTRYPOINT = DEPLOY / "entrypoint.sh"
APPLICATION, ANALYSTS = "mining_assets", "mining_assets_analysts"
DATABASES = ("warehouse", "dagster")


def read(name: str) -> Any:
    """A YAML file of deploy/."""
    return yaml.safe_load((DEPLOY / name).read_text())


def services() -> dict[str, dict[str, Any]]:
    """The services of compose.yaml that run the application's image."""
    found: dict[str, dict[str, Any]] = read("compose.yaml")["services"]
    return {name: service for name, service in found.items() if name != "database"}


@contextmanager
def databases(cluster: Cluster, folder: Path) -> Iterator[None]:
    """Both databases and the roles, made by the script that compose.yaml gives to PostgreSQL's image."""
    (folder / "password").write_text("a pass'word\n")
    environment = {
        "PATH": f"{programs()}:{os.environ['PATH']}",
        "PGHOST": HOST,
        "PGPORT": str(cluster.port),
        "POSTGRES_USER": SUPERUSER,
        "SQL_FOLDER": str(DEPLOY / "postgresql"),
        "DATABASE_PASSWORD_FILE": str(folder / "password"),
    }
    script = [str(DEPLOY / "postgresql" / "databases.sh")]
    made = subprocess.run(script, env=environment, capture_output=True, text=True, check=False)
    try:
        assert made.returncode == 0, made.stderr
        assert not made.stdout
        yield
    finally:
        with cluster.connect() as connection:
            for name in DATABASES:
                connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
            for role in (APPLICATION, ANALYSTS):
                connection.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(role)))


def settled(value: str) -> str:
    """A value of compose.yaml as it is when nothing of it is set: ``${NAME:-default}`` is its default."""
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", value)


def environment(cluster: Cluster, home: Path, **more: str) -> dict[str, str]:
    """The environment of the application's services, with what is theirs alone in place of the containers'."""
    inside: Mapping[str, str] = services()["code"]["environment"]
    kept = {name: settled(value) for name, value in inside.items() if name.startswith(("DAGSTER_", "MINING_ASSETS_"))}
    address = kept["MINING_ASSETS_WAREHOUSE_URL"]
    here = {
        "DAGSTER_HOME": str(home),
        "DAGSTER_PG_HOST": HOST,
        "DAGSTER_PG_PORT": str(cluster.port),
        "DATABASE_PASSWORD_FILE": str(home.parent / "password"),
        "MINING_ASSETS_SECRETS_DIR": str(home.parent),
        "MINING_ASSETS_WAREHOUSE_URL": address.replace("@database", f"@{HOST}:{cluster.port}"),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(home),
    }
    return kept | here | more
