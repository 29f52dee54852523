"""What Dagster is given: every asset documented, partitions that map to one another, and updates that are not lost."""

import importlib
import os
import re
import tomllib
from collections.abc import Iterator
from datetime import date
from importlib.resources import files
from pathlib import Path

import dagster as dg
import pytest
import yaml

from mining_assets import CODE_LOCATION
from mining_assets.definitions import build_definitions
from mining_assets.defs.assets.day_config import DailyRun
from mining_assets.defs.assets.keys import BITCOIN_DAILY, CALCULATIONS, DAILY, DAILY_CHAIN, RECORDS, STACKS
from mining_assets.defs.assets.references import NETWORK_EPOCHS, WIND_BM_UNITS
from mining_assets.defs.assets.report import RECONCILIATION_REPORT
from mining_assets.defs.assets.rollups import MONTHLY, YEARLY
from mining_assets.defs.integrity import IntegrityScan
from mining_assets.defs.operator_jobs import DailyCheck, OneDay, OnePeriod
from mining_assets.defs.partitions import partitions_of
from mining_assets.settings import Settings, dagster_home
from mining_assets.warehouse.names import ARCHIVED_FETCHES
from mining_assets_tests.support.harness import environment, run_range, tables
from mining_assets_tests.support.paths import ROOT
from mining_assets_tests.support.twin.generated import GeneratedWorld
from mining_assets_tests.support.twin.server import Twin

TWELVE = {*DAILY_CHAIN, *MONTHLY, *YEARLY, WIND_BM_UNITS, NETWORK_EPOCHS}
DAY, MONTH, YEAR = (dg.AssetKey(name) for name in ("daily_summaries", "monthly_summaries", "yearly_summaries"))


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(home=tmp_path_factory.mktemp("home"), start_date=date(2024, 1, 1), end_date=date(2025, 12, 31))


@pytest.fixture(scope="module")
def definitions(settings: Settings) -> dg.Definitions:
    return build_definitions(settings)


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        yield made


def test_definitions_load(definitions: dg.Definitions) -> None:
    dg.Definitions.validate_loadable(definitions)
    assert set(definitions.resolve_all_asset_keys()) == TWELVE | {RECONCILIATION_REPORT}


@pytest.mark.parametrize("key", sorted(TWELVE), ids=lambda key: key.to_user_string())
def test_asset_is_documented_down_to_its_columns(key: dg.AssetKey, definitions: dg.Definitions) -> None:
    spec = definitions.get_assets_def(key).specs_by_key[key]
    assert spec.description
    assert spec.owners
    assert spec.kinds
    assert spec.group_name != "default"
    assert spec.code_version
    assert spec.metadata["dagster/table_name"] == (ARCHIVED_FETCHES if key == STACKS else key.to_user_string())
    schema = spec.metadata["dagster/column_schema"]
    assert isinstance(schema, dg.TableSchema)
    assert [column.name for column in schema.columns if not column.description] == []
    assert any(not column.constraints.nullable for column in schema.columns)
    assert schema.constraints
    assert schema.constraints.other[0].startswith("primary key (")
    of_one_database = re.compile("9e999|Infinity|substr|date\\(|IN \\(0, 1\\)|[0-9]{9}")
    assert [rule for rule in schema.constraints.other if of_one_database.search(rule)] == []


def test_the_stacks_say_whether_answers_are_kept(tmp_path: Path) -> None:
    for address, said in ((None, "archive check"), ("none", "Here nothing is kept: MINING_ASSETS_ARCHIVE_URL is none")):
        made = build_definitions(Settings(home=tmp_path, archive_url=address))
        spec = made.get_assets_def(STACKS).specs_by_key[STACKS]
        assert said in (spec.description or "")
        assert spec.group_name == "raw"
        assert STACKS in {dep.asset_key for dep in made.get_assets_def(RECORDS).specs_by_key[RECORDS].deps}


