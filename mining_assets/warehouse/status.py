"""The reconciliation status of a range of days: what there is, what is missing, and what does not add up."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

import pandas as pd
from sqlalchemy import Connection, and_, literal, or_, select, union_all

from mining_assets.domain.caveats import Caveats
from mining_assets.domain.daily_series import SERIES
from mining_assets.domain.day_state import FINAL, STATES, TRUSTED
from mining_assets.domain.mining import MinerModel
from mining_assets.domain.origin import Origins
from mining_assets.domain.periods import DateRange, Month, Period, Year, days_expected, days_within, parse_period
from mining_assets.domain.rollups import LEVELS
from mining_assets.domain.tolerance import isclose_or_both_missing
from mining_assets.domain.valuation import BITCOIN_PRICE
from mining_assets.warehouse.caveats import read_caveats
from mining_assets.warehouse.counting import counted_days
from mining_assets.warehouse.day_states import day_states
from mining_assets.warehouse.origins import read_origins
from mining_assets.warehouse.possible_wind import days_without_units, possible_wind_between
from mining_assets.warehouse.schema import integrity_findings
from mining_assets.warehouse.series import known_sentence, series_states
from mining_assets.warehouse.summaries import (
    SUMMARIES,
    expected_rows_between,
    span_column,
    summaries_between,
    summary_key,
)
from mining_assets.warehouse.verifications import Verified, read_verified

Mismatch = tuple[str, Month | Year]
"""A summary table, and the month or year whose row is not the sum of the level below."""
FailedCheck = tuple[str, str, Period | Literal["all"]]
"""A table, a check on it that fails, and where: on a day, or on ``all`` of a reference."""


@dataclass(frozen=True)
class Status:
    """The state of a range.

    Attributes:
        days: as from ``states.day_states``.
        differing: summary rows that are not the sum of the level below, as (table, month or year).
        errors: what the last verification found wrong in the range or in the references and states do not tell:
            (table, check, day or ``all``).
        counted: the first and last of the days whose rows were counted for this; the others are as verified.
        verified: what of the range was verified by value since it was last written; what was found is in the states.
        series: what is known of each daily series, as from ``series.series_states``; nothing that is not known
            there makes the range less right.
        possible_wind: units with accepted bids that may be wind and are not counted, as from
            ``possible_wind.possible_wind_between``.
        units_not_kept: stored days of which it is not known what was left out.
        caveats: what is suspicious of the range although nothing of it is wrong, as of the last verification.
        origins: where the range and the references came from.
    """

    first: date
    last: date
    days: pd.DataFrame
    differing: tuple[Mismatch, ...]
    errors: tuple[FailedCheck, ...]
    counted: tuple[date, date]
    verified: Verified
    series: dict[str, pd.DataFrame]
    possible_wind: pd.DataFrame
    units_not_kept: list[date]
    caveats: Caveats
    origins: Origins

    def total(self, count: str) -> int:
        """Return a count of ``day_states.COUNTS`` over all days."""
        return int(self.days[count].sum())

    @property
    def states(self) -> dict[str, int]:
        """Days by state; they add up to the days of the range."""
        counts = self.days["state"].value_counts()
        return {state: int(counts.get(state, 0)) for state in STATES}

    @property
    def completion(self) -> float:
        """Return the percentage of the calculations that are there; an absent day counts as one of average size."""
        there = len(self.days) - self.states["missing"] - self.states["partial"]
        return completion(self.total("expected"), self.total("missing"), there, len(self.days))

    @property
    def trusted(self) -> int:
        """How many days are trusted: final or provisional."""
        return sum(self.states[state] for state in TRUSTED)

    @property
    def open_days(self) -> pd.DataFrame:
        """The days that are not final, not consistent, or quarantined."""
        flagged = self.days["inconsistent"] | self.days["quarantined"]
        return self.days[(self.days["state"] != FINAL) | flagged]

    @property
    def is_right(self) -> bool:
        """Whether every day is whole and everything derived from it is in place."""
        flagged = self.days["inconsistent"] | self.days["quarantined"]
        return self.trusted == len(self.days) and not flagged.any() and not self.differing and not self.errors

    @property
    def prices(self) -> str:
        """Of how many days the price of Bitcoin is known, from when on and from where."""
        return known_sentence(BITCOIN_PRICE, self.series[BITCOIN_PRICE])

    @property
    def newest_vintage(self) -> datetime | None:
        """The newest settlement run in the range."""
        vintages = self.days["vintage"].dropna()
        return vintages.max() if len(vintages) else None


def completion(expected: int, missing: int, there: int, days: int) -> float:
    """Return (expected − missing) ÷ expected × there ÷ days in percent.

    How many calculations a day has is only known once its records are there, so a day without them counts as one of
    average size of which all is missing. Rounded down to hundredths: only when nothing is missing it is 100.

    Args:
        expected: calculations of the days that are there; when there are none, the days alone count.
        there: how many of the days have their records.
    """
    if not expected:
        return 10_000 * there // days / 100
    return 10_000 * (expected - missing) * there // (expected * days) / 100


def read_status(
    connection: Connection,
    first: date,
    last: date,
    models: Sequence[MinerModel],
    date_range: DateRange,
    given_prices: Mapping[date, float] | None = None,
) -> Status:
    """Read the status of the days from first to last, and of the months and years they are in.

    Args:
        given_prices: £ per BTC by day, from a person's own file.
    """
    days = day_states(connection, first, last, models)
    differing = tuple(mismatched_summaries(connection, first, last, date_range))
    errors = tuple(_errors_outside_states(connection, first, last))
    series = {name: series_states(connection, name, first, last, given_prices) for name in SERIES}
    unkept = days_without_units(connection, first, last)
    return Status(
        first,
        last,
        days,
        differing,
        errors,
        counted_days(first, last),
        read_verified(connection, list(days.index[days["state"] != "missing"])),
        series,
        possible_wind_between(connection, first, last),
        unkept,
        read_caveats(connection, first, last, unkept),
        read_origins(connection, first, last),
    )


def _errors_outside_states(connection: Connection, first: date, last: date) -> Iterator[FailedCheck]:
    """Yield the errors of checks whose findings make no day damaged or inconsistent: refused answers, references."""
    found = integrity_findings.c
    query = (
        select(found.table_name, found.check_name, found.span)
        .where(
            found.severity == "error",
            found.effect == "nothing",
            found.check_name != "completeness",  # whether a day is whole is seen without a verification
            or_(found.settlement_date.between(first, last), found.span == "all"),
        )
        .order_by(found.span, found.table_name)
    )
    for table, check, span in connection.execute(query):
        yield table, check, "all" if span == "all" else parse_period(span)


def mismatched_summaries(connection: Connection, first: date, last: date, date_range: DateRange) -> Iterator[Mismatch]:
    """Yield the months and years whose row is missing, left over, or not the sum of the level below.

    Distinct farms are counted in the detail; of them the last verification's findings tell.
    """
    differing = {*_differing_now(connection, first, last, date_range), *_found_differing(connection, first, last)}
    yield from sorted(differing, key=lambda each: (each[0], each[1].first))


def moved_summaries(connection: Connection, first: date, last: date, date_range: DateRange) -> set[Mismatch]:
    """Return the summaries of months and years that were made for another first or last partition.

    They are among the differing ones. Nothing else than a moved partition changes how many days are expected.
    """
    query = union_all(
        *(
            select(literal(table.name), span_column(table), table.c.days_expected).where(
                span_column(table).between(str(level.period.of(first)), str(level.period.of(last)))
            )
            for level in LEVELS.values()
            for table in [SUMMARIES[level.table]]
        )
    )
    rows = ((table, LEVELS[table].period.parse(text), expected) for table, text, expected in connection.execute(query))
    return {(table, period) for table, period, expected in rows if expected != days_expected(period, date_range)}


def _found_differing(connection: Connection, first: date, last: date) -> Iterator[Mismatch]:
    """Yield what the last verification found wrong with the months and years of some days."""
    found = integrity_findings.c
    within = (
        and_(
            found.table_name == level.table,
            found.span.between(str(level.period.of(first)), str(level.period.of(last))),
        )
        for level in LEVELS.values()
    )
    query = select(found.table_name, found.span).where(found.severity == "error", or_(*within))
    yield from ((table, LEVELS[table].period.parse(text)) for table, text in connection.execute(query))


def _differing_now(connection: Connection, first: date, last: date, date_range: DateRange) -> Iterator[Mismatch]:
    """What of the months and years of some days is not the sum of the level below as both are now."""
    for level in LEVELS.values():
        low, high = level.period.of(first), level.period.of(last)
        begin, end = days_within(low, date_range)[0], days_within(high, date_range)[1]
        expected = expected_rows_between(connection, level, begin, end, date_range)
        stored = summaries_between(connection, level.table, low, high)
        for text in _differing(stored, expected, summary_key(level.table)):
            yield level.table, level.period.parse(text)


def _differing(stored: pd.DataFrame, expected: pd.DataFrame, key: list[str]) -> list[str]:
    both = stored.merge(expected, how="outer", on=key, suffixes=("", "_expected"))
    figures = [name for name in expected.columns if name not in key]
    agrees = pd.Series(True, index=both.index)
    for name in figures:
        agrees &= isclose_or_both_missing(both[name], both[f"{name}_expected"])
    return sorted(set(both.loc[~agrees, key[0]]))
