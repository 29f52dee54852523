"""Replacing a settlement day: its records, its ledger and its figures together, in the caller's transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import cached_property
from typing import Any, NamedTuple

import pandas as pd
from sqlalchemy import Connection, delete, func, select

from mining_assets.domain.content_hash import EMPTY_HASH, PERIOD_KEY, combined_hash, content_hashes
from mining_assets.domain.curtailment import RECORD_COLUMNS, daily_totals, derived_columns_match, farm_energy
from mining_assets.domain.day_state import is_complete
from mining_assets.domain.repeats import repeats
from mining_assets.domain.restatement import DayFigures, ShrinkRefused, shrinks
from mining_assets.domain.wording import count_of
from mining_assets.warehouse.connection import insert_frame, read_frame, upsert_rows
from mining_assets.warehouse.repeats import with_earlier_readings
from mining_assets.warehouse.schema import (
    curtailment_records,
    oracle_comparisons,
    refused_answers,
    restatements,
    settlement_days,
    settlement_ledger,
    unknown_wind_units,
)
from mining_assets.warehouse.verifications import note_written

LEDGER_COLUMNS = tuple(column.name for column in settlement_ledger.columns)


class Outcome(StrEnum):
    """What storing a day did."""

    NEW = "new"
    UNCHANGED = "unchanged"
    SUPERSEDED = "superseded"  # somebody stored a newer fetch meanwhile; that stays
    RESTATED = "restated"
    REPAIRED = "repaired"


@dataclass(frozen=True)
class FetchedDay:
    """A day as fetched, with all its periods.

    Attributes:
        records: the wind rows, ``curtailment.RECORD_COLUMNS``.
        ledger: a row for every period and side of the day, ``LEDGER_COLUMNS``.
        unknown_units: columns of ``unknown_wind_units``: every unit with accepted bids that is not counted; None
            leaves what is known of the day.
        origin: where it came from, as ``domain.origin`` writes it; None when that is unknown.
        oracle: a row of ``oracle_comparisons``; None leaves the comparison of the day.
        warnings: what a person should know about how it was certified.
    """

    day: date
    records: pd.DataFrame
    ledger: pd.DataFrame
    unknown_units: pd.DataFrame | None
    origin: str | None
    oracle: pd.DataFrame | None = None
    warnings: tuple[str, ...] = ()

    @cached_property
    def row(self) -> dict[str, Any]:
        """The row of ``settlement_days``; it goes with the day from the process that has made it."""
        (totals,) = daily_totals(self.records, pd.Index([self.day])).to_dict("records")
        ledger = self.ledger
        vintages = ledger["vintage"].dropna()
        return {
            "settlement_date": self.day,
            "periods": int(ledger["settlement_period"].max()),
            "fetched_at": ledger["fetched_at"].min().to_pydatetime(),
            "vintage": vintages.max().to_pydatetime() if len(vintages) else None,
            "content_hash": combined_hash(list(ledger.sort_values(PERIOD_KEY)["content_hash"])),
            **totals,
            "farm_periods": len(farm_energy(self.records)),
            "origin": self.origin,
            **_uncounted(self.unknown_units),
        }

    @cached_property
    def has_repeats(self) -> bool:
        """Whether any row repeats an acceptance."""
        return bool(repeats(self.records).any())


def store_day(connection: Connection, fetched: FetchedDay, *, accept_shrink: bool = False) -> Outcome:
    """Replace a day by what was fetched; to be called inside ``Warehouse.writing(day)``.

    Records are rewritten only when their content differs from the stored. A changed content is noted in
    ``restatements``.

    Raises:
        ShrinkRefused: the fetched day takes more than 5 % off a final one, or a side that had rows is now empty
            without the day's volumes saying so, and ``accept_shrink`` is false. Nothing was changed.
    """
    fetched = with_earlier_readings(connection, fetched)
    day = fetched.day
    before = day_figures(connection, day)
    row = fetched.row
    after = DayFigures(
        fetched_at=row["fetched_at"],
        content_hash=row["content_hash"],
        energy=row["total_curtailed_energy"],
        payment=row["total_payment"],
        records=row["curtailment_records"],
    )
    if before is not None and after.fetched_at < before.fetched_at:
        return Outcome.SUPERSEDED
    if before is not None and not accept_shrink:
        _refuse_loss(connection, fetched, before, after)
    if before is None:
        outcome = Outcome.NEW
    elif before.content_hash != after.content_hash:
        outcome = Outcome.RESTATED
    elif _is_tampered(records_of(connection, [day]), fetched.ledger, after.content_hash):
        outcome = Outcome.REPAIRED
    else:
        outcome = Outcome.UNCHANGED

    if outcome is not Outcome.UNCHANGED:
        connection.execute(delete(curtailment_records).where(curtailment_records.c.settlement_date == day))
        insert_frame(connection, curtailment_records, fetched.records)
    for table, rows in (
        (settlement_ledger, fetched.ledger),
        (unknown_wind_units, fetched.unknown_units),
        (oracle_comparisons, fetched.oracle),
    ):
        if rows is not None:
            connection.execute(delete(table).where(table.c.settlement_date == day))
            insert_frame(connection, table, rows)
    if fetched.unknown_units is not None:  # the day was fetched, not a period of it
        refused = refused_answers.c  # one that was refused later is newer than an archived answer that is stored again
        connection.execute(
            delete(refused_answers).where(refused.settlement_date == day, refused.refused_at <= row["fetched_at"])
        )
    upsert_rows(connection, settlement_days, [row])
    note_written(connection, [day])
    if outcome is Outcome.RESTATED and before is not None:
        insert_frame(connection, restatements, _restatement(day, before, after))
    return outcome


def note_refused(connection: Connection, refused: ShrinkRefused) -> None:
    """Remember that a day's newer answer was refused, until an answer is stored."""
    row = {
        "settlement_date": refused.day,
        "refused_at": datetime.now(UTC),
        "energy_stored": refused.before.energy,
        "energy_answered": refused.after.energy,
        "reason": str(refused),
    }
    upsert_rows(connection, refused_answers, [row])


