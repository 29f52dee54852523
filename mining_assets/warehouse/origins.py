"""Where what is stored came from, counted by its origin."""

from datetime import date

from sqlalchemy import Connection, func, literal, select

from mining_assets.domain.daily_series import SERIES
from mining_assets.domain.origin import Origins, StoredOrigin
from mining_assets.warehouse.schema import (
    day_fetches,
    network_epochs,
    reference_fetches,
    settlement_days,
    wind_bm_units,
)

_ORDER = (settlement_days.name, *SERIES, wind_bm_units.name, network_epochs.name)


def read_origins(connection: Connection, first: date | None = None, last: date | None = None) -> Origins:
    """Read where the stored days from first to last, their series and the references came from.

    Args:
        first, last: of the days; as far as there are any unless given.
    """
    days, series, references = settlement_days.c, day_fetches.c, reference_fetches.c
    of_days = select(literal(settlement_days.name), days.origin, func.count()).group_by(days.origin)
    of_series = (
        select(series.name, series.origin, func.count())
        .where(series.fetched_at.is_not(None), series.name.in_(_ORDER))
        .group_by(series.name, series.origin)
    )
    found = []
    for query, day in ((of_days, days.settlement_date), (of_series, series.settlement_date)):
        within = query.where(day >= first) if first else query
        within = within.where(day <= last) if last else within
        found += [StoredOrigin(*row) for row in connection.execute(within)]
    of_references = select(references.name, references.origin).where(references.name.in_(_ORDER))
    found += [StoredOrigin(*row) for row in connection.execute(of_references)]
    return Origins(tuple(sorted(found, key=lambda stored: (_ORDER.index(stored.data), stored.origin or ""))))
