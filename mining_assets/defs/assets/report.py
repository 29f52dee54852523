"""The report as an asset: a page on the whole history that follows the chain."""

from datetime import UTC

import dagster as dg

from mining_assets.defs.assets.conditions import ANY_UPSTREAM_PARTITION_CHANGED
from mining_assets.defs.assets.descriptions import OWNERS, RULES_VERSION
from mining_assets.defs.assets.rollups import MONTHLY, YEARLY
from mining_assets.domain.figures import rounded
from mining_assets.domain.finality import FINAL_MEANS
from mining_assets.reconciliation.verify import Scope
from mining_assets.report.build import Report, build_report
from mining_assets.settings import Settings, now
from mining_assets.warehouse.connection import Warehouse

RECONCILIATION_REPORT = dg.AssetKey("reconciliation_report")


def reconciliation_report(settings: Settings, scope: Scope) -> dg.AssetsDefinition:
    """Make the report on every day from the first partition to the last one that is over."""
    path = settings.home / "data" / "reports" / "reconciliation_report.html"

    @dg.asset(
        key=RECONCILIATION_REPORT,
        deps=[*MONTHLY, *YEARLY],
        automation_condition=ANY_UPSTREAM_PARTITION_CHANGED,
        group_name="report",
        kinds={"html"},
        owners=OWNERS,
        code_version=RULES_VERSION,
        description="One HTML file that needs no network: how much was curtailed and paid, the Bitcoin it could have "
        "mined and its value, the share of wind, every day's state, and what the figures mean. Unknown is drawn as "
        f"unknown. It covers all days and is written anew when any month or year changed. {FINAL_MEANS}",
        metadata={"path": dg.MetadataValue.path(path)},
    )
    def report(warehouse: dg.ResourceParam[Warehouse]) -> dg.MaterializeResult[None]:
        moment = now().astimezone(UTC)
        last = max(settings.last_day(moment), settings.start_date)
        made = build_report(warehouse, settings.start_date, last, scope.models, scope.date_range, now=moment)
        made.write(path)
        return dg.MaterializeResult(metadata={"path": dg.MetadataValue.path(path), **figures_of(made)})

    return report


def figures_of(made: Report) -> dict[str, dg.MetadataValue | float | int | str]:
    """Give what the UI shows and plots of a report; a figure that is not known is left out."""
    totals = made.totals
    shown: dict[str, dg.MetadataValue | float | int | str] = {"verdict": made.verdict.headline}
    known = {
        "curtailed energy (MWh)": totals.energy,
        "payment (£)": totals.payment,
        "curtailed share": totals.share,
        **{f"{mined.model} (BTC)": mined.bitcoin for mined in totals.mined},
        **{f"{mined.model} (£)": mined.value for mined in totals.mined},
    }
    shown |= {name: rounded(name, value) for name, value in known.items() if value is not None}
    shown |= {state + " days": count for state, count in made.status.states.items()}
    if origin := made.status.origins.sentence:
        shown["origin"] = origin
    return shown | {"what final means": FINAL_MEANS}