def day_figures(connection: Connection, day: date) -> DayFigures | None:
    """Read the figures of a stored day; None when it was never complete."""
    days = settlement_days.c
    query = select(
        days.fetched_at,
        days.content_hash,
        days.total_curtailed_energy,
        days.total_payment,
        days.curtailment_records,
    ).where(days.settlement_date == day)
    row = connection.execute(query).one_or_none()
    return None if row is None else DayFigures(*row)


def origin_of_day(connection: Connection, day: date) -> str | None:
    """Read where a stored day came from; None when that is unknown, or the day was never stored."""
    days = settlement_days.c
    return connection.execute(select(days.origin).where(days.settlement_date == day)).scalar()


def noted_days(connection: Connection, days: Sequence[date]) -> pd.DataFrame:
    """Read the rows of ``settlement_days`` of those of the days that are stored, by date."""
    noted = settlement_days.c
    query = select(*noted).where(noted.settlement_date.in_(days)).order_by(noted.settlement_date)
    return read_frame(connection, query).set_index("settlement_date")


def stored_days(connection: Connection, first: date, last: date) -> list[date]:
    """Read which days from first to last were stored."""
    day = settlement_days.c.settlement_date
    return list(connection.execute(select(day).where(day.between(first, last)).order_by(day)).scalars())


def payments(connection: Connection, days: Sequence[date]) -> "pd.Series[float]":
    """Read £ paid for the gross energy by day, of those of the days that are stored."""
    noted = settlement_days.c
    query = select(noted.settlement_date, noted.total_payment).where(noted.settlement_date.in_(days))
    return read_frame(connection, query).set_index("settlement_date")["total_payment"]


def complete_days(connection: Connection, days: Sequence[date]) -> dict[date, str]:
    """Read those of the days that are complete (figures and every row of the ledger are there), with their hash."""
    ledger_rows = (
        select(settlement_ledger.c.settlement_date, func.count().label("rows"))
        .where(settlement_ledger.c.settlement_date.in_(days))
        .group_by(settlement_ledger.c.settlement_date)
        .subquery()
    )
    query = (
        select(settlement_days.c.settlement_date, settlement_days.c.content_hash)
        .join(ledger_rows, ledger_rows.c.settlement_date == settlement_days.c.settlement_date)
        .where(is_complete(ledger_rows.c.rows, settlement_days.c.periods))
        .order_by(settlement_days.c.settlement_date)
    )
    return dict(connection.execute(query).all())


class UntamperedDays(NamedTuple):
    """Days that are complete and whose records are those that were fetched: only from such may anything be derived.

    Attributes:
        hashes: the content hash of each, in order.
        records: as from :func:`records_of`.
    """

    hashes: dict[date, str]
    records: pd.DataFrame


