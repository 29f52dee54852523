"""Answers are kept before anything is stored from them, and named with it; an archive that fails loses nothing."""

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from mining_assets.archive.errors import ArchiveUnavailable
from mining_assets.archive.manifest import SETTLEMENT_STACKS, ArchivedFetch
from mining_assets.archive.store import Archive
from mining_assets.domain.retry_policy import HealingPolicy, RetryRule
from mining_assets.domain.settlement import SIDES, periods_in
from mining_assets.domain.valuation import BITCOIN_PRICE, WIND_GENERATION
from mining_assets.pipeline.dependencies import Rules
from mining_assets.pipeline.results import DayResult, Event, SeriesResult
from mining_assets.reconciliation.verify import Scope
from mining_assets.warehouse.archived import noted_fetches, objects_by_day
from mining_assets.warehouse.attempts import outages
from mining_assets.warehouse.names import NETWORK_EPOCHS, WIND_BM_UNITS
from mining_assets.warehouse.schema import day_fetches, reference_fetches, settlement_days
from mining_assets_tests.support.ground import Ground
from mining_assets_tests.support.samples import MODELS
from mining_assets_tests.support.twin.generated import GeneratedWorld

FIRST, SECOND = DAYS = [date(2025, 6, 2), date(2025, 6, 3)]
STACKS = [SETTLEMENT_STACKS]
RULES = Rules(
    Scope(MODELS, (FIRST, SECOND)), (), {}, {}, {}, HealingPolicy(), RetryRule(attempts=2, base_seconds=0.001), 1000
)
FULL = "No space left on device"


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Ground]:
    world = GeneratedWorld(seed=5, units=4, light=True, windy_days=DAYS)
    with Ground(world, RULES, tmp_path).open() as opened:
        yield opened


def day_results(events: list[Event]) -> dict[date, DayResult]:
    return {each.day: each for each in events if isinstance(each, DayResult)}


def noted(ground: Ground, name: str) -> list[dict[Any, Any]]:
    with ground.warehouse.reading() as connection:
        return noted_fetches(connection, name).to_dict("records")


def objects(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "archive").rglob("*.tar.zst"))


def test_every_answer_of_a_day_is_kept_and_named_by_its_ledger(ground: Ground) -> None:
    ground.run(DAYS, STACKS)
    for day in DAYS:
        (fetch,) = ground.archive.fetches(SETTLEMENT_STACKS, str(day))
        paths = [each.path for each in ground.archive.answers(fetch)]
        stacks = {
            f"balancing/settlement/stack/all/{side}/{day}/{period}"
            for side in SIDES
            for period in range(1, periods_in(day) + 1)
        }
        assert stacks < set(paths)
        assert {path.split("/")[3] for path in set(paths) - stacks} == {"volumes", "cashflows"}
        with ground.warehouse.reading() as connection:
            assert objects_by_day(connection, [day]) == {day: {fetch.object}}
        assert (fetch.origin, fetch.base) == ("http://twin/bmrs/api/v1", "http://twin/bmrs/api/v1")
        assert fetch.vintage is not None


def test_every_other_source_is_kept_too_and_named(ground: Ground) -> None:
    ground.run([FIRST])
    with ground.warehouse.reading() as connection:
        series = connection.execute(select(day_fetches.c.name, day_fetches.c.archive_object)).all()
        references = connection.execute(select(reference_fetches.c.name, reference_fetches.c.archive_object)).all()
    named = {**dict(series), **dict(references)}
    assert set(named) == {BITCOIN_PRICE, WIND_GENERATION, NETWORK_EPOCHS, WIND_BM_UNITS}
    for name, archived in named.items():
        (row,) = noted(ground, name)
        assert row["object"] == archived
        (fetch,) = ground.archive.fetches(name, row["subject"])
        assert ground.archive.answers(fetch)


def test_a_second_fetch_of_the_same_adds_a_line_alone(ground: Ground, tmp_path: Path) -> None:
    ground.run([FIRST], STACKS)
    before = objects(tmp_path)
    ground.run([FIRST], STACKS, refetch=True)
    assert objects(tmp_path) == before
    first, second = ground.archive.fetches(SETTLEMENT_STACKS, str(FIRST))
    assert first.object == second.object
    assert first.fetched_at < second.fetched_at
    assert len(noted(ground, SETTLEMENT_STACKS)) == 2


def _fails(monkeypatch: pytest.MonkeyPatch, method: str, when: Callable[[Any], bool]) -> None:
    real = getattr(Archive, method)

    def failing(self: Archive, first: Any, *rest: Any, **details: Any) -> Any:
        if when(first):
            raise ArchiveUnavailable("s3://bucket/object", FULL)
        return real(self, first, *rest, **details)

    monkeypatch.setattr(Archive, method, failing)


def _of_stacks(named: str | ArchivedFetch) -> bool:
    return (named if isinstance(named, str) else named.name) == SETTLEMENT_STACKS


