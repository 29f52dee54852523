"""Faults of the archive, on either database: a true state, an error that names the object, and nothing lost."""

import json
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, text, update

from mining_assets.warehouse.schema import curtailment_records, settlement_ledger
from mining_assets_tests.support.chaos.disks import enlarge, read_only, small_disk, writable
from mining_assets_tests.support.chaos.processes import command, heal, said
from mining_assets_tests.support.chaos.state import assert_sound, assert_undisturbed
from mining_assets_tests.support.harness import Environment, days_asked, run_cli, wait_for
from mining_assets_tests.system.chaos.conftest import DAYS, FIRST, LAST, Scene

STACKS = "archive/settlement_stacks"


@pytest.fixture(params=["sqlite", "postgresql"])
def scene(request: pytest.FixtureRequest) -> Any:
    return request.getfixturevalue(f"on_{request.param}")


def objects(made: Environment, day: date = FIRST) -> list[Path]:
    return sorted((made.home / "data").glob(f"{STACKS}/*/*/{day}/*.tar.zst"))


def checked(made: Environment) -> dict[str, Any]:
    """The report of `archive check`."""
    ran = run_cli(made, "archive", "check", "--json")
    assert ran.stdout, ran.stderr
    report: dict[str, Any] = json.loads(ran.stdout)
    assert ran.returncode == report["exit_code"]
    return report


def damage(made: Environment) -> None:
    """Alter every day in the database."""
    with made.warehouse() as warehouse, warehouse.writing("damage") as connection:
        connection.execute(update(curtailment_records).values(original_price=-1.0))


@pytest.mark.parametrize(
    ("scene", "spoil", "mend", "why"),
    [
        pytest.param(
            "sqlite", lambda disk: (disk / "other").write_bytes(bytes(995_000)), enlarge, "No space left", id="full"
        ),
        pytest.param("postgresql", read_only, writable, "Read-only file system", id="read-only"),
    ],
    indirect=["scene"],
)
def test_an_archive_that_takes_nothing_leaves_days_missing_until_it_does(
    scene: Scene, tmp_path: Path, spoil: Callable[[Path], object], mend: Callable[[Path], None], why: str
) -> None:
    with small_disk(tmp_path / "disk", 1000) as disk:
        made = scene.made.but(archive_url=disk / "archive", retry_attempts=2)
        spoil(disk)
        ran = run_cli(made, "range", FIRST, LAST)
        told = " ".join((ran.stdout + ran.stderr).split())
        assert ran.returncode == 3, told
        assert why in told
        assert f"file://{disk}/archive/" in told
        assert "Traceback" not in told
        assert assert_sound(made, scene.expected) == set()
        mend(disk)
        assert heal(made) == 0
        assert_undisturbed(made, scene.expected)
        assert checked(made)["problems"] == []


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


def _alter(path: Path) -> None:
    whole = bytearray(path.read_bytes())
    whole[len(whole) // 2] ^= 1
    path.write_bytes(bytes(whole))


def test_damaged_days_are_healed_from_objects_and_fetched_where_these_are_damaged_too(scene: Scene) -> None:
    made, twin = scene.made, scene.twin
    for first, last in ((FIRST, FIRST), (DAYS[1], LAST)):
        assert run_cli(made, "range", first, last).returncode == 0
    twin.record.clear()
    damage(made)
    assert heal(made) == 0
    assert days_asked(twin.requests) == set()
    assert_undisturbed(made, scene.expected)

    damage(made)
    named = [path for day in DAYS for path in objects(made, day)]
    for spoil, path in zip((Path.unlink, _cut, _alter), named, strict=True):
        spoil(path)
    replayed = run_cli(made, "replay", FIRST, LAST)
    told = " ".join((replayed.stdout + replayed.stderr).split())
    assert replayed.returncode == 1, told
    for day, path in zip(DAYS, named, strict=True):
        assert f"{day} cannot be replayed: archive: file://{path}: " in told
    assert days_asked(twin.requests) == set()
    assert {each["object"] for each in checked(made)["problems"]} == {path.name.split(".")[0] for path in named}
    assert heal(made) == 0
    assert days_asked(twin.requests) == set(DAYS)
    assert_undisturbed(made, scene.expected)
    assert checked(made)["problems"] == []


@contextmanager
def commits_wait(made: Environment) -> Iterator[None]:
    """Nothing can be written meanwhile, as beside a transaction that does not end."""
    with made.warehouse() as warehouse, warehouse.writing("held") as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("LOCK TABLE curtailment_records IN SHARE ROW EXCLUSIVE MODE"))
        else:  # the first write takes SQLite's only lock
            connection.execute(delete(settlement_ledger).where(settlement_ledger.c.settlement_date == date.min))
        yield


def test_a_kill_between_object_and_commit_leaves_no_name_without_an_object(scene: Scene) -> None:
    made = scene.made
    scene.twin.record.clear()
    with command(made, "range", FIRST, LAST) as process:
        wait_for("the first stack", 120, lambda: scene.twin.count(route="stack") > 0, interval=0.002)
        with commits_wait(made):
            wait_for("the object", 120, lambda: bool(objects(made)) or process.poll() is not None, interval=0.01)
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            said(process)
    (orphan,) = objects(made)
    assert assert_sound(made, scene.expected) == set()
    report = checked(made)
    assert report["problems"] == []
    assert [each["object"] for each in report["orphans"]] == [orphan.name.removesuffix(".tar.zst")]
    assert heal(made) == 0
    assert objects(made) == [orphan]  # the same answers are the same object
    report = checked(made)
    assert (report["problems"], report["orphans"]) == ([], [])
    assert_undisturbed(made, scene.expected)