def test_other_miner_models_are_another_version_of_what_is_calculated(tmp_path: Path) -> None:
    models = tmp_path / "models.toml"
    models.write_text("[S9]\nhashrate_th = 14.0\npower_w = 1323.0\n")
    for key, derived_columns_match in ((CALCULATIONS, True), (BITCOIN_DAILY, True), (RECORDS, False), (DAILY, False)):
        usual, other = (
            build_definitions(Settings(home=tmp_path, miner_models=chosen)).get_assets_def(key).specs_by_key[key]
            for chosen in (None, models)
        )
        assert (usual.code_version != other.code_version) is derived_columns_match


@pytest.mark.parametrize("config", [DailyRun, DailyCheck, OneDay, OnePeriod, IntegrityScan])
def test_the_launchpad_says_what_each_field_means(config: type[dg.Config]) -> None:
    assert {name for name, field in config.model_fields.items() if not field.description} == set()


@pytest.mark.parametrize(
    ("job", "keys"),
    [
        ("daily", {*DAILY_CHAIN}),
        ("monthly", {*MONTHLY}),
        ("yearly", {*YEARLY}),
        ("references", {WIND_BM_UNITS, NETWORK_EPOCHS}),
        ("report", {RECONCILIATION_REPORT}),
    ],
)
def test_job_holds_its_assets(job: str, keys: set[dg.AssetKey], definitions: dg.Definitions) -> None:
    layer = definitions.resolve_job_def(job).asset_layer
    assert set(layer.selected_asset_keys) == keys


def test_partitions_are_the_days_between_the_bounds_and_the_spans_around_them(tmp_path: Path) -> None:
    cuts = partitions_of(Settings(home=tmp_path, start_date=date(2024, 2, 28), end_date=date(2025, 3, 1)))
    days, months, years = (cut.get_partition_keys() for cut in (cuts.days, cuts.months, cuts.years))
    assert days[:3] == ["2024-02-28", "2024-02-29", "2024-03-01"]
    assert (days[-1], len(days)) == ("2025-03-01", 368)
    assert (months[0], months[-1], len(months)) == ("2024-02", "2025-03", 14)
    assert years == ["2024", "2025"]


def test_days_of_a_clock_change_are_23_and_25_hours(tmp_path: Path) -> None:
    days = partitions_of(Settings(home=tmp_path)).days
    for key, hours in (("2025-03-30", 23), ("2025-10-26", 25), ("2025-06-01", 24)):
        window = days.time_window_for_partition_key(key)
        assert (window.end.timestamp() - window.start.timestamp()) / 3600 == hours


def test_without_an_end_the_last_day_is_over_and_its_month_and_year_are_there(tmp_path: Path) -> None:
    cuts = partitions_of(Settings(home=tmp_path))
    last = cuts.days.get_partition_keys()[-1]
    assert cuts.months.get_partition_keys()[-1] >= last[:7]
    assert cuts.years.get_partition_keys()[-1] >= last[:4]


def report(instance: dg.DagsterInstance, key: dg.AssetKey, *names: str) -> None:
    for name in names:
        instance.report_runless_asset_event(dg.AssetMaterialization(key, partition=name))


class Ticks:
    """The automation sensor's ticks, one after the other."""

    def __init__(self, definitions: dg.Definitions, instance: dg.DagsterInstance) -> None:
        self._given = (definitions, instance)
        self._result = dg.evaluate_automation_conditions(*self._given)

    def requested(self, key: dg.AssetKey) -> set[str]:
        """What the next tick asks for."""
        self._result = dg.evaluate_automation_conditions(*self._given, cursor=self._result.cursor)
        return set(self._result.get_requested_partitions(key))


