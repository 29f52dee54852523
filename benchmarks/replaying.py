"""Replaying archived days in place and into another warehouse, and what it costs to archive a day that is fetched."""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from benchmarks.databases import empty
from benchmarks.fetching import FIRST, UNLIMITED, twin
from benchmarks.measure import Figure, Setting, medians
from benchmarks.warehouses import scope_of
from mining_assets.archive.manifest import SETTLEMENT_STACKS, ArchivedFetch
from mining_assets.archive.store import Archive
from mining_assets.domain.retry_policy import HealingPolicy, RetryRule
from mining_assets.domain.settlement import SIDES, periods_in
from mining_assets.domain.wind_units import wind_among
from mining_assets.pipeline.dependencies import Rules, database_retries
from mining_assets.pipeline.fetch import fetch_day
from mining_assets.pipeline.replay import Replay, committed_fetches, fetches_until
from mining_assets.pipeline.results import DayRequest, DayResult
from mining_assets.reconciliation.plan import DAILY_TABLES
from mining_assets.sources.elexon import ElexonClient
from mining_assets.sources.http import HttpLimits
from mining_assets.sources.received import collect
from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.upgrade import upgrade
from mining_assets_tests.support.ground import LOG, Ground
from mining_assets_tests.support.twin.generated import GeneratedWorld

DAYS = 30
GOAL = 10.0  # days per second
DEFAULT_PACE = 10.0  # requests per second
A_SECOND = "a day per second"


def replay(setting: Setting) -> list[Figure]:
    """Replay a month of full days: 98 answers, 18 MB of JSON each."""
    ground, days = setting.once("archived", lambda: _archived(setting))
    assert ground.archive is not None
    archive: Archive = ground.archive
    request = DayRequest(frozenset(DAILY_TABLES), replay=True)

    def in_place() -> None:
        results = [each for each in ground.pipeline.run(days, request) if isinstance(each, DayResult)]
        assert [each.outcome for each in results] == ["unchanged"] * len(days)

    (seconds,) = medians(setting.repetitions, in_place)
    figures = [_figure("replay in place, sqlite", len(days), seconds)]
    for backend in setting.backends:
        with ground.warehouse.reading() as connection:
            fetches = fetches_until(archive, days, None, committed_fetches(connection))
        targets = [_target(setting, backend, number) for number in range(setting.repetitions + 1)]
        left = iter(targets)

        def into(fetches: Sequence[ArchivedFetch] = fetches, left: Iterator[Warehouse] = left) -> None:
            retry = database_retries(ground.rules.retries, LOG)
            replay = Replay(archive, next(left), ground.rules, (days[0], days[-1]), retry)
            assert not [each.reason for each in replay.take(fetches) if each.reason]
            assert not [found for verification in replay.derive() for found in verification.errors]

        (seconds,) = medians(setting.repetitions, into)
        figures.append(_figure(f"replay into another warehouse, {backend}", len(days), seconds))
        for target in targets:
            target.close()
    return figures


def archive(setting: Setting) -> list[Figure]:
    """Archive a day that is fetched: what that adds to the time that its requests take at the default pace."""
    url, store = twin(setting), Archive(str(setting.folder / "kept"))
    days = [FIRST + timedelta(days=offset) for offset in range(max(1, round(4 * setting.scale)))]
    without, kept = medians(
        setting.repetitions,
        lambda: asyncio.run(_fetched(url, days, None)),
        lambda: asyncio.run(_fetched(url, days, store)),
    )
    paced = sum(2 * periods_in(day) + len(SIDES) for day in days) / DEFAULT_PACE
    detail = {"days": len(days), "seconds": kept, "seconds_without": without, "seconds_paced": paced}
    against = "the time that the requests of a day take at ten a second; without the limit in the detail"
    return [Figure("fetch and archive a day", 1 + (kept - without) / paced, 1.1, "less", against, detail)]


def _figure(name: str, days: int, seconds: float) -> Figure:
    return Figure(name, days / seconds, GOAL, "more", A_SECOND, {"days": days, "seconds": seconds})


async def _fetched(url: str, days: Sequence[date], store: Archive | None) -> None:
    async with ElexonClient(url, HttpLimits(requests_per_second=UNLIMITED)) as elexon:
        units = {unit.bm_unit_id: unit for unit in wind_among(await elexon.bm_units(), ())}
        for day in days:
            with collect() as received:
                await fetch_day(elexon, day, units)
            if store is not None:
                store.record(store.keep(SETTLEMENT_STACKS, str(day), received))


def _archived(setting: Setting) -> tuple[Ground, list[date]]:
    days = [FIRST + timedelta(days=offset) for offset in range(max(2, round(DAYS * setting.scale)))]
    rules = Rules(scope_of(days), (), {}, {}, {}, HealingPolicy(), RetryRule(attempts=2, base_seconds=0.1), 1000)
    folder = setting.folder / "archived"
    folder.mkdir()
    ground = Ground(GeneratedWorld(seed=5), rules, folder)
    setting.stack.enter_context(ground.open())
    ground.run(days)
    return ground, days


def _target(setting: Setting, backend: str, number: int) -> Warehouse:
    warehouse = Warehouse(empty(setting, backend, f"replayed_{number}"))
    upgrade(warehouse)
    return warehouse
