"""The reference data that days need: fetched on the way when it is not stored, so that a first run needs no step."""

import logging
from collections.abc import Sequence
from datetime import date
from itertools import groupby
from typing import NamedTuple

from tenacity import Retrying

from mining_assets.archive.errors import ArchiveError
from mining_assets.domain.network import NetworkHistory, UnknownDifficulty
from mining_assets.domain.periods import Month
from mining_assets.domain.wind_units import WindUnit
from mining_assets.pipeline.dependencies import Dependencies
from mining_assets.pipeline.fetch_references import (
    RefreshedEpochs,
    first_unknown,
    known_wind_units,
    reaches,
    refresh_network_epochs,
    refresh_wind_units,
    stored_network_history,
)
from mining_assets.pipeline.outages import Outages
from mining_assets.pipeline.results import ReferenceResult
from mining_assets.reconciliation.plan import ARCHIVE, MEMPOOL
from mining_assets.reconciliation.verify import Scope, verify_and_store_days
from mining_assets.sources.errors import SourceError
from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.names import NETWORK_EPOCHS, WIND_BM_UNITS
from mining_assets.warehouse.references import stored_origin


class WindUnits(NamedTuple):
    """The wind units by id, and what was fetched for it."""

    units: dict[str, WindUnit]
    fetched: ReferenceResult | None = None


class History(NamedTuple):
    """The network's history, what was fetched for it, and why it could not be fetched, if it had to be."""

    history: NetworkHistory
    fetched: ReferenceResult | None = None
    error: str = ""


def ensure_wind_units(dependencies: Dependencies, retry: Retrying) -> WindUnits:
    """Read the wind units known; fetch them when they never were.

    Raises:
        SourceError, ArchiveError: none are stored, and they cannot be had, or their answer cannot be archived.
    """
    warehouse, rules = dependencies.warehouse, dependencies.rules
    units = retry(known_wind_units, warehouse, rules.additions, rules.sites)
    if units:
        return WindUnits(units)
    counts = retry(
        refresh_wind_units, warehouse, dependencies.elexon, rules.additions, rules.sites, dependencies.archiving
    )
    units = retry(known_wind_units, warehouse, rules.additions, rules.sites)
    return WindUnits(units, ReferenceResult(WIND_BM_UNITS, counts, retry(_origin, warehouse, WIND_BM_UNITS)))


def ensure_network_history(
    days: Sequence[date], dependencies: Dependencies, retry: Retrying, outages: Outages, log: logging.Logger
) -> History:
    """Read the network's history; fetch it once when it does not cover the days. What it lacks then stays missing.

    A source that does not have what is lacking counts as unavailable: it is probed with one day, at growing
    intervals, and no day is to blame.
    """
    warehouse, rules = dependencies.warehouse, dependencies.rules
    history = retry(stored_network_history, warehouse)
    if reaches(history, days):
        return History(history)
    try:
        refreshed = retry(
            refresh_network_epochs, warehouse, dependencies.mempool, rules.halvings, archiving=dependencies.archiving
        )
    except (SourceError, ArchiveError) as error:
        log.warning(f"network_epochs could not be refreshed, what is stored is used: {error}")
        outages.record(ARCHIVE if isinstance(error, ArchiveError) else MEMPOOL, error)
        return History(history, error=str(error))
    retry(verify_rewritten, warehouse, refreshed, rules.scope)
    history = retry(stored_network_history, warehouse)
    if lacking := first_unknown(history, days):
        outages.record(MEMPOOL, UnknownDifficulty(history.why_unknown(lacking)))
    else:
        outages.clear(MEMPOOL)
    origin = retry(_origin, warehouse, NETWORK_EPOCHS)
    return History(history, ReferenceResult(NETWORK_EPOCHS, refreshed.shown(), origin))


def _origin(warehouse: Warehouse, name: str) -> str | None:
    with warehouse.reading() as connection:
        return stored_origin(connection, name)


def verify_rewritten(warehouse: Warehouse, refreshed: RefreshedEpochs, scope: Scope) -> None:
    """Verify the days in which something else is in force now than when they were calculated: they are stale."""
    for _, month in groupby(refreshed.rewritten, key=Month.of):
        verify_and_store_days(warehouse, list(month), scope)
