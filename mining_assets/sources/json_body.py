"""Reading JSON bodies strictly, with errors that name the row, the field and the value. What is right, sources say."""

import reprlib
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from typing import TypeVar

from pydantic import ConfigDict, TypeAdapter, ValidationError

from mining_assets.sources.errors import BrokenBodyError, ImpossibleValueError

T = TypeVar("T")

_LONGEST_SHOWN = 80

UNIX_TIMES = range(253_402_300_800)
"""The Unix times in seconds that a ``datetime`` can hold: from 1970 to the end of the year 9999."""

# Types as declared, integers where fractions are expected; never NaN or infinity; unknown fields ignored.
STRICT = ConfigDict(strict=True, allow_inf_nan=False, extra="ignore")


def validated(adapter: TypeAdapter[T], body: bytes, list_at: tuple[str, ...]) -> T:
    """Return the body as the adapter's type.

    Args:
        adapter: whose rows sit in a list.
        body: as received.
        list_at: where that list is: ``("data",)``, or ``()`` if it is the body itself.

    Raises:
        BrokenBodyError: not JSON, or the list is not there.
        ImpossibleValueError: something within a row is not of its type.
    """
    try:
        return adapter.validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        where, problem = first["loc"], first["msg"]
        # Where a field is missing, the input is all that surrounds it.
        value = "missing" if first["type"] == "missing" else shown(first["input"])
        if first["type"] == "json_invalid":
            raise BrokenBodyError(problem) from None
        if len(where) <= len(list_at):
            named = ".".join(map(str, where)) or "the body"
            raise BrokenBodyError(f"{named} is {value}: {problem}") from None
        index, *field = where[len(list_at) :]
        named = ".".join(map(str, field)) or "it"
        raise ImpossibleValueError(f"row with index {index}: {named} is {value}: {problem}") from None


def impossible(index: int, field: str, value: object, problem: str = "") -> ImpossibleValueError:
    """Return the error that names a row by its index, the field, its value and, if it is not plain, what is wrong."""
    ending = f": {problem}" if problem else ""
    return ImpossibleValueError(f"row with index {index}: {field} is {shown(value)}{ending}")


def as_float(index: int, field: str, value: int | float) -> float:
    """Return a number of a row as a float.

    Raises:
        ImpossibleValueError: it is too large for one.
    """
    try:
        return float(value)
    except OverflowError:
        raise impossible(index, field, value) from None


def shown(value: object) -> str:
    """Return a value from a body as text that is short enough for a message."""
    text = reprlib.repr(value)
    return text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "…"


def instant(text: str) -> datetime:
    """Return the UTC instant that an ISO 8601 text names.

    Raises:
        ValueError: it names none, or does not say in which time zone.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("not an ISO 8601 instant") from None
    if moment.tzinfo is None:
        raise ValueError("no time zone")
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("out of range") from error


cached_instant = lru_cache(maxsize=1024)(instant)
"""The same, for the few texts that thousands of rows repeat."""


def instants(texts: Iterable[str], field: str) -> dict[str, datetime]:
    """Return every distinct text with the instant it names: thousands of rows repeat a few.

    Raises:
        ImpossibleValueError: one of them names none.
    """
    named: dict[str, datetime] = {}
    for text in set(texts):
        try:
            named[text] = cached_instant(text)
        except ValueError as error:
            raise ImpossibleValueError(f"{field} is {shown(text)}: {error}") from None
    return named