def untampered_days(connection: Connection, days: Sequence[date]) -> UntamperedDays:
    """Read those of the days that are complete, and hash their records to leave out the days that were altered."""
    complete = complete_days(connection, days)
    records = records_of(connection, list(complete))
    ledger = read_frame(
        connection,
        select(*(settlement_ledger.c[name] for name in (*PERIOD_KEY, "content_hash")))
        .where(settlement_ledger.c.settlement_date.in_(list(complete)))
        .order_by(*(settlement_ledger.c[name] for name in PERIOD_KEY)),
    )
    hashes = content_hashes(records)
    stored = [hashes.get(key, EMPTY_HASH) for key in ledger[PERIOD_KEY].itertuples(index=False, name=None)]
    tampered = set(ledger.loc[ledger["content_hash"] != stored, "settlement_date"])
    tampered |= set(records.loc[~derived_columns_match(records), "settlement_date"])
    untampered = {day: content_hash for day, content_hash in complete.items() if day not in tampered}
    return UntamperedDays(untampered, records[records["settlement_date"].isin(untampered)].reset_index(drop=True))


def ledger_of(connection: Connection, day: date) -> pd.DataFrame:
    """Read the ledger of a day, in the order of its key."""
    ledger = settlement_ledger
    query = select(*ledger.c).where(ledger.c.settlement_date == day).order_by(*ledger.primary_key)
    return read_frame(connection, query)


def periods_known_empty(connection: Connection, day: date) -> list[int]:
    """Read the periods of a stored day that a person confirmed to be empty on both sides."""
    ledger = settlement_ledger.c
    query = select(ledger.settlement_period).where(ledger.settlement_date == day, ledger.confirmed_by == "operator")
    return sorted(set(connection.execute(query).scalars()))


def records_of(connection: Connection, days: Sequence[date]) -> pd.DataFrame:
    """Read the stored rows of the days, in the order of their key: ``curtailment.RECORD_COLUMNS``."""
    records = curtailment_records.c
    query = (
        select(*(records[name] for name in RECORD_COLUMNS))
        .where(records.settlement_date.in_(days))
        .order_by(records.settlement_date, records.settlement_period, records.side, records.sequence_number)
    )
    return read_frame(connection, query)


def units_with_records(connection: Connection) -> set[str]:
    """Read the ids of all BM units of which any record is stored."""
    return set(connection.execute(select(curtailment_records.c.farm_id).distinct()).scalars())


def day_hash(records: pd.DataFrame, ledger: pd.DataFrame) -> str:
    """Return the content hash of one day's records over all periods and sides of its ledger."""
    hashes = content_hashes(records)
    keys = ledger.sort_values(PERIOD_KEY)[PERIOD_KEY]
    return combined_hash([hashes.get(key, EMPTY_HASH) for key in keys.itertuples(index=False, name=None)])


def _is_tampered(stored: pd.DataFrame, ledger: pd.DataFrame, content_hash: str) -> bool:
    """Tell whether a day's records have another hash than this content, or derived columns that do not match."""
    return day_hash(stored, ledger) != content_hash or not derived_columns_match(stored).all()


def _uncounted(units: pd.DataFrame | None) -> dict[str, float]:
    """Sum the energy that was not counted; what is known of the day stays when it was not fetched as a whole."""
    return {} if units is None else {"uncounted_bid_mwh": float(units["bid_mwh"].sum())}


def _refuse_loss(connection: Connection, fetched: FetchedDay, before: DayFigures, after: DayFigures) -> None:
    # The same content cannot be less: then the stored figure is wrong, and is put right.
    if before.content_hash != after.content_hash and shrinks(fetched.day, before, after):
        raise ShrinkRefused(fetched.day, before, after, "the fetched day is more than 5 % smaller than the final one")
    uncertain = fetched.ledger[fetched.ledger["confirmed_by"] == "unreachable"]
    ledger = settlement_ledger.c
    for row in uncertain.itertuples(index=False):
        had_rows = connection.execute(
            select(ledger.raw_rows).where(
                ledger.settlement_date == fetched.day,
                ledger.settlement_period == row.settlement_period,
                ledger.side == row.side,
            )
        ).scalar()
        if had_rows:
            raise ShrinkRefused(
                fetched.day,
                before,
                after,
                f"period {row.settlement_period} {row.side} had {count_of(had_rows, 'row')} and is now empty, and the "
                f"day's volumes could not be asked",
            )


def _restatement(day: date, before: DayFigures, after: DayFigures) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "settlement_date": day,
                "restated_at": datetime.now(UTC),
                "hash_before": before.content_hash,
                "hash_after": after.content_hash,
                "energy_before": before.energy,
                "energy_after": after.energy,
                "payment_before": before.payment,
                "payment_after": after.payment,
                "records_before": before.records,
                "records_after": after.records,
            }
        ]
    )
