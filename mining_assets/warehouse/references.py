"""The wind register and the network's epochs: what is stored, and adding what a fetch brought."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime

import pandas as pd
from sqlalchemy import Connection, delete, select, update

from mining_assets.domain.network import ALTERED, NEVER_FETCHED, Epoch, NetworkHistory
from mining_assets.domain.origin import joined_origins
from mining_assets.domain.sites import sites_of
from mining_assets.domain.wind_units import WindUnit
from mining_assets.warehouse.connection import insert_frame, upsert_rows
from mining_assets.warehouse.schema import (
    network_epochs,
    other_bm_units,
    reference_fetches,
    reference_refusals,
    wind_bm_units,
)


def last_fetch(connection: Connection, name: str) -> datetime | None:
    """Read when a reference was last fetched with success, or None."""
    query = select(reference_fetches.c.fetched_at).where(reference_fetches.c.name == name)
    return connection.execute(query).scalar()


def wind_units(connection: Connection) -> dict[str, WindUnit]:
    """Read every unit ever known as wind, by id, with its newest particulars."""
    units = wind_bm_units.c
    query = select(
        units.bm_unit_id, units.bm_unit_name, units.lead_party_name, units.generation_capacity, units.source
    ).where(units.is_current)
    return {row.bm_unit_id: WindUnit(*row) for row in connection.execute(query)}


def known_units(connection: Connection) -> set[str]:
    """Read the ids of all units ever known as wind, whether or not one of their versions is current."""
    return set(connection.execute(select(wind_bm_units.c.bm_unit_id).distinct()).scalars())


def store_wind_units(connection: Connection, seen: Iterable[WindUnit], fetched_at: datetime) -> dict[str, int]:
    """Add or update the units seen; a unit that is no longer among them stays as it was.

    Returns:
        How many units are new, changed, seen again, and absent from the answer.
    """
    known = wind_units(connection)
    units = {unit.bm_unit_id: unit for unit in seen}
    fresh = [unit for unit in units.values() if known.get(unit.bm_unit_id) != unit]
    superseded = [unit.bm_unit_id for unit in fresh if unit.bm_unit_id in known]
    table = wind_bm_units
    again = [name for name in units if name in known and name not in superseded]
    connection.execute(
        update(table).where(table.c.is_current, table.c.bm_unit_id.in_(again)).values(seen_until=fetched_at)
    )
    connection.execute(
        update(table).where(table.c.is_current, table.c.bm_unit_id.in_(superseded)).values(is_current=False)
    )
    rows = [{**asdict(unit), "seen_from": fetched_at, "seen_until": fetched_at, "is_current": True} for unit in fresh]
    insert_frame(connection, table, pd.DataFrame(rows))
    return {
        "new": len(fresh) - len(superseded),
        "changed": len(superseded),
        "seen again": len(again),
        "absent": len(known.keys() - units.keys()),
    }


def store_sites(connection: Connection, given: Mapping[str, str]) -> None:
    """Assign every current unit to its site.

    Args:
        given: sites by unit id that go before the rule of ``domain.sites``.
    """
    table = wind_bm_units.c
    for unit, site in moved_units(connection, given).items():
        connection.execute(update(wind_bm_units).where(table.is_current, table.bm_unit_id == unit).values(site=site))


def moved_units(connection: Connection, given: Mapping[str, str]) -> dict[str, str]:
    """List the current units that are stored with another site, or none, than the rule and the list say; with that."""
    table = wind_bm_units.c
    stored = dict(connection.execute(select(table.bm_unit_id, table.site).where(table.is_current)).all())
    sites = sites_of(wind_units(connection).values(), given)
    return {unit: site for unit, site in sites.items() if stored[unit] != site}


def unit_sites(connection: Connection) -> dict[str, str]:
    """Read the site of every current unit that has one, by id."""
    units = wind_bm_units.c
    query = select(units.bm_unit_id, units.site).where(units.is_current, units.site.is_not(None))
    return {row.bm_unit_id: row.site for row in connection.execute(query)}


def store_other_units(connection: Connection, others: Mapping[str, str]) -> None:
    """Replace what is known of units that are not wind: id and what each is, of the newest register answer."""
    connection.execute(delete(other_bm_units))
    rows = pd.DataFrame(sorted(others.items()), columns=["bm_unit_id", "kind"])
    insert_frame(connection, other_bm_units, rows)


def network_history(connection: Connection) -> NetworkHistory:
    """Read the stored history, known until it was last fetched; none when its hash does not match what was fetched."""
    fetches = reference_fetches.c
    query = select(fetches.fetched_at, fetches.content_hash).where(fetches.name == network_epochs.name)
    noted = connection.execute(query).one_or_none()
    epochs = stored_epochs(connection)
    if noted is None:
        return NEVER_FETCHED
    if noted.content_hash is not None and noted.content_hash != _hash(epochs):
        return ALTERED
    return NetworkHistory(epochs, noted.fetched_at)


def stored_epochs(connection: Connection) -> tuple[Epoch, ...]:
    """Read the stored epochs in order of time."""
    epochs = network_epochs.c
    query = select(epochs.block_time, epochs.height, epochs.difficulty, epochs.block_subsidy, epochs.kind).order_by(
        epochs.block_time
    )
    return tuple(Epoch(*row) for row in connection.execute(query))


def store_network_history(
    connection: Connection, history: NetworkHistory, origin: str | None = None, archive_object: str | None = None
) -> int:
    """Make the stored epochs those of the history, and note until when it is known; returns how many were added.

    The caller has merged the stored retargets into the history, or knows why they are not to stay. A refusal that
    stood ends.

    Args:
        origin: where all of it came from; None when that is unknown.
        archive_object: the archived object with the newest answer; None when it is not archived.
    """
    wanted, stored = set(history.epochs), set(stored_epochs(connection))
    table = network_epochs.c
    for epoch in stored - wanted:
        connection.execute(delete(network_epochs).where(table.height == epoch.height, table.kind == epoch.kind))
    fresh = [asdict(epoch) for epoch in history.epochs if epoch not in stored]
    insert_frame(connection, network_epochs, pd.DataFrame(fresh))
    note_fetch(connection, network_epochs.name, history.known_until, len(history.epochs), origin, archive_object)
    connection.execute(delete(reference_refusals).where(reference_refusals.c.name == network_epochs.name))
    return len(fresh)


def note_reference_refused(connection: Connection, name: str, reason: str, now: datetime) -> None:
    """Note why an answer was refused that contradicts the stored reference; since when the first one was is kept."""
    since = connection.execute(select(reference_refusals.c.since).where(reference_refusals.c.name == name)).scalar()
    row = {"name": name, "since": since or now, "refused_at": now, "reason": reason}
    upsert_rows(connection, reference_refusals, [row])


def note_halvings_lacking(connection: Connection, lacking: Mapping[int, str], now: datetime) -> None:
    """Note of which halvings the block time could not be had, and why; those noted before and known now leave."""
    names = {f"halving {height}": reason for height, reason in lacking.items()}
    noted = reference_refusals.c.name
    connection.execute(delete(reference_refusals).where(noted.like("halving %"), noted.not_in(names)))
    for name, reason in names.items():
        note_reference_refused(connection, name, reason, now)


def reference_refusal(connection: Connection, name: str) -> tuple[datetime, str] | None:
    """Read since when the source contradicts the stored reference, and how; None when its last answer was taken."""
    refusals = reference_refusals.c
    row = connection.execute(select(refusals.since, refusals.reason).where(refusals.name == name)).one_or_none()
    return (row.since, row.reason) if row else None


def note_fetch(
    connection: Connection,
    name: str,
    fetched_at: datetime,
    rows: int,
    origin: str | None = None,
    archive_object: str | None = None,
) -> None:
    """Note that a reference was fetched with success, what its table holds now, and where all of that came from."""
    row = {
        "name": name,
        "fetched_at": fetched_at,
        "rows": rows,
        "content_hash": _content_hash(connection, name),
        "origin": origin,
        "archive_object": archive_object,
    }
    upsert_rows(connection, reference_fetches, [row])


def stored_origin(connection: Connection, name: str) -> str | None:
    """Read where a reference came from; None when that is unknown, or it was never fetched."""
    return connection.execute(select(reference_fetches.c.origin).where(reference_fetches.c.name == name)).scalar()


def origin_beside(connection: Connection, name: str, origin: str | None) -> str | None:
    """Give the origin of a reference's table when rows of another one are added to those that it holds."""
    row = select(reference_fetches.c.origin).where(reference_fetches.c.name == name)
    stored = connection.execute(row).one_or_none()
    return origin if stored is None else joined_origins([stored.origin, origin])


def note_content(connection: Connection, name: str) -> None:
    """Note what a reference's table holds now, after a change of the project's own."""
    row = reference_fetches.c.name == name
    connection.execute(update(reference_fetches).where(row).values(content_hash=_content_hash(connection, name)))


def is_tampered(connection: Connection, name: str) -> bool:
    """Tell whether a reference's table holds something else than was noted when it was last written."""
    noted = connection.execute(
        select(reference_fetches.c.content_hash).where(reference_fetches.c.name == name)
    ).scalar()
    return noted is not None and noted != _content_hash(connection, name)


def _content_hash(connection: Connection, name: str) -> str:
    """Hash what a reference's table holds: of the epochs everything, of the wind units which of them are known."""
    return _hash(stored_epochs(connection) if name == network_epochs.name else sorted(wind_units(connection)))


def _hash(content: Sequence[object]) -> str:
    return hashlib.sha256(repr([*content]).encode()).hexdigest()
