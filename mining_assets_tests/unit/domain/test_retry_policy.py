"""How long a day that failed waits."""

from datetime import UTC, date, datetime, time, timedelta

from mining_assets.domain.finality import REFETCH_AFTER
from mining_assets.domain.retry_policy import LACKING_WAIT, LONGEST_WAIT, QUARANTINE_WAIT, HealingPolicy

DAY = date(2025, 6, 3)
SECOND = datetime(2025, 6, 5, 15, tzinfo=UTC)  # D+2 15:00
MOMENT = timedelta(microseconds=1)


def test_the_wait_doubles_up_to_six_hours() -> None:
    policy = HealingPolicy(interval=timedelta(seconds=60))
    minutes = [policy.wait(attempts) / timedelta(minutes=1) for attempts in range(1, 12)]
    assert minutes == [2, 4, 8, 16, 32, 64, 128, 256, 360, 360, 360]
    assert policy.wait(10_000) == LONGEST_WAIT


def test_a_quarantined_day_is_tried_daily_after_its_settlement_window() -> None:
    policy = HealingPolicy(interval=timedelta(seconds=60), attempts=3)
    old = SECOND  # from D+2 15:00 on the settlement fills nothing up any more
    assert policy.wait_of_day(DAY, 3, old) == timedelta(minutes=8)
    assert policy.wait_of_day(DAY, 4, old) == timedelta(days=1)
    assert policy.wait_of_day(DAY, 4, old - MOMENT) == timedelta(minutes=16)
    assert policy.wait_of_day(DAY, 99, old - MOMENT) == LONGEST_WAIT


def test_what_a_source_lacks_long_after_the_day_is_asked_for_once_a_month() -> None:
    policy = HealingPolicy(attempts=3)
    after = datetime.combine(DAY, time.min, UTC) + REFETCH_AFTER[-1]
    assert policy.wait_of_series(DAY, 4, after) == LACKING_WAIT
    assert policy.wait_of_series(DAY, 3, after) == policy.wait(3)
    assert policy.wait_of_series(DAY, 4, after - timedelta(seconds=1)) == QUARANTINE_WAIT
