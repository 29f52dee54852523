"""The reconciliation status of a range of days: what there is, what is missing, and what does not add up."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import pandas as pd
from sqlalchemy import Connection, literal, or_, select, union_all

from mining_assets.domain import rollups as rules
from mining_assets.domain.caveats import Caveats
from mining_assets.domain.daily_series import SERIES
from mining_assets.domain.mining import MinerModel
from mining_assets.domain.origin import Origins
from mining_assets.domain.tolerance import isclose_or_both_missing
from mining_assets.domain.valuation import BITCOIN_PRICE
from mining_assets.warehouse.caveats import read_caveats
from mining_assets.warehouse.counting import counted_days
from mining_assets.warehouse.day_states import STATES, day_states
from mining_assets.warehouse.origins import read_origins
from mining_assets.warehouse.possible_wind import days_without_units, possible_wind_between
from mining_assets.warehouse.predicates import FINAL, TRUSTED
from mining_assets.warehouse.schema import (
    integrity_findings,
)
from mining_assets.warehouse.series import known_sentence, series_states
from mining_assets.warehouse.summaries import SUMMARIES, span_column, summaries_between, summary_key
from mining_assets.warehouse.verifications import Verified, read_verified

DateRange = tuple[date, date | None]
"""The first partition and, when there is one, the last."""


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
    differing: tuple[tuple[str, str], ...]
    errors: tuple[tuple[str, str, str], ...]
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
    errors = tuple(_errors_beside_states(connection, first, last))
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


def _errors_beside_states(connection: Connection, first: date, last: date) -> Iterator[tuple[str, str, str]]:
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
    yield from ((table, check, span) for table, check, span in connection.execute(query))


def mismatched_summaries(
    connection: Connection, first: date, last: date, date_range: DateRange
) -> Iterator[tuple[str, str]]:
    """Yield the months and years whose row is missing, left over, or not the sum of the level below.

    Distinct farms are counted in the detail; of them the last verification's findings tell.
    """
    yield from sorted(
        {*_differing_now(connection, first, last, date_range), *_found_differing(connection, first, last)}
    )


def moved_spans(connection: Connection, first: date, last: date, date_range: DateRange) -> set[tuple[str, str]]:
    """Return the summaries of months and years that were made for another first or last partition.

    They are among the differing ones. Nothing else than a moved partition changes how many days are expected.
    """
    query = union_all(
        *(
            select(literal(name), span_column(SUMMARIES[name]), SUMMARIES[name].c.days_expected).where(
                span_column(SUMMARIES[name]).between(level.span_of(first), level.span_of(last))
            )
            for name, level in rules.LEVELS.items()
        )
    )
    return {
        (table, span)
        for table, span, expected in connection.execute(query)
        if expected != rules.days_expected(span, *date_range)
    }


def _found_differing(connection: Connection, first: date, last: date) -> Iterator[tuple[str, str]]:
    """Yield what the last verification found wrong with the months and years of some days."""
    found = integrity_findings.c
    for name, level in rules.LEVELS.items():
        low, high = level.span_of(first), level.span_of(last)
        query = select(found.table_name, found.span).where(
            found.severity == "error", found.table_name == name, found.span.between(low, high)
        )
        yield from ((table, span) for table, span in connection.execute(query))


def _differing_now(connection: Connection, first: date, last: date, date_range: DateRange) -> Iterator[tuple[str, str]]:
    for name, level in rules.LEVELS.items():
        low, high = level.span_of(first), level.span_of(last)
        days = rules.span_within(low, *date_range)[0], rules.span_within(high, *date_range)[1]
        expected = level.sum_up(summaries_between(connection, level.below, *map(level.part_of, days)))
        expected["days_expected"] = [rules.days_expected(span, *date_range) for span in expected[level.column]]
        stored = summaries_between(connection, name, *map(level.span_of, days))
        for span in _differing(stored, expected, summary_key(name)):
            yield name, span


def _differing(stored: pd.DataFrame, expected: pd.DataFrame, key: list[str]) -> list[str]:
    both = stored.merge(expected, how="outer", on=key, suffixes=("", "_expected"))
    figures = [name for name in expected.columns if name not in key]
    agrees = pd.Series(True, index=both.index)
    for name in figures:
        agrees &= isclose_or_both_missing(both[name], both[f"{name}_expected"])
    return sorted(set(both.loc[~agrees, key[0]]))
