"""The caveats of a range, from what is stored: units left out, comparisons with whole-day reports, findings."""

from collections.abc import Sequence
from datetime import date

import pandas as pd
from sqlalchemy import Connection, func, select

from mining_assets.domain import caveats as rules
from mining_assets.domain.caveats import Caveats
from mining_assets.warehouse.connection import read_frame
from mining_assets.warehouse.possible_wind import possible_wind_by_day
from mining_assets.warehouse.schema import integrity_findings, oracle_comparisons, settlement_days


def read_caveats(
    connection: Connection,
    first: date,
    last: date,
    without_units: Sequence[date],
    findings: pd.DataFrame | None = None,
) -> Caveats:
    """Read the caveats of the days from first to last.

    Args:
        without_units: days of which it is not known what was left out.
        findings: what a verification found just now, as ``caveats.of_findings`` takes it; what is stored of the last
            one unless given.
    """
    compared, days = oracle_comparisons.c, settlement_days.c
    comparisons = read_frame(
        connection,
        select(*compared).where(compared.settlement_date.between(first, last), compared.problem.is_not(None)),
    )
    totals = select(func.sum(days.total_curtailed_energy), func.sum(days.total_payment))
    energy, payment = connection.execute(totals.where(days.settlement_date.between(first, last))).one()
    return Caveats(
        (
            *rules.of_possible_wind(possible_wind_by_day(connection, first, last)),
            *rules.of_days_without_units(without_units),
            *rules.of_comparisons(comparisons),
            *rules.of_findings(_stored(connection, first, last) if findings is None else findings),
        ),
        energy or 0.0,
        payment or 0.0,
    )


def _stored(connection: Connection, first: date, last: date) -> pd.DataFrame:
    found = integrity_findings.c
    query = select(found.check_name, found.settlement_date, found.problems, found.mwh)
    return read_frame(connection, query.where(found.severity == "warn", found.settlement_date.between(first, last)))
