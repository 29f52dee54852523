"""A third daily series, the mean temperature, in a process of its own: what happens with a new entry of the registry.

Run with a folder; prints what was seen as JSON. It registers the series before anything else is imported, as an edit
of ``domain/daily_series.py`` would: the rest of the product finds it there, and nothing else is told of it but how a
day is fetched, and its table.
"""

import json
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import httpx
import pandas as pd
from sqlalchemy import CheckConstraint, PrimaryKeyConstraint, Table, text, update

from mining_assets.domain import daily_series
from mining_assets.warehouse.columns import Day, Number

NAME, TITLE = "mean_temperature", "Mean temperature"
FIRST, SECOND, THIRD = DAYS = [date(2025, 6, 2), date(2025, 6, 3), date(2025, 6, 4)]
CELSIUS = {FIRST: 11.5, SECOND: 12.5, THIRD: 14.0}
BASE = 15.5  # °C


def why_wrong(day: date, rows: pd.DataFrame) -> str | None:
    (celsius,) = rows["celsius"]
    return None if -40 < celsius < 45 else f"{celsius} °C on {day}"


def of_days(rows: pd.DataFrame, celsius: "pd.Series[float]") -> pd.DataFrame:
    return rows.assign(heating_degrees=(BASE - rows["summary_date"].map(celsius).astype(float)).clip(lower=0))


def register() -> None:
    """Do what an engineer does who adds a series: an entry in the registry, and a table."""
    entry = daily_series.DailySeries(
        name=NAME,
        title=TITLE,
        noun="temperature",
        plural="temperatures",
        description="Mean temperature of Great Britain (°C).",
        group="curtailment",
        kinds=frozenset({"elexon", "sql"}),
        asserts="Every temperature is what was fetched, and one that occurs in Great Britain.",
        why_wrong=why_wrong,
        day_values=lambda rows: rows.set_index("settlement_date")["celsius"],
        shown=lambda rows: {"mean temperature (°C)": float(rows["celsius"].iloc[0])},
        credits={},
        is_revised=True,
        figures=daily_series.SummaryFigures(
            table="daily_summaries",
            comments={"heating_degrees": "°C by which a day is below 15.5, summed."},
            additive=("heating_degrees",),
            days_known="days_with_temperature",
            days_known_comment="Days of which the temperature is known.",
            of_days=of_days,
            ratios=lambda rows: rows,
            check="heating",
            asserts="Heating degrees are those recomputed from mean_temperature.",
        ),
    )
    daily_series.DAILY_SERIES = {**daily_series.DAILY_SERIES, NAME: entry}
    daily_series.SERIES = tuple(daily_series.DAILY_SERIES)
    from mining_assets.warehouse import schema

    Table(
        NAME,
        schema.metadata,
        schema.required("settlement_date", Day, "Day."),
        schema.required("celsius", Number, "Mean temperature, °C."),
        PrimaryKeyConstraint("settlement_date"),
        CheckConstraint("celsius > -273", name="celsius"),
        sqlite_strict=True,
    )


register()

# Everything else is imported after the series was registered, as it is where the entry stands in the registry's file.
from mining_assets.cli import status as status_command  # noqa: E402
from mining_assets.definitions import build_definitions  # noqa: E402
from mining_assets.defs.assets.keys import DAILY_CHAIN  # noqa: E402
from mining_assets.domain.retry_policy import HealingPolicy, RetryRule  # noqa: E402
from mining_assets.pipeline import fetch_series  # noqa: E402
from mining_assets.pipeline.dependencies import Dependencies, Rules  # noqa: E402
from mining_assets.pipeline.repair import Repairs  # noqa: E402
from mining_assets.pipeline.results import SeriesResult, SummaryResult  # noqa: E402
from mining_assets.reconciliation.findings import Verification  # noqa: E402
from mining_assets.reconciliation.plan import DAILY_TABLES, plan_series  # noqa: E402
from mining_assets.reconciliation.verify import Scope  # noqa: E402
from mining_assets.settings import Settings  # noqa: E402
from mining_assets.warehouse import schema  # noqa: E402
from mining_assets.warehouse.exports import RELATIONS  # noqa: E402
from mining_assets.warehouse.origins import read_origins  # noqa: E402
from mining_assets.warehouse.series import series_states  # noqa: E402
from mining_assets.warehouse.status import read_status  # noqa: E402
from mining_assets_tests.support.ground import LOG, Ground  # noqa: E402
from mining_assets_tests.support.samples import MODELS, damage  # noqa: E402
from mining_assets_tests.support.twin.generated import GeneratedWorld  # noqa: E402

SCOPE = Scope(MODELS, (FIRST, THIRD))
RULES = Rules(SCOPE, (), {}, {}, {}, HealingPolicy(), RetryRule(attempts=3, base_seconds=0.001), 1000)


class WarmGround(Ground):
    """Serves the temperature too, on a route of Elexon's; of days in ``without`` there is none."""

    without: frozenset[date] = frozenset()

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if not request.url.path.endswith("/temperature"):
            return super()._answer(request)
        return httpx.Response(200, json={str(day): CELSIUS[day] for day in DAYS if day not in self.without})


