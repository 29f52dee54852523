"""Addresses of warehouses: reading what a person wrote, with the project's drivers. Connecting is in ``connection``."""

from pathlib import Path

from sqlalchemy import URL as URL
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError


def sqlite_address(path: Path) -> URL:
    """Return the address of the SQLite warehouse in a file."""
    return URL.create("sqlite", database=str(path))


def warehouse_address(text: str) -> URL:
    """Read a warehouse address, for the project's drivers: pysqlite, and psycopg 3 for any PostgreSQL spelling.

    Raises:
        ValueError: not an absolute SQLite file and not PostgreSQL. The message holds no part of the address, since
            that may hold a password.
    """
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):  # the latter for a port that is no number
        raise ValueError("is not a database address like postgresql://user@host/name") from None
    backend = "postgresql" if url.drivername == "postgres" else url.get_backend_name()
    if backend == "sqlite":
        if not url.database or not Path(url.database).is_absolute():
            raise ValueError("must name a SQLite file by its absolute path, as in sqlite:////var/lib/warehouse.sqlite")
        return url.set(drivername="sqlite")
    if {"password", "sslpassword"} & url.query.keys():  # those would be shown
        raise ValueError("must have its password before the host, as in postgresql://user:password@host/name")
    if backend == "postgresql":
        return url.set(drivername="postgresql+psycopg")
    raise ValueError("must begin with postgresql:// or sqlite:///")
