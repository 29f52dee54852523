"""The reference data: fetching it, and making sure that what a day needs is there."""

from collections.abc import Iterable
from datetime import UTC, date, datetime

from mining_assets.domain.network import NetworkHistory, NetworkHistoryRefused, Retarget, contradiction
from mining_assets.domain.network import network_history as merged
from mining_assets.domain.settlement import period_starts
from mining_assets.domain.wind import WindUnit, others_among, wind_among
from mining_assets.sources.blocking import Blocking
from mining_assets.sources.elexon import ElexonClient
from mining_assets.sources.errors import SourceRefused
from mining_assets.sources.mempool import MempoolClient
from mining_assets.warehouse import reference
from mining_assets.warehouse.engine import Warehouse
from mining_assets.warehouse.schema import network_epochs, wind_bm_units


def refresh_wind_units(
    warehouse: Warehouse, elexon: Blocking[ElexonClient], additions: Iterable[WindUnit]
) -> dict[str, int]:
    """Fetch the register of BM units and add its wind units; returns counts for a person.

    Raises:
        SourceError: the register could not be had; what is stored stays.
    """
    asked_at = datetime.now(UTC)
    registered = elexon.run(elexon.client.bm_units())
    units = wind_among(registered, additions)
    if not any(unit.source == "register" for unit in units):
        raise SourceRefused(f"none of the {len(registered)} BM units is typed WIND", url="reference/bmunits/all")
    with warehouse.writing(wind_bm_units.name) as connection:
        counts = reference.store_wind_units(connection, units, asked_at)
        reference.store_other_units(connection, others_among(registered))
        reference.note_fetch(connection, wind_bm_units.name, asked_at, len(registered))
    return {"units in the register": len(registered), "wind units": len(units)} | counts


def refresh_network_epochs(warehouse: Warehouse, mempool: Blocking[MempoolClient]) -> dict[str, int]:
    """Fetch the difficulty adjustments and add what is new; returns counts for a person.

    Raises:
        SourceError: they could not be had.
        SourceRefused: they cannot be true, or contradict what is stored. What is stored stays.
    """
    answer = mempool.run(mempool.client.difficulty_adjustments())
    retargets = [Retarget(entry.time, entry.height, entry.difficulty) for entry in answer.value]
    with warehouse.writing(network_epochs.name) as connection:
        try:
            history = merged(retargets, answer.fetched_at)
        except NetworkHistoryRefused as refused:
            raise SourceRefused(f"the difficulty history is refused: {refused}", url=answer.url) from None
        altered = reference.is_altered(connection, network_epochs.name)
        clash = None if altered else contradiction(reference.stored_epochs(connection), history)
        if clash:
            raise SourceRefused(f"the difficulty history contradicts what is stored: {clash}", url=answer.url)
        added = reference.store_network_history(connection, history)
    return {"epochs": len(history.epochs), "new": added}


def known_wind_units(warehouse: Warehouse, additions: Iterable[WindUnit]) -> dict[str, WindUnit]:
    """Every wind unit known, curated additions included.

    Empty when the register was never fetched, or units were taken out of its table: it has to be fetched then.
    """
    with warehouse.reading() as connection:
        name = wind_bm_units.name
        if reference.last_fetch(connection, name) is None or reference.is_altered(connection, name):
            return {}
        units = reference.wind_units(connection)
    unknown = [addition for addition in additions if addition.bm_unit_id not in units]
    if unknown:
        with warehouse.writing(wind_bm_units.name) as connection:
            reference.store_wind_units(connection, unknown, datetime.now(UTC))
            reference.note_content(connection, wind_bm_units.name)
    return units | {addition.bm_unit_id: addition for addition in unknown}


def stored_network_history(warehouse: Warehouse) -> NetworkHistory:
    """The network's history as stored."""
    with warehouse.reading() as connection:
        return reference.network_history(connection)


def reaches(history: NetworkHistory, day: date) -> bool:
    """Whether the history covers every period of a day."""
    return history.known_until > period_starts(day)[-1]
