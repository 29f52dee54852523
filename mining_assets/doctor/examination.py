"""Examining one source: its endpoints asked one after the other, each answer compared with what the code assumes.

Which endpoints there are and what is assumed of them belongs to the modules of the sources.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, TypeVar

from mining_assets.doctor.lines import Line, Section
from mining_assets.domain.wording import count_of
from mining_assets.sources.errors import BrokenBodyError, SourceError, SourceRefused
from mining_assets.sources.received import Received

T = TypeVar("T")

FIRST_ANSWER_SECONDS, ANSWER_SECONDS = 20.0, 60.0
"""How long the first answer of a source is waited for, and each other one, with all attempts."""
SMALL_BYTES = 2000
"""Below this nobody compresses a body for certain."""


class Examination:
    """Collects the lines of one source.

    Attributes:
        lines: so far.
        received: the answers so far, as this context collects them.
        origin: of the answers, once they are all there.
    """

    def __init__(self, title: str, received: list[Received]) -> None:
        self.title = title
        self.received = received
        self.lines: list[Line] = []
        self.origin: str | None = None
        self._not_examined: list[str] = []
        self._silent = ""

    @property
    def url(self) -> str | None:
        """The address asked last."""
        return self.received[-1].url if self.received else None

    async def ask(
        self,
        subject: str,
        request: Callable[[], Awaitable[T]],
        found: Callable[[T], str],
        aspects: Iterable[str] = (),
        assumed: str = "",
    ) -> T | None:
        """Ask an endpoint, and add the line that tells whether its answer is what the client reads.

        A source that gave no answer at all is not asked again.

        Args:
            subject: the endpoint.
            request: sends the request.
            found: words the answer.
            aspects: which of its aspects are judged when there is an answer.
            assumed: what the code assumes of it.
        """
        if self._silent:
            self._fails(Line(subject, "", "unreachable", f"not asked, since {self._silent}"), aspects)
            return None
        seconds = ANSWER_SECONDS if self.received else FIRST_ANSWER_SECONDS
        try:
            async with asyncio.timeout(seconds):
                answer = await request()
        except SourceRefused as error:
            self._fails(Line(subject, "", "differs", _reason(error), assumed, error.url), aspects)
            return None
        except SourceError as error:
            if error.status is None:
                self._silent = f"{self.title} does not answer"
            line = Line(subject, "", "unreachable", _reason(error), url=error.url)
            if _is_no_answer_of_the_kind(error):
                line = Line(subject, "", "differs", _reason(error), assumed, error.url)
            self._fails(line, aspects)
            return None
        except TimeoutError:
            self._silent = f"{self.title} does not answer"
            self._fails(Line(subject, "", "unreachable", f"no answer within {seconds:g} s", url=self.url), aspects)
            return None
        self.lines.append(Line(subject, "", "pass", found(answer), assumed, self.url))
        return answer

    def judge(self, subject: str, aspect: str, problem: str | None, assumed: str, url: str | None = None) -> None:
        """Add the line of an aspect, which passes unless there is a problem."""
        status, found = ("differs", problem) if problem else ("pass", assumed)
        self.lines.append(Line(subject, aspect, status, found, assumed, url or self.url))  # type: ignore[arg-type]

    def skip(self, subject: str, *aspects: str) -> None:
        """Name aspects that cannot be judged."""
        self._not_examined += [Line(subject, aspect, "pass", "").name for aspect in aspects]

    def judge_compression(self) -> None:
        """Judge whether the bodies came compressed, of all answers so far."""
        bodies = [each for each in self.received if each.taken and each.body and len(each.body) >= SMALL_BYTES]
        if not bodies:
            self.skip("answers", "compression")
            return
        plain = [each for each in bodies if "gzip" not in each.headers.get("content-encoding", "")]
        problem = f"{len(plain)} of {len(bodies)} answers are not compressed, though gzip was asked for"
        where = plain[0].url if plain else bodies[0].url
        self.judge("answers", "compression", problem if plain else None, "bodies come as gzip", where)

    def section(self) -> Section:
        """Return what was found."""
        return Section(self.title, tuple(self.lines), tuple(self._not_examined), self.origin)

    def _fails(self, line: Line, aspects: Iterable[str]) -> None:
        self.lines.append(line)
        self.skip(line.subject, *aspects)


def body_of(received: Received) -> Any:
    """Return an answer's body as JSON, which its parser took before."""
    return json.loads(received.body or b"null")


def unknown_keys(body: Any, known: set[str]) -> str | None:
    """Return which keys beside the rows an answer has that might mean pages; None when there are none.

    Args:
        body: an object, or the bare list.
        known: the keys of an object that are no pages.
    """
    others = sorted(set(body) - known) if isinstance(body, dict) else []
    return f"the answer has {', '.join(others)} too: is it one of several pages?" if others else None


def too_often_null(rows: list[Mapping[str, Any]], most: Mapping[str, float]) -> str | None:
    """Return which field is null or absent in more than its share of the rows; None when none is."""
    for field, share in most.items():
        count = sum(row.get(field) is None for row in rows)
        if count > share * len(rows):
            return f"{field} is null on {count} of {count_of(len(rows), 'row')}, more than {share:.0%}"
    return None


def out_of_order(values: list[float], *, descending: bool = False) -> str | None:
    """Return where values stop being in order, counted from 1; None when they are."""
    for index in range(1, len(values)):
        before, value = values[index - 1], values[index]
        if value > before if descending else value < before:
            return f"row {index + 1} has {value:,.10g} after {before:,.10g}"
    return None


def _is_no_answer_of_the_kind(error: SourceError) -> bool:
    """Return whether the source did answer, each time with a body that its parser cannot read."""
    return error.__cause__ is not None and isinstance(error.__cause__.__cause__, BrokenBodyError)


def _reason(error: SourceError) -> str:
    """Return why there is no answer, without the address, which has a place of its own."""
    return str(error).removesuffix(f": {error.url}")
