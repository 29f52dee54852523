"""Counts, days and ranges as people read them; no count is written with a plural by hand."""

import ast
import re
from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from pathlib import Path

import mining_assets
from mining_assets.domain.periods import parse_period
from mining_assets.domain.wording import count_of, format_days, format_periods

NOUNS = (
    "alerts|attempts|calculations|causes|checks|days|errors|farms|fields|findings|hours|months|others|periods|problems|records|requests|rows|runs|"
    "seconds|spans|summaries|units|warnings|years"
)
PLURAL = re.compile(rf"^ (?:more |other |settlement )?(?:{NOUNS})\b(?!/)")


def counted_by_hand(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Each f-string in which a value is followed by a noun in the plural, unless a condition chose it for several."""
    chosen = {part for node in ast.walk(tree) if isinstance(node, ast.IfExp) for part in (node.body, node.orelse)}
    for text in (node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) and node not in chosen):
        for value, after in pairwise(text.values):
            if not isinstance(value, ast.FormattedValue) or not isinstance(after, ast.Constant):
                continue
            counted = ast.unparse(value.value)
            never_one = counted.isupper() or counted.startswith("periods_in(")
            if PLURAL.match(str(after.value)) and not never_one:
                yield text.lineno, ast.unparse(text)


def test_no_count_is_written_with_a_plural_by_hand() -> None:
    found = [
        f"{path.name}:{line} {text}"
        for path in Path(mining_assets.__path__[0]).rglob("*.py")
        for line, text in counted_by_hand(ast.parse(path.read_text()))
    ]
    assert found == []


def test_counts_and_days_read_as_they_are_spoken() -> None:
    assert [count_of(number, "day") for number in (0, 1, 1234)] == ["0 days", "1 day", "1,234 days"]
    assert count_of(2, "summary", "summaries") == "2 summaries"
    days = [date(2025, 6, day) for day in (1, 2, 3, 5, 8, 9)]
    assert format_days(days) == "2025-06-01 to 2025-06-03, 2025-06-05, 2025-06-08 to 2025-06-09"
    assert format_days(days, most=1) == "2025-06-01 to 2025-06-03 and 3 more days"
    assert format_days([]) == ""


def test_spans_of_every_kind_are_told_as_ranges() -> None:
    days = [date(2025, 6, day) for day in (1, 2, 5)]
    told = format_periods([*days, "all", *map(parse_period, ("2025", "2024", "2024-12", "2025-01", "2025-03"))])
    assert told == "2025-06-01 to 2025-06-02, 2025-06-05, 2024-12 to 2025-01, 2025-03, 2024 to 2025, all"
