"""What one attempt at a batch of days came to. An attempt that the database broke off is thrown away whole."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import dagster as dg

from mining_assets.domain.restatement import DayFigures
from mining_assets.verification.findings import Verification


@dataclass
class DayBatch:
    """Filled by an attempt, and reported by the run once the attempt succeeded.

    Attributes:
        outcomes: of each day, in order.
        events: what is in place: asset, day, and what the UI shows of it.
        failures: asset, day, and why it is not in place.
        warnings: for the run's log.
        source_unavailable: days that failed because a source does not answer at all.
        verification: what the days look like by value, afterwards.
        figures: the days as they are stored afterwards.
    """

    outcomes: dict[date, str] = field(default_factory=dict)
    events: list[tuple[dg.AssetKey, date, Mapping[str, Any]]] = field(default_factory=list)
    failures: list[tuple[dg.AssetKey, date, str]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    source_unavailable: set[date] = field(default_factory=set)
    verification: Verification = field(default_factory=Verification)
    figures: dict[date, DayFigures | None] = field(default_factory=dict)

    @property
    def failed(self) -> dict[date, str]:
        """The first reason of each day that is not in place."""
        reasons: dict[date, str] = {}
        for asset, day, reason in self.failures:
            reasons.setdefault(day, f"{asset.to_user_string()}: {reason}")
        return reasons
