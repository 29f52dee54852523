"""The catalogue of all checks: the asset, the severity, what is asserted and what to do when it fails.

How each is computed is in the ``check_*`` modules.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from mining_assets.archive.manifest import SETTLEMENT_STACKS
from mining_assets.domain.daily_series import DAILY_SERIES, DailySeries
from mining_assets.domain.date_ranges import day_ranges
from mining_assets.domain.finality import FINAL_MEANS
from mining_assets.domain.periods import Month
from mining_assets.domain.rollups import LEVELS
from mining_assets.domain.wording import format_ranges
from mining_assets.warehouse.names import (
    BITCOIN_DAILY_SUMMARIES,
    CALCULATIONS,
    CURTAILMENT_RECORDS,
    DAILY_SUMMARIES,
    NETWORK_EPOCHS,
    WIND_BM_UNITS,
)

Severity = Literal["error", "warn"]
"""error: wrong or missing data. warn: a suspicion, which changes no state, no exit code and nothing stored."""


@dataclass(frozen=True)
class Check:
    """A check by value.

    Attributes:
        table: the asset it belongs to.
        remedy: what a person does when it fails.
    """

    table: str
    name: str
    severity: Severity
    asserts: str
    remedy: str

    @property
    def level(self) -> Literal["day", "month", "year", "reference"]:
        """The kind of span that it is asserted of."""
        if self.table in (WIND_BM_UNITS, NETWORK_EPOCHS):
            return "reference"
        if self.table not in LEVELS:
            return "day"
        return "month" if LEVELS[self.table].period is Month else "year"

    @property
    def effect(self) -> Literal["damaged", "inconsistent", "nothing"]:
        """What a finding makes of its day."""
        if self in DAMAGE:
            return "damaged"
        return "inconsistent" if self in DERIVED else "nothing"

    @property
    def description(self) -> str:
        """Both sentences, as the UI shows them."""
        return f"{self.asserts} If it fails: {self.remedy}"

    @property
    def anchor(self) -> str:
        """The anchor of its section in docs/checks.md."""
        return f"{self.table}-{self.name}"

    @property
    def of_archive(self) -> bool:
        """Whether it is asserted of the archived answers, of which each scan reads only some days."""
        return self.table == SETTLEMENT_STACKS

    def remedy_on(self, span: object) -> str:
        """Return what to do when it fails on a day, month or year, with the day filled in."""
        return self.remedy.replace("DAY", str(span)) if self.level == "day" else self.remedy

    def remedy_on_days(self, days: Sequence[date]) -> str:
        """Return what to do when it fails on days: the command for the first range, and the other ranges."""
        if not days or "DAY" not in self.remedy:
            return self.remedy
        ranges = day_ranges(days, longest=len(days))
        first, last = ranges[0]
        if first == last:
            told, others = self.remedy_on(first), ranges[1:]
        elif "--accept-shrink" in self.remedy:  # which is said of each day by itself
            told, others = self.remedy_on(first), [(first + timedelta(days=1), last), *ranges[1:]]
        else:
            ranged = self.remedy.replace("date DAY", f"range {first} {last}")
            told, others = ranged.replace("replay DAY", f"replay {first} {last}"), ranges[1:]
        return f"{told} Likewise: {format_ranges(others)}." if others else told


_REFETCH = (
    "the healing sensor repairs the day, from its archived answers where it can. By hand: "
    "`mining-assets date DAY --refetch`."
)
_DERIVE = "the healing sensor derives the day again. By hand: `mining-assets date DAY`."
_RECORDS, _CALCULATIONS = CURTAILMENT_RECORDS, CALCULATIONS

COMPLETENESS = Check(
    _RECORDS,
    "completeness",
    "error",
    "The ledger has every settlement period and side of every day, every empty side is confirmed, and no period is "
    "empty on both sides unless a person accepted that.",
    "the healing sensor fetches the day. By hand: `mining-assets date DAY`.",
)
LEDGER_AGREEMENT = Check(
    _RECORDS,
    "ledger_agreement",
    "error",
    "Rows, MWh and content hash of every period and side, and the day's figures, match the ledger.",
    _REFETCH,
)
VALIDITY = Check(
    _RECORDS,
    "validity",
    "error",
    "Payment is volume × original price, bids are not above zero and offers not below, keys are unique, periods exist "
    "and have the right start time.",
    _REFETCH,
)
SHRUNK = Check(
    _RECORDS,
    "shrunk",
    "error",
    f"No newer answer was refused for taking more than 5 % off a final day. {FINAL_MEANS}",
    "compare both figures with Elexon. If the new one is right: `mining-assets date DAY --refetch --accept-shrink`.",
)
CAPACITY = Check(
    _RECORDS,
    "capacity_bound",
    "warn",
    "No BM unit was curtailed by more than its registered capacity allows in half an hour (+5 %).",
    "usually nothing: some registered capacities are too low.",
)
BOUNDS = Check(
    _RECORDS,
    "day_and_price_bounds",
    "warn",
    "No day is above 140,000 MWh and no price beyond ±£500/MWh.",
    "compare the day with another source.",
)
UNKNOWN_UNITS = Check(
    _RECORDS,
    "unknown_wind_units",
    "warn",
    "No unit with accepted bids is left out, unless the register says that it is something other than wind.",
    "if it is a wind farm, add it to MINING_ASSETS_WIND_UNITS; its days are then fetched again. A day of an earlier "
    "version: `mining-assets date DAY --refetch`.",
)
REPEATS = Check(
    _RECORDS,
    "repeated_acceptances",
    "warn",
    "No acceptance of a unit is counted twice in a period and side, unless the day's volumes confirm both.",
    "fetch the day again when Elexon's whole-day volumes are available, which decide: `mining-assets date DAY "
    "--refetch`.",
)
ORACLE = Check(
    _RECORDS,
    "whole_day_oracle",
    "warn",
    "The stacks agree with Elexon's whole-day volumes and cashflows, unit by unit and period by period.",
    "fetch the day again later. A difference that stays is one between two publications of Elexon.",
)
ARCHIVED = Check(
    SETTLEMENT_STACKS,
    "archived",
    "warn",
    "Every object that the warehouse names of a stored day is in the archive, and is what was written, as is the "
    "manifest; each daily scan reads the newest days and a thirtieth of all others.",
    "put back the object or manifest from a copy of the archive; without one, `mining-assets date DAY --refetch` "
    "archives what the source answers now. Stored figures are as they were.",
)
ARCHIVE_AGREEMENT = Check(
    SETTLEMENT_STACKS,
    "archive_agreement",
    "error",
    "Records and ledger are what the archived answers give under today's rules and register; each daily scan "
    "compares the newest days and a thirtieth of all others.",
    "derive the records anew from the archived answers, without a request: `mining-assets replay DAY`.",
)
ARCHIVE_CHECKS = (ARCHIVED, ARCHIVE_AGREEMENT)
"""The checks on what is archived, whose findings change no day's state."""
CALCULATIONS_COMPLETE = Check(
    _CALCULATIONS,
    "completeness",
    "error",
    "There is exactly one calculation per BM unit with energy, period and miner model.",
    _DERIVE,
)
CALCULATIONS_CONSISTENT = Check(
    _CALCULATIONS,
    "consistency",
    "error",
    "Energy matches the records, difficulty and subsidy are those in force, the recomputed Bitcoin matches the stored "
    "one, and the models are in the ratio of their efficiency.",
    _DERIVE,
)
EPOCHS_VALID = Check(
    NETWORK_EPOCHS,
    "grid_and_halvings",
    "error",
    "Retargets lie on multiples of 2016 blocks, halvings on multiples of 210,000, in order of time, each with the "
    "subsidy of its height.",
    "materialize network_epochs: it is replaced by the source's answer.",
)
EPOCHS_ACCEPTED = Check(
    NETWORK_EPOCHS,
    "contradiction",
    "error",
    "The source's last answer was not refused for contradicting a settled retarget that is stored.",
    "compare the named height with another source. If the new answer is right: `mining-assets difficulty "
    "--accept-change`.",
)
EPOCHS_HALVINGS = Check(
    NETWORK_EPOCHS,
    "halvings",
    "error",
    "The block time of every halving that may have happened is known, and lies between its retargets.",
    "every fetch asks the source: `mining-assets difficulty` does so now. Or give the time in the file of "
    "MINING_ASSETS_HALVINGS.",
)
EPOCHS_SPACING = Check(
    NETWORK_EPOCHS,
    "spacing",
    "warn",
    "Since 2016 no retarget is missing, none came after less than 5 or more than 25 days, and none is overdue.",
    "compare the named heights with another source.",
)
EPOCHS_FRESH = Check(
    NETWORK_EPOCHS,
    "freshness",
    "warn",
    "The difficulty was fetched in the last two days.",
    "find out why the schedule reference_refresh fails. By hand: materialize network_epochs.",
)
UNITS_KEPT = Check(
    WIND_BM_UNITS,
    "no_unit_lost",
    "error",
    "Every BM unit with records is in the wind register, and every unit has one current version.",
    "materialize wind_bm_units. A unit that left the register goes into MINING_ASSETS_WIND_UNITS.",
)
UNITS_FRESH = Check(
    WIND_BM_UNITS,
    "freshness",
    "warn",
    "The register was fetched in the last two days.",
    "find out why the schedule reference_refresh fails. By hand: materialize wind_bm_units.",
)
_SERIES = "the healing sensor fetches it again. By hand: `mining-assets date DAY`."


