"""What verification found: per check and span the number of problems and the first of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from operator import attrgetter
from typing import Any, Literal

import pandas as pd

from mining_assets.domain.date_ranges import day_ranges
from mining_assets.domain.periods import Period, parse_period
from mining_assets.domain.wording import count_of, format_days
from mining_assets.reconciliation.checks import ARCHIVE_CHECKS, CHECKS, Check
from mining_assets.warehouse.connection import Connection
from mining_assets.warehouse.findings import read_findings, replace_findings, replace_findings_of

Span = Period | Literal["all"]
Kind = Literal["missing", "orphan", "stale", "other"]
ALL: Literal["all"] = "all"
_RANGES = 3  # of days that have room in a cell
KINDS = ("missing", "orphan", "stale")


@dataclass(frozen=True)
class Finding:
    """A check that fails on a day, a month, a year or (``all``) a reference.

    Attributes:
        problems: how many keys are wrong.
        example: the first of them, in words.
        kinds: how many of the problems are missing, orphan or stale calculations.
        since: when the check was first found to fail there; None while that was not stored.
        mwh: by how much energy a total may be wrong, MWh ≥ 0; None where that is not known.
    """

    check: Check
    span: Span
    problems: int
    example: str
    kinds: Mapping[str, int] = field(default_factory=dict)
    since: datetime | None = None
    mwh: float | None = None


@dataclass(frozen=True)
class NotEvaluated:
    """Why a check could not be evaluated.

    Attributes:
        reason: in words, without a full stop.
        is_fault: something failed; else there is nothing that the check could be asserted of.
    """

    reason: str
    is_fault: bool


@dataclass
class Verification:
    """What was looked at and what was found.

    Attributes:
        spans: every day, month and year that was verified; a check without a finding holds on all of them.
        counts: what a check counted on the way, such as expected and missing calculations.
        archived: the days on which each check of the archive was evaluated, which are not those of the others.
        not_evaluated: checks of the archive that could not be evaluated.
    """

    spans: set[Span] = field(default_factory=set)
    tables: set[str] = field(default_factory=set)
    findings: list[Finding] = field(default_factory=list)
    counts: dict[Check, dict[str, int]] = field(default_factory=dict)
    archived: dict[Check, set[date]] = field(default_factory=dict)
    not_evaluated: dict[Check, NotEvaluated] = field(default_factory=dict)

    def spans_of(self, check: Check) -> set[Span]:
        """Return every day, month and year on which a check was evaluated, if it is asserted of such."""
        return set(self.archived.get(check, ())) if check.of_archive else self.spans

    def found(self, check: Check) -> list[Finding]:
        """Return the findings of a check, in order of span."""
        return sorted((finding for finding in self.findings if finding.check == check), key=lambda f: str(f.span))

    @property
    def errors(self) -> list[Finding]:
        """The findings that mean wrong or missing data."""
        return [finding for finding in self.findings if finding.check.severity == "error"]

    def add(self, check: Check, bad: pd.DataFrame) -> None:
        """Add the problems of a check: a frame with span, key (what) and detail (how), one row each."""
        for span, rows in bad.groupby("span", sort=True):
            first = rows.iloc[0]
            example = f"{first['key']}: {first['detail']}" if first["key"] else first["detail"]
            kinds = rows["kind"].value_counts().to_dict()
            mwh = rows["mwh"].astype(float).sum(min_count=1)
            energy = None if pd.isna(mwh) else float(mwh)
            self.findings.append(Finding(check, span, len(rows), example, kinds, mwh=energy))

    def count(self, check: Check, **counts: int) -> None:
        """Add to what a check counted."""
        known = self.counts.setdefault(check, {})
        for name, count in counts.items():
            known[name] = known.get(name, 0) + count

    def merge(self, other: "Verification") -> None:
        """Take in what was found elsewhere."""
        self.spans |= other.spans
        self.tables |= other.tables
        self.findings += other.findings
        for check, counts in other.counts.items():
            self.count(check, **counts)
        for check, days in other.archived.items():
            self.archived[check] = self.archived.get(check, set()) | days
        self.not_evaluated |= other.not_evaluated


@dataclass
class Joined:
    """The same finding on several days, or a finding by itself.

    Attributes:
        problems: on all of them.
        example: the first of the first.
        days: in order; only the months, years and references have none.
    """

    check: Check
    span: Span
    problems: int
    example: str
    days: list[date]

    @property
    def where(self) -> str:
        """A day, a month, a year, ``all``, or days as 2025-06-01 to 2025-06-30; of many ranges, their ends."""
        if not self.days:
            return str(self.span)
        if len(day_ranges(self.days, longest=len(self.days))) > _RANGES:
            return f"{count_of(len(self.days), 'day')} from {self.days[0]} to {self.days[-1]}"
        return format_days(self.days)

    def is_continued_by(self, finding: Finding) -> bool:
        """Return whether a finding of the next day is a warning, or an error in the same words.

        Warnings of all days stand together, since each is one of many and none is to be repaired by itself.
        """
        if finding.check != self.check or not self.days or not isinstance(finding.span, date):
            return False
        if self.check.severity == "warn":
            return True
        return finding.example == self.example and finding.span == self.days[-1] + timedelta(days=1)


def joined(findings: Iterable[Finding]) -> list[Joined]:
    """Return findings by check and span, errors first; join days with the same words, and the days of a warning."""
    rows: list[Joined] = []
    by_check = attrgetter("check.severity", "check.table", "check.name")
    for finding in sorted(findings, key=lambda each: (*by_check(each), str(each.span))):
        if rows and isinstance(finding.span, date) and rows[-1].is_continued_by(finding):
            rows[-1].days.append(finding.span)
            rows[-1].problems += finding.problems
        else:
            days = [finding.span] if isinstance(finding.span, date) else []
            rows.append(Joined(finding.check, finding.span, finding.problems, finding.example, days))
    return rows


def problems(
    span: Sequence[Span | str] | pd.Series,
    key: Sequence[str] | pd.Series,
    detail: Sequence[str],
    kind: Kind = "other",
    mwh: Iterable[float] | None = None,
) -> pd.DataFrame:
    """Return problems as ``Verification.add`` takes them, with the MWh that each is about where that is known.

    Args:
        span: also as the database writes it.
        key: what it is about.
        detail: what is wrong.
        kind: of calculation, where one is missing, orphaned or stale.
        mwh: by how much energy each problem may change a total, where that is known.
    """
    frame = {
        "span": [_typed(each) for each in span],
        "key": list(key),
        "detail": list(detail),
        "kind": [kind] * len(detail),
    }
    frame["mwh"] = [None] * len(detail) if mwh is None else list(mwh)
    return pd.DataFrame(frame, dtype=object)


def _typed(span: Span | str) -> Span:
    """Return what a day, a month, a year or ``all`` is when it is read from the database."""
    if not isinstance(span, str):
        return span
    return ALL if span == ALL else parse_period(span)


def store_findings(connection: Connection, verification: Verification, found_at: datetime) -> None:
    """Replace what was known of the spans and tables verified by what was found now; what is still open stays so.

    Args:
        connection: of the caller's transaction.
        verification: takes in what is found.
        found_at: the instant as of which the spans were read, which counts as that of their verification.
    """
    replace_findings(connection, verification.spans, verification.tables, _rows(verification.findings), found_at)


def store_findings_of_archive(connection: Connection, verification: Verification, found_at: datetime) -> None:
    """Replace what was known of each check of the archive on the days of its evaluation; all else stays known.

    Args:
        connection: of the caller's transaction.
        verification: takes in what is found.
        found_at: the instant as of which the days were read.
    """
    for check in ARCHIVE_CHECKS:
        days = verification.archived.get(check, set())
        rows = _rows(finding for finding in verification.found(check) if finding.span in days)
        replace_findings_of(connection, (check.table, check.name), days, rows, found_at)


def _rows(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    return [
        {
            "table_name": finding.check.table,
            "check_name": finding.check.name,
            "span": str(finding.span),
            "settlement_date": finding.span if isinstance(finding.span, date) else None,
            "severity": finding.check.severity,
            "effect": finding.check.effect,
            "problems": finding.problems,
            **{kind: finding.kinds.get(kind, 0) for kind in KINDS},
            "example": finding.example,
            "mwh": finding.mwh,
        }
        for finding in findings
    ]


def suspicions(verification: Verification) -> pd.DataFrame:
    """Return the warnings on days as ``domain.caveats.of_findings`` takes them."""
    rows = [
        (finding.check.name, finding.span, finding.problems, finding.mwh)
        for finding in verification.findings
        if finding.check.severity == "warn" and isinstance(finding.span, date)
    ]
    return pd.DataFrame(rows, columns=["check_name", "settlement_date", "problems", "mwh"])


def stored_findings(
    connection: Connection, first: date, last: date, tables: Iterable[str] | None = None
) -> list[Finding]:
    """Return what the last verification found of the days from first to last, their months, years and references."""
    by_name = {(check.table, check.name): check for check in CHECKS}
    return [
        Finding(
            by_name[row["table_name"], row["check_name"]],
            _typed(row["span"]),
            row["problems"],
            row["example"],
            {kind: row[kind] for kind in KINDS if row[kind]},
            row["open_since"],
            None if pd.isna(row["mwh"]) else row["mwh"],
        )
        for row in read_findings(connection, first, last, None if tables is None else set(tables))
        if (row["table_name"], row["check_name"]) in by_name
    ]
