"""What the warehouse knows of the archive: which fetches it holds, and where the answer behind a row is.

What is in the archive belongs in ``archive``. A row here is committed with what was stored from its fetch.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import pandas as pd
from sqlalchemy import Connection, delete, func, select

from mining_assets.warehouse.connection import read_frame, upsert_rows
from mining_assets.warehouse.schema import archived_fetches, day_fetches, reference_fetches, settlement_ledger

COLUMNS = tuple(column.name for column in archived_fetches.columns)


def note_archived(connection: Connection, fetches: Iterable[Mapping[str, Any]]) -> None:
    """Note fetches as archived; inside the transaction that stores what came of them.

    Args:
        connection: of the caller's transaction.
        fetches: by the names of ``COLUMNS``; others are left out.
    """
    rows = [{name: fetch.get(name) for name in COLUMNS} for fetch in fetches]
    upsert_rows(connection, archived_fetches, rows)


def noted_fetches(connection: Connection, name: str, first: str | None = None, last: str | None = None) -> pd.DataFrame:
    """Read the archived fetches of a name, oldest first, as columns ``COLUMNS``.

    Args:
        connection: of the caller's transaction.
        name: what was fetched.
        first: the first subject that is wanted.
        last: the last subject that is wanted.
    """
    columns = archived_fetches.c
    query = select(*columns).where(columns.name == name)
    if first is not None:
        query = query.where(columns.subject >= first)
    if last is not None:
        query = query.where(columns.subject <= last)
    return read_frame(connection, query.order_by(columns.subject, columns.fetched_at, columns.object))


def objects_by_day(connection: Connection, days: Sequence[date]) -> dict[date, set[str | None]]:
    """Read the objects that the ledger of each day names; None among them where an answer was not archived.

    Args:
        connection: of the caller's transaction.
        days: in order, at least one; one without a ledger is absent.
    """
    ledger = settlement_ledger.c
    query = select(ledger.settlement_date, ledger.archive_object).distinct()
    found: dict[date, set[str | None]] = {}
    for day, archived in connection.execute(query.where(ledger.settlement_date.between(days[0], days[-1]))):
        found.setdefault(day, set()).add(archived)
    return found


def answers_of_days(connection: Connection, name: str, days: Sequence[date]) -> pd.DataFrame:
    """Read which objects the ledger of days names, with what was noted of each when it was last fetched.

    Args:
        connection: of the caller's transaction.
        name: what the fetches of settlement days are called.
        days: in order, at least one.

    Returns:
        settlement_date, object, object_bytes, answers (NaN where no committed fetch has the object), a row per day
        and object, in that order.
    """
    ledger, fetched = settlement_ledger.c, archived_fetches.c
    of_ledger = select(ledger.settlement_date, ledger.archive_object).distinct()
    of_ledger = of_ledger.where(ledger.settlement_date.between(days[0], days[-1]), ledger.archive_object.is_not(None))
    named = [(day, digest) for day, digest in connection.execute(of_ledger) if day in set(days)]
    of_fetches = (
        select(fetched.subject, fetched.object, func.max(fetched.object_bytes), func.max(fetched.answers))
        .where(fetched.name == name, fetched.subject.between(str(days[0]), str(days[-1])))
        .group_by(fetched.subject, fetched.object)
    )
    noted = {(subject, digest): rest for subject, digest, *rest in connection.execute(of_fetches)}
    rows = [(day, digest, *noted.get((str(day), digest), (None, None))) for day, digest in sorted(named)]
    return pd.DataFrame(rows, columns=["settlement_date", "object", "object_bytes", "answers"])


def objects_of_days(connection: Connection, first: date, last: date) -> set[tuple[str, str]]:
    """Return the settlement day, as text, and the object of every answer that the ledger names from first to last."""
    ledger = settlement_ledger.c
    query = select(ledger.settlement_date, ledger.archive_object).distinct()
    query = query.where(ledger.settlement_date.between(first, last), ledger.archive_object.is_not(None))
    return {(str(day), archived) for day, archived in connection.execute(query)}


def objects_of_others(connection: Connection) -> set[tuple[str, str]]:
    """Return the name and the object of everything but settlement days that is stored from an archived answer."""
    return {
        (name, archived)
        for table in (day_fetches, reference_fetches)
        for name, archived in connection.execute(
            select(table.c.name, table.c.archive_object).where(table.c.archive_object.is_not(None)).distinct()
        )
    }


def archived_names(connection: Connection) -> list[str]:
    """Return what was ever archived, in order."""
    return list(connection.execute(select(archived_fetches.c.name).distinct().order_by("name")).scalars())


def forget_archived(connection: Connection, name: str, subject: str, objects: Collection[str]) -> None:
    """Forget the fetches of a subject that are in some objects, which are to be removed after the commit."""
    columns = archived_fetches.c
    of_subject = (columns.name == name, columns.subject == subject, columns.object.in_(list(objects)))
    connection.execute(delete(archived_fetches).where(*of_subject))


def archive_space(connection: Connection) -> list[dict[str, Any]]:
    """Return what the archive holds of each name, by what was noted when it was written.

    Returns:
        name, fetches, objects, bytes (of the objects, compressed), in the order of the names.
    """
    columns = archived_fetches.c
    objects = (
        select(columns.name, func.count().label("fetches"), func.max(columns.object_bytes).label("bytes"))
        .group_by(columns.name, columns.subject, columns.object)
        .subquery()
    )
    query = (
        select(objects.c.name, func.sum(objects.c.fetches), func.count(), func.sum(objects.c.bytes))
        .group_by(objects.c.name)
        .order_by(objects.c.name)
    )
    return [
        {"name": name, "fetches": int(fetches), "objects": int(count), "bytes": int(size)}
        for name, fetches, count, size in connection.execute(query)
    ]
