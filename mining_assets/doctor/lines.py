"""The lines of the doctor's page: what was examined, and whether it is as the code assumes.

Which lines there are belongs to the modules of their sections.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Status = Literal["pass", "differs", "unreachable"]


@dataclass(frozen=True)
class Line:
    """One thing that was examined.

    Attributes:
        subject: what it is about, as in ``stack, bid``.
        aspect: which side of it, as in ``order``; empty for the thing itself.
        status: pass, differs or unreachable.
        found: what is there; unless it passes, what is wrong.
        assumed: what the code assumes, where that is not plain.
        url: the address asked, without credentials, where one was.
    """

    subject: str
    aspect: str
    status: Status
    found: str
    assumed: str = ""
    url: str | None = None

    @property
    def name(self) -> str:
        """Subject and aspect."""
        return f"{self.subject}: {self.aspect}" if self.aspect else self.subject


@dataclass(frozen=True)
class Section:
    """The lines of one part of the page.

    Attributes:
        title: of the part.
        lines: in the order in which they are shown.
        not_examined: the names of lines that could not be had, since what they need differs or is out of reach.
        origin: of a source's answers, as ``domain.origin`` writes it.
    """

    title: str
    lines: Sequence[Line]
    not_examined: Sequence[str] = ()
    origin: str | None = None


def judged(subject: str, problem: str | None, found: str, assumed: str = "", *, aspect: str = "") -> Line:
    """Return a line that passes unless there is a problem."""
    return Line(subject, aspect, "differs" if problem else "pass", problem or found, assumed)
