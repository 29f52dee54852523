"""What the partition of the stacks shows: its objects and where they are, or that there are none and why."""

from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd
import pytest

from mining_assets.archive.store import Archive
from mining_assets.defs.assets.partition_metadata import of_answers
from mining_assets.pipeline.results import StoredRecords

DAY = date(2025, 6, 3)
RUN = datetime(2025, 6, 4, 1, tzinfo=UTC)
COLUMNS = ["settlement_date", "object", "object_bytes", "answers"]


def stored(*objects: tuple[str, int | None, int | None]) -> StoredRecords:
    answers = pd.DataFrame([(DAY, *each) for each in objects], columns=COLUMNS)
    return StoredRecords({"vintage": pd.Timestamp(RUN)}, pd.DataFrame(), None, answers)


def test_objects_are_added_up_and_each_has_its_address(tmp_path: Path) -> None:
    shown = of_answers(DAY, stored(("a" * 64, 500, 98), ("b" * 64, 20, 2)), Archive(str(tmp_path)))
    folder = f"file://{tmp_path}/settlement_stacks/2025/2025-06/2025-06-03"
    assert (shown["answers"], shown["object size (bytes)"]) == (100, 520)
    assert shown["object"] == f"{'a' * 64}, {'b' * 64}"
    assert shown["address"] == f"{folder}/{'a' * 64}.tar.zst, {folder}/{'b' * 64}.tar.zst"
    assert shown["history"] == f"mining-assets history {DAY}"
    assert shown["newest settlement run (vintage)"].value == RUN.timestamp()


@pytest.mark.parametrize(
    ("archived", "said"),
    [(False, "none: answers are not kept"), (True, "none: this day was stored while answers were not kept")],
)
def test_a_day_without_answers_says_why(tmp_path: Path, archived: bool, said: str) -> None:
    shown = of_answers(DAY, stored(), Archive(str(tmp_path)) if archived else None)
    assert (shown["object"], shown["answers"], "address" in shown) == (said, 0, False)
    assert "history" not in shown


def test_an_object_that_was_noted_nowhere_is_shown_all_the_same(tmp_path: Path) -> None:
    shown = of_answers(DAY, stored(("a" * 64, None, None)), Archive(str(tmp_path)))
    assert (shown["object"], shown["answers"]) == ("a" * 64, 0)
