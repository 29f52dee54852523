"""Two runs that end at once: the check that Dagster shows last is of the later reading."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from sqlalchemy import delete

from mining_assets.defs import check_evaluations as evaluations
from mining_assets.defs.check_evaluations import check_evaluations, check_key
from mining_assets.reconciliation import checks
from mining_assets.reconciliation.findings import Verification
from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.schema import integrity_findings, monthly_summaries
from mining_assets_tests.support.clean import SCOPE, clean, derive_all, scan_all
from mining_assets_tests.support.samples import damage
from mining_assets_tests.support.templates import Templates

TIMEOUT = 120  # seconds; only a test that fails waits so long
CHECK = [check_key(checks.SUMS["monthly_summaries"])]


@pytest.fixture
def ground(backend: str, templates: Templates, tmp_path: Path) -> Iterator[Warehouse]:
    with templates.copy(backend, clean, tmp_path) as warehouse:
        yield warehouse


def test_a_run_does_not_read_what_is_known_while_another_reports_its_checks(
    ground: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    damage(ground, delete(monthly_summaries))
    scan_all(ground)
    shown: list[bool] = []  # as Dagster would log them, the last one is what it shows
    read_by_second: list[bool] = []
    second_is_at_it = Event()  # it reads, or waits
    read = evaluations.standing_findings

    def reads(*arguments: Any) -> Any:
        read_by_second.append(True)
        second_is_at_it.set()
        return read(*arguments)

    def judge() -> None:
        shown.extend(each.passed for each in check_evaluations(Verification(), ground, SCOPE, CHECK))

    first = check_evaluations(Verification(), ground, SCOPE, CHECK)
    monkeypatch.setattr(evaluations, "_waits", lambda _: second_is_at_it.set())
    with ThreadPoolExecutor(1) as pool:
        of_first = next(first).passed  # read, and about to be logged
        monkeypatch.setattr(evaluations, "standing_findings", reads)
        derive_all(ground)
        damage(ground, delete(integrity_findings))
        second = pool.submit(judge)
        assert second_is_at_it.wait(TIMEOUT)
        assert not read_by_second
        shown.append(of_first)
        assert list(first) == []
        second.result(TIMEOUT)
    assert shown == [False, True]


def test_a_judgement_that_is_broken_off_lets_the_next_begin(ground: Warehouse) -> None:
    broken = check_evaluations(Verification(), ground, SCOPE, CHECK)
    next(broken)
    broken.close()
    assert [each.passed for each in check_evaluations(Verification(), ground, SCOPE, CHECK)] == [True]
