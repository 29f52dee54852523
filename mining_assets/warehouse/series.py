"""The daily series: what is stored of each day, and what was fetched when. Attempts that failed are in ``attempts``.

A day's rows count only while they are those that were fetched: their content hash is noted with them in one
transaction. Rows that were altered from outside are taken for absent until the day is fetched again.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import groupby
from operator import itemgetter
from types import MappingProxyType

import numpy as np
import pandas as pd
from sqlalchemy import Connection, Table, delete, select

from mining_assets.domain.daily_series import DAILY_SERIES
from mining_assets.domain.valuation import FILE, MEMPOOL
from mining_assets.domain.wording import count_of, format_days
from mining_assets.warehouse.attempts import clear_attempts
from mining_assets.warehouse.connection import insert_frame, plain_rows, read_frame, upsert_rows
from mining_assets.warehouse.schema import day_fetches, integrity_findings, metadata
from mining_assets.warehouse.verifications import note_written

TABLES: dict[str, Table] = {name: metadata.tables[name] for name in DAILY_SERIES}
"""The table of each daily series."""
STATES = ("known", "altered", "missing")


def series_values(connection: Connection, name: str, days: Sequence[date]) -> "pd.Series[float]":
    """Return one value per day, of those of the days that are known: £ per BTC, or MWh that wind generated."""
    return DAILY_SERIES[name].day_values(fetched_rows(connection, name, days))


def store_series(
    connection: Connection,
    name: str,
    rows: pd.DataFrame,
    fetched_at: Mapping[date, datetime],
    origins: Mapping[date, str] = MappingProxyType({}),
    archive_objects: Mapping[date, str] = MappingProxyType({}),
) -> None:
    """Replace the rows of some days by what was fetched; inside ``Warehouse.writing`` on the days.

    Args:
        rows: of the columns of the table, days with all their rows only.
        fetched_at: the days, and when each was asked for. Their attempts are cleared.
        origins: where the rows of each day came from; that of the others is unknown.
        archive_objects: the archived object that each day came from; the others are not archived.
    """
    table = TABLES[name]
    days = list(fetched_at)
    connection.execute(delete(table).where(table.c.settlement_date.in_(days)))
    insert_frame(connection, table, rows)
    hashes = content_hashes(rows_of(connection, name, days))
    notes = [
        {
            "name": name,
            "settlement_date": day,
            "fetched_at": fetched_at[day],
            "content_hash": hashes[day],
            "attempts": 0,
            "origin": origins.get(day),
            "archive_object": archive_objects.get(day),
        }
        for day in days
    ]
    upsert_rows(connection, day_fetches, notes)
    clear_attempts(connection, name, days)
    note_written(connection, days)


def rows_of(connection: Connection, name: str, days: Sequence[date]) -> pd.DataFrame:
    """Read everything stored of a series on some days, in the order of its key, whoever wrote it."""
    table = TABLES[name]
    query = select(*table.c).where(table.c.settlement_date.in_(days)).order_by(*table.primary_key)
    return read_frame(connection, query)


def fetched_rows(connection: Connection, name: str, days: Sequence[date]) -> pd.DataFrame:
    """Read the rows of those of the days whose hash matches what was fetched."""
    rows = rows_of(connection, name, days)
    hashes, noted = content_hashes(rows), noted_hashes(connection, name, days)
    untampered = [day for day, content in hashes.items() if noted.get(day) == content]
    return rows[rows["settlement_date"].isin(untampered)].reset_index(drop=True)


def noted_hashes(connection: Connection, name: str, days: Sequence[date]) -> dict[date, str | None]:
    """Read the content hash noted of each of the days that was ever asked for; None where it was never fetched."""
    notes = day_fetches.c
    query = select(notes.settlement_date, notes.content_hash).where(notes.name == name, notes.settlement_date.in_(days))
    return dict(connection.execute(query).all())


def series_origins(connection: Connection, name: str, days: Sequence[date]) -> dict[date, str | None]:
    """Read where a series of each of the days came from that was ever asked for; None where that is unknown."""
    notes = day_fetches.c
    query = select(notes.settlement_date, notes.origin).where(notes.name == name, notes.settlement_date.in_(days))
    return dict(connection.execute(query).all())


def content_hashes(rows: pd.DataFrame) -> dict[date, str]:
    """Return the SHA-256 of each day's rows, which are in the order of their key.

    A price's source is part of it, unless it is the one of which prices were hashed before there were others.
    """
    instants = rows.select_dtypes("datetimetz")
    plain = rows.assign(**{name: instants[name].astype("int64") for name in instants})
    values = zip(plain["settlement_date"], plain_rows(plain.drop(columns="settlement_date")), strict=True)
    return {
        day: hashlib.sha256(repr([row[:-1] if row[-1] == MEMPOOL else row for _, row in own]).encode()).hexdigest()
        for day, own in groupby(values, key=itemgetter(0))
    }


def series_states(
    connection: Connection, name: str, first: date, last: date, given: Mapping[date, float] | None = None
) -> pd.DataFrame:
    """Read what is known of a series on every day from first to last, of most series from the control table alone.

    Args:
        given: the value of days from a person's own file, of a series that such a file is a source of.

    Returns:
        Indexed by date: state (``known``; ``altered``: a verification found rows that were not fetched; ``missing``),
        fetched_at, attempts, last_attempt_at, next_attempt_at, last_error; source, of days that are known of a series
        with several; overruled, whether a value is given that is not the known one.
    """
    notes, found = day_fetches.c, integrity_findings.c
    query = select(
        notes.settlement_date,
        notes.fetched_at,
        notes.attempts,
        notes.last_attempt_at,
        notes.next_attempt_at,
        notes.last_error,
    ).where(notes.name == name, notes.settlement_date.between(first, last))
    every = pd.Index([first + timedelta(days=offset) for offset in range((last - first).days + 1)], name="day")
    states = read_frame(connection, query).set_index("settlement_date").reindex(every)
    tampered = connection.execute(
        select(found.settlement_date).where(
            found.table_name == name, found.severity == "error", found.settlement_date.between(first, last)
        )
    ).scalars()
    states["attempts"] = states["attempts"].fillna(0).astype("int64")
    states["state"] = np.where(states["fetched_at"].notna(), "known", "missing").astype(object)
    states.loc[states.index.isin(list(tampered)), "state"] = "altered"
    states["source"], states["overruled"] = None, False
    series, table = DAILY_SERIES[name], TABLES[name]
    if series.sources:
        days = select(*table.c).where(table.c.settlement_date.between(first, last)).order_by(*table.primary_key)
        rows = read_frame(connection, days)
        is_known = states["state"] == "known"
        states["source"] = rows.groupby("settlement_date")["source"].first().reindex(every).where(is_known)
        if FILE in series.sources:
            wanted = pd.Series(given, dtype="float64").reindex(every)
            stored = series.day_values(rows).reindex(every)
            states["overruled"] = wanted.notna() & ~(is_known & (wanted == stored))
    return states


def sources_of(name: str, states: pd.DataFrame) -> dict[str, int]:
    """Count the known days of a series with several sources by theirs, the source that is taken first first."""
    counts = states["source"].value_counts()
    return {source: int(counts[source]) for source in DAILY_SERIES[name].sources if source in counts}


def known_sentence(name: str, states: pd.DataFrame) -> str:
    """Return how many days of a series are known, from when on and from which source, and which are not.

    Args:
        states: as from :func:`series_states`.
    """
    known = states.index[states["state"] == "known"]
    lacking = states.index[states["state"] != "known"]
    said = f"{len(known):,} of {count_of(len(states), 'day')} known"
    if len(known):
        said += f", from {known[0]} on"
    if sources := sources_of(name, states):
        said += f" ({', '.join(f'{source} {days:,}' for source, days in sources.items())})"
    return f"{said}; {len(lacking):,} lacking: {format_days(lacking)}" if len(lacking) else said
