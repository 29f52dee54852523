"""What the UI shows of each partition: the figures that are stored, with their units."""

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from sqlalchemy import text

from mining_assets.defs.assets.keys import DAILY_CHAIN
from mining_assets.domain.live_sources import LIVE_COINBASE, LIVE_ELEXON, LIVE_MEMPOOL
from mining_assets.warehouse.archived import noted_fetches
from mining_assets_tests.support.harness import Environment, environment, run_cli, run_range, table
from mining_assets_tests.support.rounding import unrounded
from mining_assets_tests.support.twin.faults import Fault
from mining_assets_tests.support.twin.generated import GeneratedWorld
from mining_assets_tests.support.twin.server import Twin

DAY, QUIET, LAST = date(2025, 6, 29), date(2025, 6, 30), date(2025, 7, 1)
Shown = Mapping[str, Any]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Environment, Twin]]:
    world = GeneratedWorld(seed=8, units=24, light=True, windy_days=[DAY, LAST], quiet_days=[QUIET])
    with Twin(world) as twin:
        made = environment(tmp_path_factory.mktemp("filled"), twin, start_date=DAY, end_date=LAST)
        with made.instance() as instance:
            assert not run_range(made, DAY, QUIET, instance=instance).errors
        with made.instance() as instance:
            assert not run_range(made, LAST, instance=instance).errors
        yield made, twin


def shown(made: Environment, asset: str, partition: object) -> Shown:
    """The metadata of the newest materialization of a partition."""
    with made.instance() as instance:
        records = instance.fetch_materializations(
            dg.AssetRecordsFilter(dg.AssetKey(asset), asset_partitions=[str(partition)]), limit=1
        ).records
    materialization = records[0].asset_materialization
    assert materialization is not None
    return {name: each.value for name, each in materialization.metadata.items()}


def test_records_show_rows_energy_payment_state_vintage_and_what_fetching_took(
    filled: tuple[Environment, Twin],
) -> None:
    made, _ = filled
    metadata = shown(made, "curtailment_records", DAY)
    (row,) = table(made, "settlement_days").query("settlement_date == @DAY").to_dict("records")
    assert metadata["dagster/partition_row_count"] == row["curtailment_records"] > 0
    assert metadata["curtailed energy (MWh)"] == round(row["total_curtailed_energy"], 3)
    assert metadata["payment (£)"] == round(row["total_payment"], 2)
    assert (metadata["BM units curtailed"], metadata["settlement periods"], metadata["state"]) == (
        row["farms"],
        48,
        "final",
    )
    assert metadata["fetched at"] == row["fetched_at"].timestamp()
    assert metadata["newest settlement run (vintage)"] == row["vintage"].timestamp()
    assert metadata["requests"] >= 96
    assert metadata["bytes"] > 10_000
    assert 0 < metadata["seconds"] < 600


def test_stacks_show_their_object_and_where_it_is(filled: tuple[Environment, Twin]) -> None:
    made, _ = filled
    metadata = shown(made, "settlement_stacks", DAY)
    (digest,) = set(table(made, "settlement_ledger").query("settlement_date == @DAY")["archive_object"])
    with made.warehouse() as warehouse, warehouse.reading() as connection:
        (row,) = noted_fetches(connection, "settlement_stacks", str(DAY), str(DAY)).to_dict("records")
    assert row["object"] == digest
    assert metadata["object"] == digest
    assert metadata["answers"] == row["answers"] >= 96
    path = Path(metadata["address"].removeprefix("file://"))
    assert path.stat().st_size == metadata["object size (bytes)"] == row["object_bytes"]
    assert (
        metadata["newest settlement run (vintage)"]
        == shown(made, "curtailment_records", DAY)["newest settlement run (vintage)"]
    )


