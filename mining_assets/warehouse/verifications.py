"""When each day, month and year was last written and last verified by value: what may be claimed of a range of days.

It is the one answer to "since when is this verified", for status, analysis, report and checks alike.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy import Connection, or_, select

from mining_assets.domain.date_ranges import DayRange, day_ranges
from mining_assets.domain.periods import Month, Year, months_of, years_of
from mining_assets.domain.wording import count_of
from mining_assets.warehouse.connection import upsert_rows
from mining_assets.warehouse.schema import integrity_scans, span_writes, verifications


@dataclass(frozen=True)
class Verified:
    """What of a range of days was verified by value since it was last written.

    Attributes:
        days: how many days of the range hold anything.
        since: the oldest of the last verifications of what was verified; None when nothing was.
        unverified: the days that were not verified since they were last written, as ranges.
        unverified_spans: the months and years of which the same is true.
    """

    days: int
    since: datetime | None
    unverified: tuple[DayRange, ...]
    unverified_spans: tuple[Month | Year, ...]

    @property
    def unverified_days(self) -> int:
        """How many days were not verified since they were last written."""
        return sum((last - first).days + 1 for first, last in self.unverified)

    @property
    def everything(self) -> bool:
        """Whether every day that holds anything, and every month and year of one, was."""
        return not self.unverified and not self.unverified_spans

    @property
    def sentence(self) -> str:
        """The days, months and years that were verified and those that were not, in words, without a full stop."""
        if not self.days:
            return "nothing, as nothing is stored"
        done = self.days - self.unverified_days
        at = f" at {self.since:%Y-%m-%d %H:%M} UTC or later" if self.since and done else ""
        if self.everything:
            return f"everything{at}"
        not_yet = [f"{first}" if first == last else f"{first} to {last}" for first, last in self.unverified]
        left = ", ".join((*not_yet, *map(str, self.unverified_spans)))
        return f"{done:,} of {count_of(self.days, 'day')}{at}; not since it was last written: {left}"


def note_written(connection: Connection, spans: Iterable[object]) -> None:
    """Note that days, months or years are written, in the transaction that does; a verification before is void."""
    now = datetime.now(UTC)
    upsert_rows(connection, span_writes, [{"span": span, "written_at": now} for span in sorted(map(str, spans))])


def note_verified(connection: Connection, spans: Iterable[object], looked_at: datetime) -> None:
    """Note that everything of some days, months or years was verified as it was at an instant."""
    rows = [{"span": span, "verified_at": looked_at} for span in sorted(map(str, spans))]
    upsert_rows(connection, verifications, rows)


def written_since(connection: Connection, days: Collection[date], instant: datetime) -> set[date]:
    """Return those of the days that were written after an instant."""
    written = span_writes.c
    query = select(written.span).where(written.written_at > instant)
    found = set(connection.execute(query).scalars())
    return {day for day in days if str(day) in found}


def read_verified(connection: Connection, stored: Collection[date]) -> Verified:
    """Read what was verified of some days, and of the months and years that they are in.

    Args:
        stored: the days of a range that hold anything; there is nothing to verify of the others.
    """
    if not stored:
        return Verified(0, None, (), ())
    first, last = min(stored), max(stored)
    summed: tuple[Month | Year, ...] = (*months_of(stored), *years_of(stored))
    span = verifications.c.span
    query = (
        select(span, verifications.c.verified_at)
        .outerjoin(span_writes, span_writes.c.span == span)
        .where(
            or_(span.between(str(first), str(last)), span.in_(map(str, summed))),
            or_(span_writes.c.written_at.is_(None), span_writes.c.written_at <= verifications.c.verified_at),
        )
    )
    known = dict(connection.execute(query).all())
    wanted = [str(period) for period in (*stored, *summed)]
    instants = [known[name] for name in wanted if name in known]
    return Verified(
        days=len(stored),
        since=min(instants, default=None),
        unverified=tuple(day_ranges((day for day in stored if str(day) not in known), longest=len(stored))),
        unverified_spans=tuple(period for period in summed if str(period) not in known),
    )


def record_scan(connection: Connection, scope: str, first: date, last: date, errors: int) -> None:
    """Record that a scan (``recent``, ``all`` or ``archive``) of the days from first to last ran to its end.

    Args:
        errors: how many findings mean wrong or missing data.
    """
    row = {
        "scope": scope,
        "finished_at": datetime.now(UTC),
        "first_day": first,
        "last_day": last,
        "errors": errors,
    }
    upsert_rows(connection, integrity_scans, [row])


def last_scans(connection: Connection) -> dict[str, datetime]:
    """Read when each kind of scan (``recent``, ``all``, ``archive``) last ran to its end.

    The schedule goes by it. What is verified is said by :func:`read_verified` alone.
    """
    query = select(integrity_scans.c.scope, integrity_scans.c.finished_at)
    return dict(connection.execute(query).all())
