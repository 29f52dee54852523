"""Sources that turn out to be unavailable during a run: remembered for the run, and recorded for healing."""

from datetime import UTC, datetime

from tenacity import Retrying

from mining_assets.domain.retry_policy import HealingPolicy
from mining_assets.warehouse.attempts import outages, record_outage, record_recovery
from mining_assets.warehouse.connection import Warehouse


class Outages:
    """The sources that did not answer a run.

    Attributes:
        errors: what each of them said last.
    """

    def __init__(self, warehouse: Warehouse, policy: HealingPolicy, retry: Retrying) -> None:
        self.errors: dict[str, str] = {}
        self._warehouse, self._policy, self._retry = warehouse, policy, retry

    def __contains__(self, source: str) -> bool:
        return source in self.errors

    def record(self, source: str, error: Exception) -> None:
        """Record that a source did not answer at all."""
        self._retry(self._record_outage, source, str(error))
        self.errors[source] = str(error)

    def clear(self, source: str) -> None:
        """Record that a source answered."""
        self._retry(self._record_recovery, source)

    def _record_outage(self, source: str, error: str) -> None:
        with self._warehouse.writing(source) as connection:
            record_outage(connection, source, error, self._policy, datetime.now(UTC))

    def _record_recovery(self, source: str) -> None:
        with self._warehouse.reading() as connection:
            if source not in outages(connection):
                return  # as nearly always: nobody is made to wait for a lock
        with self._warehouse.writing(source) as connection:
            record_recovery(connection, source)