def test_what_is_not_live_shows_where_it_came_from(filled: tuple[Environment, Twin]) -> None:
    made, twin = filled
    assert shown(made, "curtailment_records", DAY)["origin"] == f"{twin.elexon_url} (generated)"
    assert shown(made, "wind_generation", DAY)["origin"] == f"{twin.elexon_url} (generated)"
    assert shown(made, "bitcoin_price", DAY)["origin"] == f"{twin.mempool_url} (generated)"


def test_generated_data_is_seen_as_such_with_live_settings(filled: tuple[Environment, Twin], tmp_path: Path) -> None:
    made, twin = filled
    live = made.but(elexon_url=LIVE_ELEXON, mempool_url=LIVE_MEMPOOL, coinbase_url=LIVE_COINBASE)
    told = (
        f"Generated data: not real figures. 3 days, 3 days of generation, the register of units from {twin.elexon_url}"
    )
    status = run_cli(live, "status")
    assert told in " ".join(status.stdout.split()), status.stderr
    plan = run_cli(live, "date", DAY, "--refetch", "--plan")
    assert f"3 days are stored from {twin.elexon_url} (generated); what is fetched now comes from" in plan.stderr
    kept = run_cli(live, "date", DAY)
    assert "Generated data: not real figures. 1 day" in " ".join(kept.stdout.split()), kept.stderr
    page = tmp_path / "page.html"
    assert told in run_cli(live, "report", "--out", page).stdout
    assert "© Elexon" not in page.read_text()
    assert told in run_cli(live, "export", "daily_summaries").stderr


def test_the_farms_that_lost_most_stand_in_a_table(filled: tuple[Environment, Twin]) -> None:
    made, _ = filled
    records = table(made, "curtailment_records").query("settlement_date == @DAY and side == 'bid' and volume < 0")
    largest = (-records.groupby("farm_id")["volume"].sum()).sort_values(ascending=False).head(10)
    metadata = shown(made, "curtailment_records", DAY)
    farms = [record.data for record in metadata["BM units that lost most"].records]
    assert [farm["BM unit"] for farm in farms] == list(largest.index)
    assert [farm["curtailed energy (MWh)"] for farm in farms] == pytest.approx(list(largest), abs=0.001)
    first = records[records["farm_id"] == farms[0]["BM unit"]]
    assert farms[0]["payment (£)"] == pytest.approx(first["payment"].sum(), abs=0.01)
    assert farms[0]["average price (£/MWh)"] == pytest.approx(first["payment"].sum() / largest.iloc[0], abs=0.01)
    assert (farms[0]["name"], farms[0]["farm"]) == (f"Twin {largest.index[0][2:]}", f"Twin {largest.index[0][2:-2]}")
    site = metadata["farms that lost most"].records[0].data
    of_site = records[records["farm_id"].str.startswith(f"T_{site['farm'][5:]}")]
    assert (site["BM units"], site["ids"]) == (2, ", ".join(sorted(set(of_site["farm_id"]))))
    assert site["curtailed energy (MWh)"] == pytest.approx(-of_site["volume"].sum(), abs=0.001)
    assert farms[0]["lead party"] in set(records["lead_party_name"]) | {"not told"}


def test_a_quiet_day_shows_zeros_and_no_farms(filled: tuple[Environment, Twin]) -> None:
    made, _ = filled
    metadata = shown(made, "curtailment_records", QUIET)
    assert (metadata["dagster/partition_row_count"], metadata["curtailed energy (MWh)"]) == (0, 0.0)
    assert metadata["settlement periods"] == 48
    assert "farms that lost most" not in metadata


@pytest.mark.parametrize(
    ("asset", "partition"),
    [
        ("bitcoin_daily_summaries", DAY),
        ("bitcoin_monthly_summaries", "2025-06"),
        ("bitcoin_yearly_summaries", "2025"),
    ],
)
def test_bitcoin_shows_each_model_and_its_value(
    filled: tuple[Environment, Twin], asset: str, partition: object
) -> None:
    made, _ = filled
    rows = table(made, asset)
    rows = rows[rows.iloc[:, 0] == partition]
    metadata = shown(made, asset, partition)
    assert len(rows) == 3
    for row in rows.to_dict("records"):
        assert metadata[f"{row['miner_model']} (BTC)"] == round(row["bitcoin_mined"], 8) > 0
        assert metadata[f"{row['miner_model']} (£)"] == round(row["bitcoin_value"], 2) > 0


