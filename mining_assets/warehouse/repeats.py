"""Repeated acceptances of a day that is stored again while nothing says which reading of them is right."""

from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import Connection, select

from mining_assets.domain.content_hash import PERIOD_KEY
from mining_assets.domain.curtailment import bids_of_stacks
from mining_assets.domain.repeats import read_as_before
from mining_assets.warehouse.schema import settlement_ledger

if TYPE_CHECKING:
    from mining_assets.warehouse.days import FetchedDay


def with_earlier_readings(connection: Connection, fetched: "FetchedDay") -> "FetchedDay":
    """Read undecided repeats as they were decided when the stored day, with the same content, was fetched.

    So what the day's volumes settled once is not lost when they cannot be asked the next time.
    """
    if not fetched.has_repeats:
        return fetched
    stored = settlement_ledger.c
    query = select(*(stored[name] for name in (*PERIOD_KEY, "content_hash", "repeats_confirmed"))).where(
        stored.settlement_date == fetched.day, stored.repeats_confirmed.is_not(None)
    )
    ledger = fetched.ledger.set_index(PERIOD_KEY)
    undecided = set(ledger.index[ledger["repeats_confirmed"].isna()])
    before = {
        tuple(key): (content, confirmed)
        for *key, content, confirmed in connection.execute(query)
        if tuple(key) in undecided
    }
    records, decided = read_as_before(fetched.records, before)
    if not decided:
        return fetched
    volumes = records.groupby(PERIOD_KEY)["volume"]
    rows, mwh = volumes.size(), volumes.sum()
    ledger["repeats_confirmed"] = ledger["repeats_confirmed"].astype(object)
    for key, confirmed in decided.items():
        ledger.loc[key, ["wind_rows", "wind_mwh", "content_hash", "repeats_confirmed"]] = [
            rows[key],
            mwh[key],
            before[key][0],
            confirmed,
        ]
    compared = fetched.oracle
    if compared is not None:
        energy, cash = bids_of_stacks(records)
        compared = compared.assign(energy_stack=energy, cash_stack=cash)
    return replace(fetched, records=records, ledger=ledger.reset_index()[list(fetched.ledger)], oracle=compared)
