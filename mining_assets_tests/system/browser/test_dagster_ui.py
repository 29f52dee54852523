"""The Dagster UI in a browser: graph, backfill, checks, damage and healing, by clicking."""

import re
from datetime import date
from pathlib import Path

from playwright.sync_api import BrowserContext, FloatRect, expect

from mining_assets.definitions import build_definitions
from mining_assets.defs.assets.keys import DAILY_CHAIN
from mining_assets.defs.integrity import INTEGRITY_JOB
from mining_assets.defs.jobs import REFERENCE_JOB
from mining_assets.defs.sensors.healing import SENSOR
from mining_assets_tests.support.browser.chromium import watched
from mining_assets_tests.support.browser.dagster_ui import DagsterUi, stop_healing
from mining_assets_tests.support.browser.pictures import Pictures
from mining_assets_tests.support.damage import damage
from mining_assets_tests.support.harness import (
    Environment,
    assert_day_is_right,
    days_between,
    environment,
    run_cli,
    wait_for,
)
from mining_assets_tests.support.serving import processes_of, user_interface
from mining_assets_tests.support.twin.generated import GeneratedWorld
from mining_assets_tests.support.twin.server import Twin

FIRST, LAST = date(2025, 6, 20), date(2025, 7, 6)
FILLED = date(2025, 6, 22), date(2025, 7, 4)
DAYS = days_between(FIRST, LAST)
BACKFILLED = days_between(*FILLED)
DAMAGED = date(2025, 6, 27)
RECORDS, CHECK = "curtailment_records", "ledger_agreement"
WITHOUT_PARTITIONS = ("network_epochs", "wind_bm_units", "reconciliation_report")
SECONDS_TO_HEAL = 420
ALL_WELL = f"All {len(DAYS)} days are complete and settled"
GRAPH: FloatRect = {"x": 580, "y": 180, "width": 1770, "height": 760}  # of the window, for its picture


def groups_of(made: Environment) -> dict[str, str | None]:
    """The group of every asset."""
    graph = build_definitions(made.settings).resolve_asset_graph()
    return {key.to_user_string(): graph.get(key).group_name for key in graph.get_all_asset_keys()}


def test_a_backfill_damage_and_healing_by_clicking(context: BrowserContext, tmp_path: Path, pictures: Pictures) -> None:
    world = GeneratedWorld(seed=9, units=30, light=True, windy_days=DAYS)
    with Twin(world) as twin:
        made = environment(tmp_path, twin, start_date=FIRST, end_date=LAST, heal_interval_seconds=5)
        stop_healing(made)
        with user_interface(made) as url, watched(context, tmp_path / "failed.png") as seen:
            clicked_through(DagsterUi(seen.page, url), made, world, pictures)
            seen.assert_quiet()
        assert processes_of(made.home) == []


def clicked_through(ui: DagsterUi, made: Environment, world: GeneratedWorld, pictures: Pictures) -> None:
    groups = groups_of(made)
    ui.open()
    assert ui.run_assets_of(REFERENCE_JOB) == "Success"

    # The graph shows every asset and group; its daily assets are filled over a range.
    ui.open_graph()
    ui.open_groups(sorted({group for group in groups.values() if group}))
    for name in {*groups, *groups.values()}:
        expect(ui.node(str(name))).to_be_visible()
    ui.launch_backfill([key.to_user_string() for key in DAILY_CHAIN], *FILLED)
    assert ui.backfill_ended() == "Succeeded"
    expect(ui.page.get_by_text("100% completed")).to_have_count(len(DAILY_CHAIN))
    pictures.take(ui.page, "backfill")
    ui.open_partitions(RECORDS)
    ui.expect_partitions(materialized=len(BACKFILLED), missing=len(DAYS) - len(BACKFILLED), failed=0)
    for day in BACKFILLED:
        assert_day_is_right(made, world, day)

    # What the runs verified is there with its figures.
    ui.open_check(RECORDS, CHECK)
    ui.expect_check(
        "Passed", f"Nothing is open anywhere. This run covered {len(BACKFILLED)} days from {FILLED[0]} to {FILLED[1]}."
    )
    assert ui.metadata("ledger rows (this run)").split()[-1] == str(2 * 48 * len(BACKFILLED))

    # Damage from outside is found by the scan, and told with day and figures.
    changed = "UPDATE curtailment_records SET volume = 2 * volume WHERE settlement_date = :day AND side = 'bid'"
    damage(made, f"{changed} AND settlement_period BETWEEN 17 AND 22", day=str(DAMAGED))
    assert ui.run_job(INTEGRITY_JOB) == "Success"
    ui.open_check(RECORDS, CHECK)
    open_day = rf"^Open since .* on 1 day, {{}} of them covered by this run .*First {DAMAGED}: period 17 bid"
    ui.expect_check("Failed", re.compile(open_day.format(1)))
    assert ui.metadata("open days").split()[-1] == "1"
    assert str(DAMAGED) in ui.metadata("bad days")
    assert f"mining-assets date {DAMAGED} --refetch" in ui.metadata("what to do")
    assert f"checks.md#{RECORDS}-{CHECK}" in ui.metadata("operator's page")
    pictures.take(ui.page, "failed_check")

    # A run of good days does not hide it.
    good = next(day for day in BACKFILLED if day != DAMAGED)
    assert run_cli(made, "date", good).returncode in (0, 1)
    ui.open_check(RECORDS, CHECK)
    ui.expect_check("Failed", re.compile(open_day.format(0)))

    # The sensor, once it is on, mends the day and fetches those that were never asked for.
    ui.switch_on(SENSOR)
    wait_for("everything right", SECONDS_TO_HEAL, lambda: run_cli(made, "status").returncode == 0, interval=2)
    for day in DAYS:
        assert_day_is_right(made, world, day)
    page = made.home / "data" / "reports" / "reconciliation_report.html"
    wait_for("the report on all days", SECONDS_TO_HEAL, lambda: page.exists() and ALL_WELL in page.read_text())
    ui.open_check(RECORDS, CHECK)
    ui.expect_check("Passed", re.compile("^Nothing is open anywhere"))
    assert ui.run_job(INTEGRITY_JOB) == "Success"
    ui.open_check(RECORDS, CHECK)
    ui.expect_check("Passed", f"Nothing is open anywhere. This run covered {len(DAYS)} days from {FIRST} to {LAST}.")
    for asset, count in ((RECORDS, len(DAYS)), ("bitcoin_daily_summaries", len(DAYS)), ("monthly_summaries", 2)):
        ui.open_partitions(asset)
        ui.expect_partitions(materialized=count, missing=0, failed=0)
    ui.open_partitions(RECORDS)
    ui.page.get_by_text(str(DAMAGED), exact=True).first.click()
    expect(ui.page.get_by_text("curtailed energy (MWh)").first).to_be_visible()
    expect(ui.page.get_by_text("farms that lost most")).to_be_visible()
    pictures.take(ui.page, "partitions")
    ui.open_graph()
    partitioned = [name for name in groups if name not in WITHOUT_PARTITIONS]
    expect(ui.page.get_by_text("100% filled")).to_have_count(len(partitioned))
    pictures.take(ui.page, "graph", clip=GRAPH)
