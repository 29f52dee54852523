"""The checks on the summary tables: each level against the one below, and the days against the detail."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date

import pandas as pd

from mining_assets.domain import rollups as rules
from mining_assets.domain.curtailment import TOTALS
from mining_assets.domain.daily_series import DAILY_SERIES, SummaryFigures
from mining_assets.domain.figures import rounded_apart
from mining_assets.domain.periods import DateRange, Month, Year
from mining_assets.domain.rollups import BITCOIN_FIGURES, LEVELS
from mining_assets.domain.tolerance import isclose_or_both_missing
from mining_assets.reconciliation import checks
from mining_assets.reconciliation.chunk import Chunk
from mining_assets.reconciliation.findings import Verification, problems
from mining_assets.reconciliation.pairing import paired
from mining_assets.warehouse.connection import Connection
from mining_assets.warehouse.names import DAILY_SUMMARIES
from mining_assets.warehouse.summaries import expected_rows, summaries_of, summary_key


def verify_daily(chunk: Chunk, verification: Verification, tampered: Mapping[str, Collection[date]]) -> None:
    """Verify the daily summaries of a chunk against its records, calculations and daily series.

    Args:
        chunk: the days to verify.
        verification: takes in what is found.
        tampered: the days of each series that are not what was fetched. That has a check of its own, and what a
            summary made of the true ones is not held against it.
    """
    wanted = chunk.totals.reset_index()
    verification.count(checks.DAILY_SUMS, rows=len(chunk.daily))
    verification.add(checks.DAILY_SUMS, differing(chunk.daily, wanted, ["summary_date"], TOTALS))

    key = ["summary_date", "miner_model"]
    notes = chunk.notes[chunk.notes["settlement_date"].isin(chunk.complete)].rename(
        columns={"settlement_date": "summary_date"}
    )
    sums = notes[key].merge(rules.bitcoin_days(chunk.calculations), how="left", on=key)
    sums = sums.fillna(dict.fromkeys(BITCOIN_FIGURES, 0.0))
    verification.count(checks.BITCOIN_DAILY_SUMS, rows=len(chunk.bitcoin_daily))
    bad = [differing(stored, sums, key, BITCOIN_FIGURES) for stored in (chunk.bitcoin_daily, notes)]
    verification.add(checks.BITCOIN_DAILY_SUMS, pd.concat(bad))
    payments = wanted.set_index("summary_date")["total_payment"]
    for name, series in DAILY_SERIES.items():
        if series.figures:
            _verify_figures(name, series.figures, chunk, verification, tampered[name], payments)


def verify_periods(connection: Connection, periods: Sequence[Month | Year], date_range: DateRange) -> Verification:
    """Verify the summaries of months and years against the level below."""
    verification = Verification(set(periods))
    for level in LEVELS.values():
        check, key = checks.SUMS[level.table], summary_key(level.table)
        for period in periods:
            if isinstance(period, level.period):
                verification.tables.add(level.table)
                stored = summaries_of(connection, level.table, [period])
                wanted = expected_rows(connection, level.table, period, date_range)
                figures = [name for name in stored.columns if name not in key]
                verification.count(check, rows=len(stored))
                verification.add(check, differing(stored, wanted, key, figures))
    return verification


def differing(stored: pd.DataFrame, wanted: pd.DataFrame, key: list[str], figures: Sequence[str]) -> pd.DataFrame:
    """Return rows of a summary that are missing, left over, or not what they should be."""
    both = paired(wanted, stored, key)
    frames = [problems([], [], [])]
    which = both["in_which"]
    for of, text in (("right_only", "there should be no row"), ("left_only", "the row is missing")):
        if (which == of).any():
            rows = both[which == of]
            frames.append(problems(rows[key[0]], _named(rows, key), [text] * len(rows)))
    rows = both[which == "both"]
    for name in figures:
        apart = ~isclose_or_both_missing(rows[name], rows[f"{name}_wanted"])
        if not apart.any():  # as nearly always
            continue
        bad = rows[apart]
        pairs = (rounded_apart(name, *pair) for pair in zip(bad[name], bad[f"{name}_wanted"], strict=True))
        details = [f"{name} is {a}, should be {b}" for a, b in pairs]
        frames.append(problems(bad[key[0]], _named(bad, key), details))
    return pd.concat(frames)


def _verify_figures(
    name: str,
    figures: SummaryFigures,
    chunk: Chunk,
    verification: Verification,
    tampered: Collection[date],
    payments: "pd.Series[float]",
) -> None:
    """Verify the figures of a daily summary that need a series, on complete days of which the series is trusted.

    Args:
        name: of the daily series.
        figures: what depends on the series.
        chunk: the days to verify.
        verification: takes in what is found.
        tampered: days whose series is not what was fetched.
        payments: £ by day, as the records say.
    """
    check = checks.OF_SERIES[name].figures
    assert check is not None
    stored = chunk.daily if figures.table == DAILY_SUMMARIES else chunk.bitcoin_daily
    stored = stored[stored["summary_date"].isin(chunk.complete.difference(tampered))]
    key = [column for column in ("summary_date", "miner_model") if column in stored]
    truth = stored.assign(total_payment=stored["summary_date"].map(payments).astype(float))
    wanted = figures.of_days(truth, DAILY_SERIES[name].day_values(chunk.series[name]))[[*key, *figures.columns]]
    verification.count(check, rows=len(stored))
    verification.add(check, differing(stored, wanted, key, figures.columns))


def _named(rows: pd.DataFrame, key: list[str]) -> list[str]:
    return list(rows[key[1]]) if len(key) > 1 else [""] * len(rows)
