"""Rows of the daily tables as the rules of roll-ups take them."""

from datetime import date

import pandas as pd

from mining_assets.domain.curtailment import TOTALS
from mining_assets.domain.rollups import BITCOIN_FIGURES
from mining_assets.domain.valuation import days_with_share, days_with_value


def daily(days: dict[date, float], generated: dict[date, float] | None = None) -> pd.DataFrame:
    """Rows of daily_summaries, each figure a different multiple of the day's, with the generation known (MWh)."""
    rows = [
        {"summary_date": day, **{name: figure * rank for rank, name in enumerate(TOTALS, 1)}}
        for day, figure in days.items()
    ]
    frame = pd.DataFrame(rows, columns=["summary_date", *TOTALS])
    return days_with_share(frame, pd.Series({} if generated is None else generated, dtype=float))


def bitcoin(
    days: dict[tuple[date, str], float],
    prices: dict[date, float] | None = None,
    payments: dict[date, float] | None = None,
) -> pd.DataFrame:
    """Rows of bitcoin_daily_summaries, with the prices (£) known and the payments (£)."""
    rows = [
        {"summary_date": day, "miner_model": model, "curtailed_energy": figure, "bitcoin_mined": figure / 1000}
        for (day, model), figure in days.items()
    ]
    frame = pd.DataFrame(rows, columns=["summary_date", "miner_model", *BITCOIN_FIGURES])
    frame["total_payment"] = frame["summary_date"].map(pd.Series(payments or {}, dtype=float)).astype(float)
    return days_with_value(frame, pd.Series(prices or {}, dtype=float))