@pytest.mark.parametrize("step", ["keep", "record"])
def test_an_archive_that_takes_nothing_leaves_the_day_missing_by_name(
    ground: Ground, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    with monkeypatch.context() as patched:
        _fails(patched, step, _of_stacks)
        results = day_results(ground.run(DAYS, STACKS))
    first, second = results[FIRST], results[SECOND]
    assert first.source_unavailable
    assert str(first.failures[0]) == (
        f"curtailment_records: not stored, since the answers could not be archived: archive: s3://bucket/object: {FULL}"
    )
    assert "not tried, since the archive takes no answers" in str(second.failures[0])
    with ground.warehouse.reading() as connection:
        assert connection.execute(select(settlement_days)).all() == []
        assert set(outages(connection)) == {"archive"}
    assert noted(ground, SETTLEMENT_STACKS) == []
    assert not day_results(ground.run([SECOND], STACKS))[SECOND].failures
    with ground.warehouse.reading() as connection:
        assert outages(connection) == {}


def test_a_series_whose_answer_cannot_be_archived_is_lacking_and_blames_no_day(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        _fails(patched, "keep", lambda name: name == BITCOIN_PRICE)
        events = ground.run([FIRST])
    (prices,) = (each for each in events if isinstance(each, SeriesResult) and each.name == BITCOIN_PRICE)
    assert FULL in prices.failed[FIRST]
    assert not prices.known
    assert not day_results(events)[FIRST].failures
    (known,) = (each for each in ground.run([FIRST]) if isinstance(each, SeriesResult) and each.name == BITCOIN_PRICE)
    assert FIRST in known.known


def test_a_crash_between_object_and_commit_leaves_an_object_that_nobody_names(
    ground: Ground, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("mining_assets.pipeline.day_storing.store_day", killed)
        with pytest.raises(KeyboardInterrupt):
            ground.run([FIRST], STACKS)
    assert len([path for path in objects(tmp_path) if SETTLEMENT_STACKS in str(path)]) == 1
    assert ground.archive.fetches(SETTLEMENT_STACKS, str(FIRST)) == []
    assert noted(ground, SETTLEMENT_STACKS) == []


def test_answers_that_a_day_could_not_be_made_of_are_kept_with_the_reason(ground: Ground) -> None:
    ground.failing = {f"{FIRST}/5"}
    (result,) = day_results(ground.run([FIRST], STACKS)).values()
    assert result.failures
    (fetch,) = ground.archive.fetches(SETTLEMENT_STACKS, str(FIRST))
    assert f"bid/{FIRST}/5" in fetch.refused
    assert fetch.answers > 4
    (row,) = noted(ground, SETTLEMENT_STACKS)
    assert row["refused"] == fetch.refused


def test_of_a_day_without_an_answer_nothing_is_kept(ground: Ground) -> None:
    ground.failing = {FIRST}
    (result,) = day_results(ground.run([FIRST], STACKS)).values()
    assert result.failures
    assert ground.archive.fetches(SETTLEMENT_STACKS, str(FIRST)) == []


@pytest.mark.parametrize("step", ["keep", "record"])
def test_refused_answers_that_cannot_be_archived_hinder_nothing(
    ground: Ground, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, step: str
) -> None:
    ground.failing = {f"{FIRST}/5"}
    of_the_first_day = iter([True])
    _fails(monkeypatch, step, lambda named: _of_stacks(named) and next(of_the_first_day, False))
    results = day_results(ground.run(DAYS, STACKS))
    assert f"bid/{FIRST}/5" in str(results[FIRST].failures[0])
    assert not results[SECOND].failures
    assert f"{FIRST}: the refused answers could not be archived" in caplog.text


def test_without_an_archive_all_is_stored_and_nothing_is_named(ground: Ground, tmp_path: Path) -> None:
    ground.archive = None
    assert not day_results(ground.run([FIRST], STACKS))[FIRST].failures
    assert not (tmp_path / "archive").exists()
    assert noted(ground, SETTLEMENT_STACKS) == []
    with ground.warehouse.reading() as connection:
        assert objects_by_day(connection, [FIRST]) == {FIRST: {None}}


def test_a_fetch_of_the_stacks_alone_stores_the_records(ground: Ground) -> None:
    (result, _) = day_results(ground.run(DAYS, STACKS)).values()
    assert result.outcome == "new"
    assert result.records is not None
    assert result.derived == {}
    (row,) = result.records.answers.to_dict("records")
    (fetch,) = ground.archive.fetches(SETTLEMENT_STACKS, str(FIRST))
    assert (row["object"], row["object_bytes"], row["answers"]) == (fetch.object, fetch.object_bytes, fetch.answers)


def test_records_that_were_stored_without_an_archive_have_no_answers(ground: Ground) -> None:
    ground.archive = None
    ground.run([FIRST], STACKS)
    (result,) = day_results(ground.run([FIRST], STACKS)).values()
    assert result.outcome == "kept"
    assert result.records is not None
    assert result.records.answers.empty
