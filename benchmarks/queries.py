"""Reading ten years: status against counting, verification against reading, a sensor's tick against status."""

from collections.abc import Sequence
from statistics import median
from typing import Any

import dagster as dg

from benchmarks.databases import DETAIL, bare, empty, filled, read_month
from benchmarks.measure import Figure, Setting, in_process, medians
from benchmarks.warehouses import MODELS, months_of, scope_of
from mining_assets.reconciliation.verify import scan
from mining_assets.settings import Settings
from mining_assets.warehouse.status import read_status
from mining_assets_tests.support.looking import Looking, statements

YEARS = 10


def status(setting: Setting) -> list[Figure]:
    """`status` over ten years against counting the two large tables."""
    return [_status(setting, backend) for backend in setting.backends]


def _status(setting: Setting, backend: str) -> Figure:
    warehouse, days, _ = filled(setting, backend, YEARS)

    def product() -> None:
        with warehouse.reading() as connection:
            report = read_status(connection, days[0], days[-1], MODELS, scope_of(days).date_range)
        assert report.is_right

    with bare(warehouse) as connection:
        counts = [0, 0]

        def count() -> None:
            counts[:] = [connection.execute(f"SELECT count(*) FROM {table.name}").fetchone()[0] for table in DETAIL]

        counting, seconds = medians(3 * setting.repetitions, count, product)
    detail = {
        "records": counts[0],
        "calculations": counts[1],
        "days": len(days),
        "seconds": seconds,
        "seconds_counting": counting,
    }
    return Figure(
        f"status over ten years, {backend}", seconds / counting, 1, "less", "SELECT count(*) of both tables", detail
    )


def verify(setting: Setting) -> list[Figure]:
    """Everything verified by value over ten years against the driver reading both tables, month by month."""
    return [_verify(setting, backend) for backend in setting.backends]


def _verify(setting: Setting, backend: str) -> Figure:
    warehouse, days, _ = filled(setting, backend, YEARS)

    def product() -> None:
        assert not scan(warehouse, days[0], days[-1], scope_of(days)).errors

    with bare(warehouse) as connection:

        def read() -> None:
            for month in months_of(days):
                for table in DETAIL:
                    read_month(connection, table, month)

        reading, seconds = medians(1, read, product)
    detail = {"days": len(days), "seconds": seconds, "seconds_reading": reading}
    against = "the driver reading all columns of both tables, a month at a time"
    return Figure(f"verify ten years, {backend}", seconds / reading, 3, "less", against, detail)


def sensor(setting: Setting) -> list[Figure]:
    """Measure a tick of the healing sensor over ten years in order, against status, and count its queries."""
    return [figure for backend in setting.backends for figure in _sensor(setting, backend)]


def _sensor(setting: Setting, backend: str) -> list[Figure]:
    warehouse, days, _ = filled(setting, backend, YEARS)

    def report() -> None:
        with warehouse.reading() as connection:
            read_status(connection, days[0], days[-1], MODELS, scope_of(days).date_range)

    with dg.DagsterInstance.ephemeral() as instance:
        every, last = (
            Looking(Settings(home=setting.folder / "home", start_date=first, end_date=days[-1]), warehouse, instance)
            for first in (days[0], days[-1])
        )

        def tick(looking: Looking = every) -> None:
            requests = looking.tick(launch=False).requests
            assert looking is last or not requests  # to begin with the last day makes its month and year due

        seconds_status, seconds = medians(3 * setting.repetitions, report, tick)
        queries = []
        for looking in (every, last):
            with statements(warehouse) as sent:
                tick(looking)
                queries.append(len(sent()))
    detail = {"seconds": seconds, "seconds_status": seconds_status, "days": len(days), "queries": queries[0]}
    return [
        Figure(f"healing sensor over ten years, {backend}", seconds / seconds_status, 1, "less", "status", detail),
        Figure(
            f"queries of a healing tick over ten years, {backend}",
            queries[0] / queries[1],
            1,
            "less",
            "queries of a tick over a single day",
            detail,
        ),
    ]


def growth(setting: Setting) -> list[Figure]:
    """How time and peak memory grow from one year to ten, on SQLite: backfill, status and verify."""
    sizes = (1, 3, 10)
    warehouses = {years: filled(setting, "sqlite", years) for years in sizes}
    took: dict[str, dict[int, dict[str, Any]]] = {
        "backfill": {years: _median([made[2], *_refilled(setting, years)]) for years, made in warehouses.items()}
    }
    for work in ("status", "verify"):
        took[work] = {
            years: _median(
                [
                    in_process(work, made[0].url.render_as_string(hide_password=False), years * setting.scale)
                    for _ in range(_times(years))
                ]
            )
            for years, made in warehouses.items()
        }
    figures = []
    for work, of_size in took.items():
        detail = {
            f"{what}_{years}": round(of_size[years][what], 3) for what in ("seconds", "megabytes") for years in sizes
        }
        for what, goal in (("seconds", 11.0), ("megabytes", 1.1)):
            named = "time" if what == "seconds" else "peak memory"
            ratio = of_size[10][what] / of_size[1][what]
            figures.append(
                Figure(f"growth of {work}, {named}", ratio, goal, "less", f"{named} of one year, for ten", detail)
            )
    return figures


def _times(years: int) -> int:
    """How often a size is measured: what takes seconds varies more than what takes minutes."""
    return 3 if years == 1 else 1


def _refilled(setting: Setting, years: int) -> list[dict[str, Any]]:
    """Fill the same warehouse again, as often as its size is measured."""
    addresses = [empty(setting, "sqlite", f"again_{number}") for number in range(1, _times(years))]
    return [in_process("fill", each.render_as_string(hide_password=False), years * setting.scale) for each in addresses]


def _median(measured: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {name: median(each[name] for each in measured) for name in ("seconds", "megabytes")}
