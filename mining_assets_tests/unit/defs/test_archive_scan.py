"""What the integrity scan and runs of days show of the archive's checks."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from mining_assets.definitions import build_definitions
from mining_assets.defs.assets.partition_metadata import of_records
from mining_assets.defs.check_evaluations import check_key, check_results
from mining_assets.defs.integrity import INTEGRITY_JOB
from mining_assets.pipeline.days import read_records
from mining_assets.pipeline.verify_archive import NOT_KEPT, SCAN, Depth, verify_and_store_archive
from mining_assets.reconciliation.checks import ARCHIVE_AGREEMENT, ARCHIVE_CHECKS, ARCHIVED, Check
from mining_assets.reconciliation.findings import NotEvaluated, Verification
from mining_assets.settings import Settings
from mining_assets.warehouse.verifications import last_scans
from mining_assets_tests.support.archive_cases import Harm, alter, lose, without_a_row
from mining_assets_tests.support.archived import FIRST, RULES, SECOND, archived_days
from mining_assets_tests.support.ground import Ground

QUIET_RUN = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Ground]:
    with archived_days(tmp_path) as opened:
        yield opened


def shown(ground: Ground, verification: Verification) -> dict[Check, dg.AssetCheckResult]:
    keys = [check_key(check) for check in ARCHIVE_CHECKS]
    results = check_results(verification, ground.warehouse, RULES.scope, keys)
    return dict(zip(ARCHIVE_CHECKS, results, strict=True))


def verified(ground: Ground) -> Verification:
    return verify_and_store_archive(ground.warehouse, ground.archive, RULES.scope, (FIRST, SECOND), Depth.ALL)


def test_checks_that_hold_say_which_days_were_read_and_nothing_of_values(ground: Ground) -> None:
    for result in shown(ground, verified(ground)).values():
        covered = f"2 days from {FIRST} to {SECOND}"
        assert (result.passed, result.description) == (True, f"Nothing is open anywhere. This run covered {covered}.")
        assert "verified by value" not in result.metadata


@pytest.mark.parametrize(
    ("harm", "check", "severity", "command"),
    [
        (lose, ARCHIVED, dg.AssetCheckSeverity.WARN, f"mining-assets date {FIRST} --refetch"),
        (without_a_row, ARCHIVE_AGREEMENT, dg.AssetCheckSeverity.ERROR, f"mining-assets replay {FIRST}`"),
    ],
    ids=["archived", "archive_agreement"],
)
def test_a_failed_check_names_the_day_and_what_to_do(
    ground: Ground, tmp_path: Path, harm: Harm, check: Check, severity: dg.AssetCheckSeverity, command: str
) -> None:
    harm(ground.warehouse, tmp_path)
    results = shown(ground, verified(ground))
    failed = results.pop(check)
    assert (failed.passed, failed.severity) == (False, severity)
    assert f"on 1 day, 1 of them covered by this run (2 days from {FIRST} to {SECOND}). First {FIRST}: " in str(
        failed.description
    )
    assert command in str(failed.metadata["what to do"].value)
    assert all(other.passed for other in results.values())


def test_the_records_of_an_archived_day_name_its_history(ground: Ground) -> None:
    with ground.warehouse.reading() as connection:
        stored = read_records(connection, [FIRST], {})[FIRST]
    assert of_records(FIRST, stored)["history"] == f"mining-assets history {FIRST}"
    assert "history" not in of_records(FIRST, replace(stored, answers=stored.answers.iloc[:0]))


def test_what_to_do_on_several_days_is_one_command() -> None:
    assert f"`mining-assets replay {FIRST} {SECOND}`" in ARCHIVE_AGREEMENT.remedy_on_days([FIRST, SECOND])
    assert f"`mining-assets range {FIRST} {SECOND} --refetch`" in ARCHIVED.remedy_on_days([FIRST, SECOND])


@pytest.mark.parametrize(
    ("not_evaluated", "passed"),
    [(NOT_KEPT, True), (NotEvaluated("archive: s3://there: no route", is_fault=True), False)],
)
def test_a_check_that_was_not_evaluated_says_so_and_is_at_most_a_warning(
    ground: Ground, not_evaluated: NotEvaluated, passed: bool
) -> None:
    results = shown(ground, Verification(not_evaluated=dict.fromkeys(ARCHIVE_CHECKS, not_evaluated)))
    for result in results.values():
        assert (result.passed, result.severity) == (passed, dg.AssetCheckSeverity.WARN)
        assert result.description == f"Not evaluated by this run: {not_evaluated.reason}."


def evaluated(ground: Ground, home: Path, address: str, **config: Any) -> dict[str, dg.AssetCheckEvaluation]:
    settings = Settings(home=home, archive_url=address, start_date=FIRST, end_date=SECOND)
    definitions = build_definitions(settings, {"warehouse": ground.warehouse})
    run_config = QUIET_RUN | {"ops": {"verify": {"config": config}}}
    with dg.DagsterInstance.ephemeral() as instance:
        result = definitions.resolve_job_def(INTEGRITY_JOB).execute_in_process(
            instance=instance, run_config=run_config, raise_on_error=False
        )
    of_archive = [
        each for each in result.get_asset_check_evaluations() if each.check_name in ("archived", ARCHIVE_AGREEMENT.name)
    ]
    assert result.success != bool(config.get("archive") and address == "none")
    return {each.check_name: each for each in of_archive}


def test_the_daily_scan_reads_and_is_noted(ground: Ground, tmp_path: Path) -> None:
    alter(ground.warehouse, tmp_path)
    found = evaluated(ground, tmp_path, str(tmp_path / "archive"), scope="all")
    assert (found["archived"].passed, found["archive_agreement"].passed) == (False, True)
    with ground.warehouse.reading() as connection:
        assert SCAN in last_scans(connection)


@pytest.mark.system
def test_the_hourly_scan_sees_what_is_lost_and_reads_nothing_else(ground: Ground, tmp_path: Path) -> None:
    alter(ground.warehouse, tmp_path)
    assert evaluated(ground, tmp_path, str(tmp_path / "archive"), scope="recent")["archived"].passed
    lose(ground.warehouse, tmp_path)
    assert not evaluated(ground, tmp_path, str(tmp_path / "archive"), scope="recent")["archived"].passed


@pytest.mark.system
@pytest.mark.parametrize("config", [{"scope": "all"}, {"archive": True}], ids=["scheduled", "asked for"])
def test_without_an_archive_the_job_fails_only_when_it_was_asked_for(
    ground: Ground, tmp_path: Path, config: dict[str, Any]
) -> None:
    for each in evaluated(ground, tmp_path, "none", **config).values():
        assert each.passed
        assert each.description == f"Not evaluated by this run: {NOT_KEPT.reason}."


@pytest.mark.system
@pytest.mark.parametrize("address", ["archive", "none"])
def test_a_check_executed_by_itself_reads_everything(ground: Ground, tmp_path: Path, address: str) -> None:
    alter(ground.warehouse, tmp_path)
    where = address if address == "none" else str(tmp_path / address)
    settings = Settings(home=tmp_path, archive_url=where, start_date=FIRST, end_date=SECOND)
    definitions = build_definitions(settings, {"warehouse": ground.warehouse})
    job = dg.define_asset_job("alone", selection=dg.AssetSelection.checks(check_key(ARCHIVED)))
    resolved = dg.Definitions.merge(definitions, dg.Definitions(jobs=[job])).resolve_job_def("alone")
    with dg.DagsterInstance.ephemeral() as instance:
        (found,) = resolved.execute_in_process(instance=instance, run_config=QUIET_RUN).get_asset_check_evaluations()
    assert found.passed == (address == "none")