@pytest.mark.parametrize(
    ("days", "months"),
    [
        (["2025-06-05"], {"2025-06"}),
        (["2025-06-30", "2025-07-01"], {"2025-06", "2025-07"}),
        (["2024-12-31", "2025-01-01"], {"2024-12", "2025-01"}),
        (["2024-02-29"], {"2024-02"}),
        (["2025-12-31"], {"2025-12"}),
    ],
)
def test_changed_day_asks_for_its_month_and_no_other(
    days: list[str], months: set[str], definitions: dg.Definitions, instance: dg.DagsterInstance
) -> None:
    ticks = Ticks(definitions, instance)
    report(instance, DAY, *days)
    assert ticks.requested(MONTH) == months
    assert ticks.requested(MONTH) == set()


def test_changed_month_asks_for_its_year(definitions: dg.Definitions, instance: dg.DagsterInstance) -> None:
    ticks = Ticks(definitions, instance)
    report(instance, MONTH, "2024-12")
    assert ticks.requested(YEAR) == {"2024"}


def test_day_that_changes_right_after_its_month_was_requested_is_not_lost(
    definitions: dg.Definitions, instance: dg.DagsterInstance
) -> None:
    ticks = Ticks(definitions, instance)
    report(instance, DAY, "2025-06-05")
    assert ticks.requested(MONTH) == {"2025-06"}
    report(instance, DAY, "2025-06-06")
    assert ticks.requested(MONTH) == {"2025-06"}


def test_day_that_changes_in_the_tick_in_which_its_month_ends_is_not_lost(
    definitions: dg.Definitions, instance: dg.DagsterInstance
) -> None:
    ticks = Ticks(definitions, instance)
    report(instance, DAY, "2025-06-05")
    assert ticks.requested(MONTH) == {"2025-06"}
    report(instance, MONTH, "2025-06")
    report(instance, DAY, "2025-06-08")
    assert ticks.requested(MONTH) == {"2025-06"}
    report(instance, MONTH, "2025-06")
    assert ticks.requested(MONTH) == set()


@pytest.mark.system
def test_one_run_may_cover_days_of_two_months(tmp_path: Path) -> None:
    first, last = date(2025, 6, 29), date(2025, 7, 2)
    with Twin(GeneratedWorld(seed=6, units=6, light=True)) as twin:
        made = environment(tmp_path, twin, start_date=first, end_date=last)
        assert run_range(made, first, last).errors == []
    dumped = tables(made)
    monthly, yearly = dumped["monthly_summaries"], dumped["yearly_summaries"]
    assert monthly[["year_month", "days_complete", "days_expected"]].to_numpy().tolist() == [
        ["2025-06", 2, 2],
        ["2025-07", 2, 2],
    ]
    assert yearly[["year", "days_complete", "days_expected"]].to_numpy().tolist() == [["2025", 4, 4]]


def test_instance_file_at_the_root_differs_from_the_packaged_one_in_its_home() -> None:
    instance = yaml.safe_load((files("mining_assets") / "packaged" / "dagster.yaml").read_text())
    local = yaml.safe_load((ROOT / "dagster.yaml").read_text())
    folder = os.path.relpath(dagster_home())
    assert local.pop("storage") == {"sqlite": {"base_dir": folder}}
    assert local.pop("local_artifact_storage")["config"] == {"base_dir": folder}
    assert local.pop("compute_logs")["config"] == {"base_dir": f"{folder}/storage"}
    assert instance.pop("storage") == {"sqlite": {"base_dir": {"env": "DAGSTER_HOME"}}}
    assert local == instance
    assert instance["telemetry"] == instance["nux"] == {"enabled": False}


def test_workspace_at_the_root_names_the_definitions() -> None:
    (location,) = yaml.safe_load((ROOT / "workspace.yaml").read_text())["load_from"]
    module = importlib.import_module(location["python_module"]["module_name"])
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["dg"]["project"]
    assert location["python_module"]["location_name"] == project["code_location_name"] == CODE_LOCATION
    assert module.__name__ == project["code_location_target_module"] == CODE_LOCATION
    assert callable(module.build_definitions)
    assert hasattr(module, "defs")