def fetch(dependencies: Dependencies, days: Sequence[date], _: pd.DataFrame) -> fetch_series.FetchedSeries:
    elexon = dependencies.elexon
    answer = elexon.run(elexon.client._http.get("temperature", json.loads))
    found = [day for day in days if str(day) in answer.value]
    rows = pd.DataFrame({"settlement_date": found, "celsius": [answer.value[str(day)] for day in found]})
    return fetch_series.FetchedSeries(
        [rows],
        dict.fromkeys(found, answer.fetched_at),
        dict.fromkeys(found, elexon.client.origin),
        {day: "no temperature is published" for day in days if day not in found},
    )


def prepare(ground: Ground) -> None:
    """Do what the migration would."""
    with ground.warehouse.writing("schema") as connection:
        schema.metadata.tables[NAME].create(connection, checkfirst=True)
        for table, names in (
            ("daily_summaries", ("heating_degrees REAL",)),
            ("monthly_summaries", ("heating_degrees REAL", "days_with_temperature INTEGER")),
            ("yearly_summaries", ("heating_degrees REAL", "days_with_temperature INTEGER")),
        ):
            for column in names:
                connection.execute(text(f"ALTER TABLE {table} ADD COLUMN {column}"))


def findings(ground: Ground) -> list[str]:
    """Verify all days, and return the findings on the series and its figures, as text."""
    verifications = list(ground.pipeline.verify(DAYS))
    return [
        f"{found.check.table} {found.check.name} {found.span}: {found.example}"
        for each in verifications
        if isinstance(each, Verification)
        for found in each.findings
        if found.check.table == NAME or found.check.name == "heating"
    ]


def plan_of(ground: Ground) -> list[str]:
    with ground.warehouse.reading() as connection:
        states = series_states(connection, NAME, FIRST, THIRD)
    now = datetime.now(UTC) + timedelta(days=1)
    made = plan_series(NAME, states, in_flight_days=[], unavailable={}, free_run_slots=3, now=now)
    return [f"{work.kind} {work.days[0]} to {work.days[1]}" for work in made.work]


def seen(folder: Path) -> dict[str, Any]:
    """Run the series through everything, and return what was seen."""
    found: dict[str, Any] = {}
    ground = WarmGround(GeneratedWorld(seed=5, units=6, light=True, windy_days=DAYS), RULES, folder)
    ground.without = frozenset({THIRD})
    with ground.open():
        prepare(ground)
        results = {each.name: each for each in ground.run(DAYS) if isinstance(each, SeriesResult)}
        found["fetched"] = sorted(map(str, results[NAME].known))
        found["failed"] = {str(day): reason for day, reason in results[NAME].failed.items()}
        found["one_unknown"] = findings(ground)
        found["planned"] = plan_of(ground)
        ground.without = frozenset()
        (later,) = (each for each in ground.run(DAYS, [NAME]) if isinstance(each, SeriesResult))
        found["summarized_later"] = sorted(map(str, later.summaries["daily_summaries"]))
        found["clean"] = findings(ground)
        events = list(Repairs(ground.dependencies, LOG).check_days(DAYS, force=False))
        months = {each.table: each.rows for each in events if isinstance(each, SummaryResult)}
        columns = ["heating_degrees", "days_with_temperature"]
        found["month"] = months["monthly_summaries"][columns].to_dict("records")
        found["year"] = months["yearly_summaries"][columns].to_dict("records")
        with ground.warehouse.reading() as connection:
            status = read_status(connection, FIRST, THIRD, MODELS, SCOPE.date_range)
            origins = read_origins(connection)
        found["status"] = [line for line in status_command.as_text(status).splitlines() if TITLE in line]
        found["status_json"] = status_command.as_dict(status)["series"][NAME]["known"]
        found["origins"] = [each.data for each in origins.all]
        summaries, temperatures = schema.daily_summaries, schema.metadata.tables[NAME]
        damage(
            ground.warehouse,
            update(temperatures).values(celsius=13).where(temperatures.c.settlement_date == SECOND),
            update(summaries).values(heating_degrees=1).where(summaries.c.summary_date == FIRST),
        )
        found["damaged"] = findings(ground)
        found["planned_after_damage"] = plan_of(ground)
        ground.run(DAYS)
        found["repaired"] = findings(ground)
    definitions = build_definitions(Settings.load())
    graph = definitions.resolve_asset_graph()
    assert {key.to_user_string() for key in DAILY_CHAIN} == set(DAILY_TABLES)
    found["asset"] = NAME in {key.to_user_string() for key in graph.get_all_asset_keys()}
    parents = graph.get(dg.AssetKey("daily_summaries")).parent_keys
    found["parents"] = sorted(key.to_user_string() for key in parents)
    found["checks"] = sorted(key.name for key in graph.asset_check_keys if key.asset_key.path == [NAME])
    found["exported"] = NAME in RELATIONS
    return found


if __name__ == "__main__":
    fetch_series.FETCH[NAME] = fetch
    print(json.dumps(seen(Path(sys.argv[1])), default=str))