@dataclass(frozen=True)
class SeriesChecks:
    """The checks on a daily series.

    Attributes:
        complete: every day of it is known.
        valid: what is stored of it is what was fetched.
        figures: what depends on it is recomputed; None where nothing does.
    """

    complete: Check
    valid: Check
    figures: Check | None

    @property
    def all(self) -> tuple[Check, ...]:
        """The checks on the series' own table."""
        return self.complete, self.valid


def _checks_of(series: DailySeries) -> SeriesChecks:
    figures = series.figures
    return SeriesChecks(
        Check(series.name, "completeness", "warn", f"The {series.noun} of every day is known.", _SERIES),
        Check(series.name, "validity", "error", series.asserts, _SERIES),
        Check(figures.table, figures.check, "error", figures.asserts, _DERIVE) if figures else None,
    )


OF_SERIES = {name: _checks_of(series) for name, series in DAILY_SERIES.items()}
"""The checks on each daily series."""


def _of_figures(table: str) -> tuple[Check, ...]:
    """Return the checks on the figures of a daily summary that need a series."""
    return tuple(each.figures for each in OF_SERIES.values() if each.figures and each.figures.table == table)


_ROLL_UP = "the healing sensor sums it up again. By hand: `mining-assets date DAY` with any of its days."


def _sums(table: str, of: str, remedy: str) -> Check:
    return Check(
        table,
        "sums",
        "error",
        f"Each row is the sum of {of} with the right number of days, and there is no row without data.",
        remedy,
    )