@pytest.mark.parametrize(
    ("asset", "partition"), [("daily_summaries", DAY), ("monthly_summaries", "2025-06"), ("yearly_summaries", "2025")]
)
def test_summaries_show_energy_payment_and_share(
    filled: tuple[Environment, Twin], asset: str, partition: object
) -> None:
    made, _ = filled
    rows = table(made, asset)
    (row,) = rows[rows.iloc[:, 0] == partition].to_dict("records")
    metadata = shown(made, asset, partition)
    assert metadata["curtailed energy (MWh)"] == round(row["total_curtailed_energy"], 3)
    assert metadata["payment (£)"] == round(row["total_payment"], 2)
    assert metadata["curtailed share"] == round(row["curtailed_share"], 6)


def test_no_figure_has_more_decimals_than_its_unit(filled: tuple[Environment, Twin]) -> None:
    made, _ = filled
    with made.instance() as instance:
        logged = [entry.dagster_event for run in instance.get_runs() for entry in instance.all_logs(run.run_id)]
    events = [event for event in logged if event is not None]
    evaluations = [event for event in events if event.event_type is dg.DagsterEventType.ASSET_CHECK_EVALUATION]
    made_metadata = [event.materialization.metadata for event in events if event.is_step_materialization]
    made_metadata += [event.asset_check_evaluation_data.metadata for event in evaluations]
    assert len(made_metadata) > 30
    assert evaluations
    assert [each for metadata in made_metadata for each in unrounded(metadata)] == []


def test_every_daily_asset_shows_figures_that_dagster_can_plot(filled: tuple[Environment, Twin]) -> None:
    made, _ = filled
    for asset in DAILY_CHAIN:
        metadata = shown(made, asset.to_user_string(), DAY)
        assert any(isinstance(each, float | int) for each in metadata.values()), asset


def test_a_kept_day_shows_no_requests_and_a_mended_one_what_it_is_now(
    filled: tuple[Environment, Twin],
) -> None:
    made, _ = filled
    with made.instance() as instance:
        assert not run_range(made, LAST, instance=instance).errors
    assert "requests" not in shown(made, "curtailment_records", LAST)
    with made.warehouse() as warehouse, warehouse.writing(str(LAST)) as connection:
        connection.execute(text("DELETE FROM curtailment_records WHERE settlement_date = :day"), {"day": str(LAST)})
    done = run_cli(made, "critical", LAST, "--yes")
    assert done.returncode == 0, done.stderr
    metadata = shown(made, "curtailment_records", LAST)
    largest = metadata["farms that lost most"].records[0].data
    assert largest["curtailed energy (MWh)"] > 0


def test_what_is_not_known_is_not_shown_as_zero(tmp_path: Path) -> None:
    with Twin(GeneratedWorld(seed=8, units=6, light=True, windy_days=[DAY])) as twin:
        twin.fault(Fault(kind="blank", route="prices"), Fault(kind="blank", route="candles"))
        twin.fault(Fault(kind="status", route="fuelhh", status=503))
        made = environment(tmp_path, twin, start_date=DAY, end_date=DAY, retry_attempts=1)
        with made.instance() as instance:
            assert not run_range(made, DAY, instance=instance).errors
    bitcoin, curtailment = shown(made, "bitcoin_daily_summaries", DAY), shown(made, "daily_summaries", DAY)
    assert "S9 (BTC)" in bitcoin
    assert not [name for name in bitcoin if name.endswith("(£)") and name != "payment (£)"]
    assert "curtailed share" not in curtailment
    assert shown(made, "bitcoin_monthly_summaries", "2025-06")["days priced"] == 0
