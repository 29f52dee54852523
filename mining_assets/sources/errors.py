"""The errors of sources, and those of their parsers. An error is never an empty answer.

Every error says which address was asked, how often, and what came back, so that a person can repeat the
request.
"""


class SourceError(Exception):
    """A source gave no usable answer; nothing was stored from it.

    Attributes:
        url: the address asked, without credentials.
        attempts: how many requests were made.
        status: the HTTP status of the last answer, or None when there was none.
    """

    def __init__(self, reason: str, *, url: str, attempts: int = 1, status: int | None = None) -> None:
        self.reason = reason
        self.url = url
        self.attempts = attempts
        self.status = status
        tries = "1 attempt" if attempts == 1 else f"{attempts} attempts"
        answered = f"HTTP {status}, " if status is not None else ""
        super().__init__(f"{reason} ({answered}{tries}): {url}")


class SourceUnavailable(SourceError):
    """The source was out of reach or kept failing: 429, 5xx, timeouts, resets, broken bodies. Try later."""


class SourceRefused(SourceError):
    """The request was refused (4xx) or the answer cannot be right. Trying again would not help."""


class BrokenBodyError(ValueError):
    """For parsers: the body is not what the source serves: cut off, not JSON, without its list. Ask again."""


class ImpossibleValueError(ValueError):
    """For parsers: the body is whole and holds a value that cannot be right. Asking again would not help."""
