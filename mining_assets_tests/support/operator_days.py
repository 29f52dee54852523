"""The days that the tests of the operator's commands work on."""

from datetime import date

from mining_assets_tests.support.harness import days_between

FIRST, LAST = date(2025, 3, 28), date(2025, 4, 2)
DAYS = days_between(FIRST, LAST)
SHORT, DAMAGED = date(2025, 3, 30), date(2025, 3, 31)
PERIOD = 17
