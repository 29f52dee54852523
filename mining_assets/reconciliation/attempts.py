"""When an attempt of healing counts: as its run begins. Asking for it changes nothing."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from mining_assets.domain.daily_series import SERIES
from mining_assets.domain.retry_policy import HealingPolicy
from mining_assets.reconciliation.plan import DERIVE, FETCH
from mining_assets.warehouse.attempts import DAYS, record_attempts
from mining_assets.warehouse.connection import Warehouse

HEALING_TAG = "mining_assets/healing"
"""The tag of a run that healing asked for: what kind of work it is."""
ROLL_UP = "roll up"
"""The kind of work of months and years, which count no attempts."""
ATTEMPT_TAG = "mining_assets/attempt"
"""The tag of a run whose attempt was counted: its own id, since a retried run inherits tags."""


def begin_attempt(
    warehouse: Warehouse, tags: Mapping[str, str], days: Sequence[date], policy: HealingPolicy, now: datetime
) -> None:
    """Count an attempt for each day of a run that healing asked for, before the run does anything.

    A run that dies is an attempt too. Runs that a person asked for count none.

    Args:
        warehouse: open.
        tags: of the run.
        days: in order.
        policy: how attempts are bounded.
        now: the instant of the decision, UTC.
    """
    kind = tags.get(HEALING_TAG)
    if kind in (FETCH, DERIVE):
        with warehouse.writing("healing") as connection:
            record_attempts(connection, DAYS, days, policy, now)
    elif kind in SERIES:
        with warehouse.writing(kind) as connection:
            record_attempts(connection, kind, days, policy, now)