DAILY_SUMS = _sums(DAILY_SUMMARIES, "the day's records", _DERIVE)
BITCOIN_DAILY_SUMS = _sums(BITCOIN_DAILY_SUMMARIES, "the day's calculations", _DERIVE)
SUMS = {
    table: _sums(table, "its months" if level.part is Month else "its days", _ROLL_UP)
    for table, level in LEVELS.items()
}
"""The check on the sums of each level of months and years, by its table."""

CHECKS = (
    *ARCHIVE_CHECKS,
    COMPLETENESS,
    LEDGER_AGREEMENT,
    VALIDITY,
    SHRUNK,
    CAPACITY,
    BOUNDS,
    UNKNOWN_UNITS,
    REPEATS,
    ORACLE,
    CALCULATIONS_COMPLETE,
    CALCULATIONS_CONSISTENT,
    DAILY_SUMS,
    *_of_figures(DAILY_SUMMARIES),
    BITCOIN_DAILY_SUMS,
    *_of_figures(BITCOIN_DAILY_SUMMARIES),
    *SUMS.values(),
    *(check for each in OF_SERIES.values() for check in each.all),
    EPOCHS_VALID,
    EPOCHS_ACCEPTED,
    EPOCHS_HALVINGS,
    EPOCHS_SPACING,
    EPOCHS_FRESH,
    UNITS_KEPT,
    UNITS_FRESH,
)
# What they find means that a day's records are not what was fetched.
DAMAGE = (LEDGER_AGREEMENT, VALIDITY)
DERIVED = (
    CALCULATIONS_COMPLETE,
    CALCULATIONS_CONSISTENT,
    DAILY_SUMS,
    *_of_figures(DAILY_SUMMARIES),
    BITCOIN_DAILY_SUMS,
    *_of_figures(BITCOIN_DAILY_SUMMARIES),
)
