"""What may be said of a range of days in one sentence, before any figure of it."""

from collections.abc import Iterator
from dataclasses import dataclass

from mining_assets.domain.wording import count_of
from mining_assets.warehouse.status import Status


@dataclass(frozen=True)
class StatusVerdict:
    """The range as a whole.

    Attributes:
        level: empty, incomplete, inconsistent, unverified, provisional or final, as of a report.
        sentence: the level for people: how many days are complete, and everything that is wrong.
    """

    level: str
    sentence: str


def status_verdict(status: Status) -> StatusVerdict:
    """Judge a range: it is as good as its worst day, and no better than its last verification.

    What its caveats may move is said with it, when that is much.
    """
    sentence = f"{'; '.join([_stored(status), *_but(status)])}. {status.caveats.warning}"
    return StatusVerdict(_level(status), sentence.rstrip())


def _level(status: Status) -> str:
    if not status.trusted:
        return "empty"
    if status.trusted < len(status.days):
        return "incomplete"
    if not status.is_right:
        return "inconsistent"
    if not status.verified.everything:
        return "unverified"
    return "provisional" if status.states["provisional"] else "final"


def _stored(status: Status) -> str:
    days, stored = len(status.days), status.trusted
    if stored == days:
        final = " and final" if status.states["final"] == days else ""
        return f"The day is complete{final}" if days == 1 else f"All {days:,} days are complete{final}"
    if not stored:
        return "The day is not complete" if days == 1 else f"None of {count_of(days, 'day')} is complete"
    return f"{stored:,} of {count_of(days, 'day')} {_be(stored)} complete"


def _but(status: Status) -> Iterator[str]:
    """Yield what is not as it should be, the worst first."""
    days = status.days
    tried = (days["state"] == "missing") & (days["attempts"] > 0)
    never, failed = status.states["missing"] - int(tried.sum()), int(tried.sum())
    if never:
        yield f"{never:,} {'was' if never == 1 else 'were'} never fetched"
    if failed:
        yield f"{failed:,} could not be fetched so far"
    for state, words in (("damaged", "damaged"), ("partial", "stored only in part")):
        if count := status.states[state]:
            yield f"{count:,} {_be(count)} {words}"
    if count := int(days["quarantined"].sum()):
        yield f"{count:,} {_be(count)} quarantined after too many attempts"
    derived = (days["inconsistent"] & (days["state"] != "damaged")).sum()
    if derived:
        have = "has calculations" if derived == 1 else "have calculations"
        yield f"{count_of(int(derived), 'day')} {have} or summaries that do not match"
    if status.differing:
        yield f"{count_of(len(status.differing), 'summary', 'summaries')} of months or years {_do(status)} not match"
    if status.errors:
        yield f"the last verification found {count_of(len(status.errors), 'other error')}"
    if status.trusted and (count := status.states["provisional"]):
        yield f"{count:,} {_be(count)} provisional: the settlement may still change {'it' if count == 1 else 'them'}"
    if count := status.verified.unverified_days:
        yield f"{count:,} {'was' if count == 1 else 'were'} not verified since last written"
    elif status.verified.unverified_spans:
        spans = len(status.verified.unverified_spans)
        yield f"{count_of(spans, 'month or year', 'months or years')} not verified since last written"


def _be(count: int) -> str:
    return "is" if count == 1 else "are"


def _do(status: Status) -> str:
    return "does" if len(status.differing) == 1 else "do"
