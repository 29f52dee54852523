"""Damage made directly in the database, behind the product's back."""

from datetime import date

from sqlalchemy import text

from mining_assets_tests.support.harness import Environment
from mining_assets_tests.support.operator_days import DAMAGED, FIRST, LAST, SHORT

HARM = {
    "records lost": ("DELETE FROM curtailment_records WHERE settlement_date = :day", date(2025, 3, 28)),
    "volumes altered": (
        "UPDATE curtailment_records SET volume = volume * 3 WHERE settlement_date = :day",
        date(2025, 3, 29),
    ),
    "ledger lost": ("DELETE FROM settlement_ledger WHERE settlement_date = :day AND settlement_period < 9", SHORT),
    "calculations lost": ("DELETE FROM historical_bitcoin_calculations WHERE settlement_date = :day", DAMAGED),
    "calculations altered": (
        "UPDATE historical_bitcoin_calculations SET difficulty = difficulty / 2 WHERE settlement_date = :day",
        date(2025, 4, 1),
    ),
    "summaries altered": ("UPDATE daily_summaries SET farms = 99 WHERE summary_date = :day", LAST),
    "month lost": ("DELETE FROM monthly_summaries WHERE year_month = substr(:day, 1, 7)", FIRST),
    "year altered": ("UPDATE bitcoin_yearly_summaries SET bitcoin_mined = 1 WHERE :day IS NOT NULL", FIRST),
}


def harmed(made: Environment, *kinds: str) -> None:
    with made.warehouse() as warehouse, warehouse.writing("harm") as connection:
        for kind in kinds:
            statement, day = HARM[kind]
            assert connection.execute(text(statement), {"day": str(day)}).rowcount, kind
