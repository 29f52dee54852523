"""`report` and its asset, as a person uses them."""

import json
from pathlib import Path

import dagster as dg
import pytest
from sqlalchemy import select

from mining_assets.definitions import build_definitions
from mining_assets.defs.assets.report import RECONCILIATION_REPORT
from mining_assets.defs.jobs import REPORT_JOB
from mining_assets.files import atomic_write
from mining_assets.reconciliation.findings import Verification
from mining_assets.reconciliation.verify import note_scan
from mining_assets.warehouse.connection import read_frame
from mining_assets.warehouse.schema import curtailment_records
from mining_assets_tests.support.clean import WINDY
from mining_assets_tests.support.harness import QUIET, Environment, Here, run_cli
from mining_assets_tests.support.mixed import PROVISIONAL
from mining_assets_tests.support.report_page import read_page
from mining_assets_tests.support.rounding import unrounded


def test_report_writes_a_page_and_tells_what_heads_it(mixed_days: Environment, tmp_path: Path) -> None:
    done = run_cli(
        mixed_days, "report", "--json", "--from", WINDY, "--to", PROVISIONAL, "--out", "april.html", cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["path"] == str(tmp_path / "april.html")
    assert (told["from"], told["to"], told["month"]) == (str(WINDY), str(PROVISIONAL), "2025-04")
    assert told["states"] == {"final": 1, "provisional": 1, "partial": 0, "damaged": 0, "missing": 0}
    with mixed_days.warehouse() as warehouse, warehouse.reading() as connection:
        records = read_frame(connection, select(*curtailment_records.c))
    bids = records[(records["side"] == "bid") & records["settlement_date"].isin([WINDY, PROVISIONAL])]
    assert told["totals"]["curtailed_mwh"] == pytest.approx(-bids["volume"].sum())
    assert told["totals"]["payment_gbp"] == pytest.approx(bids["payment"].sum())
    largest = (-bids.groupby("farm_id")["volume"].sum()).sort_values(ascending=False).head(20)
    assert [unit["bm_unit_id"] for unit in told["units"]] == list(largest.index)
    assert [unit["curtailed_mwh"] for unit in told["units"]] == pytest.approx(list(largest))
    assert sum(farm["curtailed_mwh"] for farm in told["farms"]) == pytest.approx(largest.sum())
    assert [unit for farm in told["farms"] for unit in farm["bm_units"]] == list(largest.index)
    paid = bids.groupby("farm_id")["payment"].sum()
    assert [unit["payment_gbp"] for unit in told["units"]] == pytest.approx([paid[unit] for unit in largest.index])
    assert [each["miner_model"] for each in told["totals"]["bitcoin"]] == ["S19J_PRO", "S9", "M20S"]
    page = read_page((tmp_path / "april.html").read_text())
    assert f"{-bids['volume'].sum():,.0f} MWh" in page.text


def test_report_of_what_is_not_complete_is_right_as_it_says_so(here: Here, mixed_days: Environment) -> None:
    with mixed_days.warehouse() as warehouse:
        note_scan(warehouse, "recent", PROVISIONAL, PROVISIONAL, Verification())
    code, out, _ = here("report")
    assert code == 0
    assert "2025-03-28 to 2025-04-06: Not complete. Figures cover 4 of 10 days" in out
    (page,) = (mixed_days.home / "data" / "reports").glob("report_*.html")
    assert str(page) in out
    assert "Verified by value: every day when this was made" in out
    assert "Farms that lost most, by MWh (and what they were paid):\n  1. " in out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["report", "--month", "2025-13"], "'2025-13' is not a month"),
        (["report", "--month", "2025-06"], "the month 2025-06 is not between 2025-03-28 and 2025-04-06"),
        (["report", "--from", "2025-04-03", "--to", "2025-04-01"], "before it starts"),
    ],
)
def test_bad_input_of_report_is_one_line(here: Here, arguments: list[str], told: str) -> None:
    code, out, error = here(*arguments)
    assert (code, out) == (2, "")
    assert told in error
    assert error.count("\n") == 1


def test_a_place_where_a_report_cannot_be_written_is_named(here: Here, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    code, out, error = here("report", "--from", WINDY, "--to", WINDY, "--out", tmp_path / "file" / "page.html")
    assert (code, out) == (1, "")
    assert f"{tmp_path}/file/page.html cannot be written" in error
    assert error.count("\n") == 1


def test_what_fails_half_way_leaves_the_file_that_was_there(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text("whole")

    def fail() -> None:
        with atomic_write(path) as file:
            file.write(b"half")
            raise RuntimeError("the disk is full")

    with pytest.raises(RuntimeError):
        fail()
    assert path.read_text() == "whole"
    assert [each.name for each in tmp_path.iterdir()] == ["report.html"]


def test_the_asset_stores_the_page_and_shows_what_heads_it(mixed_days: Environment) -> None:
    definitions = build_definitions(mixed_days.settings)
    with dg.DagsterInstance.ephemeral() as instance:
        result = definitions.resolve_job_def(REPORT_JOB).execute_in_process(instance=instance, run_config=QUIET)
        (event,) = result.asset_materializations_for_node(RECONCILIATION_REPORT.to_python_identifier())
    assert unrounded(event.metadata) == []
    metadata = {name: each.value for name, each in event.metadata.items()}
    path = Path(str(metadata["path"]))
    assert path == mixed_days.home / "data" / "reports" / "reconciliation_report.html"
    page = read_page(path.read_text())
    assert f"{metadata['curtailed energy (MWh)']:,.0f} MWh" in page.text
    assert (metadata["verdict"], metadata["missing days"], metadata["damaged days"]) == ("Not complete", 5, 1)
    assert "S9 (£)" not in metadata  # unknown, not zero


def test_the_report_follows_months_and_years(mixed_days: Environment) -> None:
    definitions = build_definitions(mixed_days.settings)
    months = definitions.resolve_asset_graph().get(dg.AssetKey("monthly_summaries"))
    assert RECONCILIATION_REPORT in months.child_keys
    with dg.DagsterInstance.ephemeral() as instance:
        ticks = dg.evaluate_automation_conditions(definitions, instance)
        assert ticks.get_num_requested(RECONCILIATION_REPORT) == 0
        instance.report_runless_asset_event(dg.AssetMaterialization("monthly_summaries", partition="2025-04"))
        ticks = dg.evaluate_automation_conditions(definitions, instance, cursor=ticks.cursor)
        assert ticks.get_num_requested(RECONCILIATION_REPORT) == 1
