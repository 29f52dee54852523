"""What Dagster shows of a verification, in runs with a bad day and in runs of the checks alone."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import dagster as dg
import pytest
from sqlalchemy import delete, update

from mining_assets.definitions import build_definitions
from mining_assets.defs.assets.keys import DAILY_CHAIN
from mining_assets.defs.check_evaluations import (
    OPERATORS_PAGE,
    check_evaluations,
    check_key,
    check_results,
    check_specs,
)
from mining_assets.reconciliation import checks
from mining_assets.reconciliation.checks import CHECKS
from mining_assets.reconciliation.findings import Verification, joined, problems, store_findings
from mining_assets.settings import Settings
from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.schema import daily_summaries, monthly_summaries, wind_bm_units, yearly_summaries
from mining_assets_tests.support.clean import DAYS, QUIET, SCOPE, SHORT, WINDY, clean
from mining_assets_tests.support.paths import DOCS
from mining_assets_tests.support.samples import damage
from mining_assets_tests.support.templates import Templates

FOUND_AT = datetime(2025, 5, 1, 3, tzinfo=UTC)
QUIET_RUN = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def verification_with_problems() -> Verification:
    made = Verification(spans={SHORT, QUIET, WINDY, "2025-03", "2025"}, tables={"curtailment_records"})
    bad = problems([SHORT, SHORT, WINDY], ["period 1 bid"] * 3, ["not in the ledger"] * 3)
    made.add(checks.COMPLETENESS, bad)
    made.add(checks.CAPACITY, problems([WINDY], ["period 2 T_X-1"], ["too much"]))
    made.count(checks.CALCULATIONS_COMPLETE, expected=200, missing=50, actual=150, orphan=0)
    return made


@pytest.fixture
def ground(templates: Templates, tmp_path: Path) -> Iterator[Warehouse]:
    """A clean warehouse in which the problems above were found."""
    with templates.copy("sqlite", clean, tmp_path) as warehouse:
        with warehouse.writing("findings") as connection:
            store_findings(connection, verification_with_problems(), FOUND_AT)
        yield warehouse


def test_every_check_of_the_catalog_belongs_to_one_asset_of_the_graph(tmp_path: Path) -> None:
    graph = build_definitions(Settings(home=tmp_path)).resolve_asset_graph()
    assert graph.asset_check_keys == {check_key(check) for check in CHECKS}


def test_a_failed_check_shows_the_bad_days_the_counts_and_what_to_do(ground: Warehouse) -> None:
    keys = [check_key(checks.COMPLETENESS), check_key(checks.CAPACITY), check_key(checks.VALIDITY)]
    failed, holds, suspicion = check_results(verification_with_problems(), ground, SCOPE, keys)
    assert (failed.passed, failed.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert failed.metadata["problems"].value == 3
    assert failed.metadata["open days"].value == 2
    assert failed.description == (
        f"Open since 2025-05-01 03:00 UTC on 2 days, 2 of them covered by this run (3 days from {SHORT} to {WINDY}). "
        f"First {SHORT}: period 1 bid: not in the ledger"
    )
    assert failed.metadata["covered"].value == f"3 days from {SHORT} to {WINDY}"
    rows = [record.data for record in failed.metadata["bad days"].value.records]  # type: ignore[union-attr]
    assert rows[0] == {
        "day": str(SHORT),
        "problems": 2,
        "first of them": "period 1 bid: not in the ledger",
        "open since": "2025-05-01 03:00 UTC",
        "what to do": checks.COMPLETENESS.remedy_on(SHORT),
    }
    assert f"mining-assets date {WINDY}" in str(rows[1]["what to do"])
    assert f"mining-assets date {SHORT}" in str(failed.metadata["what to do"].value)
    assert failed.metadata["operator's page"] == dg.MetadataValue.path(
        "docs/checks.md#curtailment_records-completeness"
    )
    assert "operator's page" not in holds.metadata
    assert (holds.metadata["problems"].value, holds.metadata["open days"].value) == (0, 0)
    unverified = f"0 of 3 days; not since it was last written: {SHORT} to {WINDY}, 2025-03, 2025-04, 2025"
    assert holds.description == (
        f"Nothing is open anywhere. This run covered 3 days from {SHORT} to {WINDY}. Verified by value: {unverified}."
    )
    assert holds.metadata["verified by value"].value == unverified
    assert (holds.check_name, holds.passed) == ("validity", True)
    assert (suspicion.passed, suspicion.severity) == (False, dg.AssetCheckSeverity.WARN)


def test_a_failed_check_links_to_its_section_of_the_operators_page(ground: Warehouse) -> None:
    (failed,) = check_results(
        verification_with_problems(),
        ground,
        SCOPE,
        [check_key(checks.CAPACITY)],
        docs_url="https://docs.example/mining_assets",
    )
    assert failed.metadata["operator's page"] == dg.MetadataValue.url(
        "https://docs.example/mining_assets/checks.md#curtailment_records-capacity_bound"
    )


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.anchor)
def test_the_operators_page_has_a_section_for_every_check(check: checks.Check) -> None:
    page = DOCS / OPERATORS_PAGE
    _, _, rest = page.read_text().partition(f"\n### {check.table}: {check.name}\n")
    section, _, _ = rest.partition("\n##")
    assert check.asserts in section
    assert f"What to do: {check.remedy}" in section
    assert len(section.strip().split("\n\n")) == 3  # and what it means


def test_completion_is_shown_in_percent(ground: Warehouse) -> None:
    (result,) = check_results(verification_with_problems(), ground, SCOPE, [check_key(checks.CALCULATIONS_COMPLETE)])
    assert result.metadata["completion (%) (this run)"].value == 75.0


def test_events_say_what_results_say(ground: Warehouse) -> None:
    made = verification_with_problems()
    keys = [check_key(check) for check in CHECKS]
    judged = (made, ground, SCOPE, keys)
    for result, evaluation in zip([*check_results(*judged)], [*check_evaluations(*judged)], strict=True):
        assert (evaluation.check_name, evaluation.passed) == (result.check_name, result.passed)
        assert evaluation.metadata == result.metadata


def test_specs_carry_what_is_asserted_and_the_remedy() -> None:
    specs = {spec.name: spec.description or "" for spec in check_specs(["curtailment_records"])}
    assert set(specs) == {check.name for check in CHECKS if check.table == "curtailment_records"}
    assert all("If it fails: " in description for description in specs.values())


@pytest.mark.parametrize(
    ("harm", "failing"),
    [
        (delete(daily_summaries).where(daily_summaries.c.summary_date == WINDY), checks.DAILY_SUMS),
        pytest.param(
            update(monthly_summaries).where(monthly_summaries.c.year_month == "2025-04").values(farms=9),
            checks.SUMS["monthly_summaries"],
            marks=pytest.mark.system,
        ),
        pytest.param(
            update(yearly_summaries).values(farms=9), checks.SUMS["yearly_summaries"], marks=pytest.mark.system
        ),
        (update(wind_bm_units).values(is_current=False), checks.UNITS_KEPT),
    ],
    ids=["a day", "a month", "a year", "a reference"],
)
def test_checks_run_alone_look_at_the_whole_history(
    harm: object, failing: checks.Check, templates: Templates, tmp_path: Path
) -> None:
    with templates.copy("sqlite", clean, tmp_path) as warehouse:
        damage(warehouse, harm)  # type: ignore[arg-type]
        evaluated = _checks_alone(warehouse, tmp_path, failing)
    assert not evaluated.passed
    assert evaluated.partition is None


def test_checks_run_alone_hold_on_a_clean_warehouse(templates: Templates, tmp_path: Path) -> None:
    with templates.copy("sqlite", clean, tmp_path) as warehouse:
        evaluated = _checks_alone(warehouse, tmp_path, checks.DAILY_SUMS)
    assert evaluated.passed
    assert evaluated.metadata["covered"].value == f"{len(DAYS)} days from {SHORT} to {WINDY}"


def _checks_alone(warehouse: Warehouse, home: Path, check: checks.Check) -> dg.AssetCheckEvaluation:
    settings = Settings(home=home, start_date=SHORT, end_date=WINDY)
    definitions = build_definitions(settings, {"warehouse": warehouse})
    job = dg.define_asset_job("alone", selection=dg.AssetSelection.checks(check_key(check)))
    resolved = dg.Definitions.merge(definitions, dg.Definitions(jobs=[job])).resolve_job_def("alone")
    with dg.DagsterInstance.ephemeral() as instance:
        result = resolved.execute_in_process(instance=instance, run_config=QUIET_RUN)
        (evaluation,) = result.get_asset_check_evaluations()
    return evaluation


def test_the_daily_chain_has_the_checks_of_its_four_assets(tmp_path: Path) -> None:
    graph = build_definitions(Settings(home=tmp_path)).resolve_asset_graph()
    of_chain = {key for asset in DAILY_CHAIN for key in graph.get(asset).check_keys}
    assert of_chain == {check_key(check) for check in CHECKS if dg.AssetKey(check.table) in DAILY_CHAIN}


def test_days_that_say_the_same_are_told_together_and_errors_come_first() -> None:
    found = Verification()
    days = [date(2025, 4, number) for number in (1, 2, 3, 5)]
    found.add(checks.CAPACITY, problems([days[0]], ["period 2 T_X-1"], ["too much"]))
    found.add(checks.COMPLETENESS, problems(days, [""] * 4, ["never fetched"] * 4))
    found.add(checks.COMPLETENESS, problems([date(2025, 4, 4)], ["period 1 bid"], ["not in the ledger"]))
    told = [(row.check.severity, row.where, row.problems, row.example) for row in joined(found.findings)]
    assert told == [
        ("error", "2025-04-01 to 2025-04-03", 3, "never fetched"),
        ("error", "2025-04-04", 1, "period 1 bid: not in the ledger"),
        ("error", "2025-04-05", 1, "never fetched"),
        ("warn", "2025-04-01", 1, "period 2 T_X-1: too much"),
    ]


def test_the_same_warning_on_many_days_is_one_row_with_their_ranges() -> None:
    found = Verification()
    days = [date(2025, 4, number) for number in (1, 2, 3, 5)]
    found.add(checks.CAPACITY, problems(days, ["period 2 T_X-1"] * 4, [f"{number} MWh" for number in range(4)]))
    (row,) = joined(found.findings)
    assert (row.where, row.problems) == ("2025-04-01 to 2025-04-03, 2025-04-05", 4)
    found.add(checks.CAPACITY, problems([date(2025, 5, 2 * day) for day in range(1, 9)], ["T_X-1"] * 8, ["0"] * 8))
    (row,) = joined(found.findings)
    assert (row.where, row.problems) == ("12 days from 2025-04-01 to 2025-05-16", 12)


def test_what_to_do_names_all_bad_days_as_ranges() -> None:
    days = [date(2025, 4, number) for number in (1, 2, 3, 5, 7, 8)]
    assert checks.LEDGER_AGREEMENT.remedy_on_days(days).endswith(
        "`mining-assets range 2025-04-01 2025-04-03 --refetch`. Likewise: 2025-04-05, 2025-04-07 to 2025-04-08."
    )
    assert checks.LEDGER_AGREEMENT.remedy_on_days(days[:1]) == checks.LEDGER_AGREEMENT.remedy_on(days[0])
    assert checks.CAPACITY.remedy_on_days(days) == checks.CAPACITY.remedy
    shrunk = next(check for check in CHECKS if "--accept-shrink" in check.remedy)
    assert "`mining-assets date 2025-04-01 --refetch --accept-shrink`" in shrunk.remedy_on_days(days)
    assert shrunk.remedy_on_days(days).endswith(
        "Likewise: 2025-04-02 to 2025-04-03, 2025-04-05, 2025-04-07 to 2025-04-08."
    )
