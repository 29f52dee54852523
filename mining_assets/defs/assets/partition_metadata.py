"""What the UI shows and plots of a partition: figures with their units, under the same names at every level."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

import dagster as dg
import pandas as pd

from mining_assets.archive.manifest import SETTLEMENT_STACKS
from mining_assets.archive.store import Archive
from mining_assets.domain.daily_series import DAILY_SERIES
from mining_assets.domain.day_state import trusted_state
from mining_assets.domain.figures import rounded
from mining_assets.domain.finality import FINAL_MEANS
from mining_assets.domain.origin import UNKNOWN_PART, Kind, kind_of
from mining_assets.pipeline.results import StoredRecords
from mining_assets.report.frames import farms_ranked

Metadata = dict[str, Any]

ROW_COUNT = "dagster/partition_row_count"
TOP_FARMS = 10
_LABELS = {
    "calculations": ROW_COUNT,
    "total_curtailed_energy": "curtailed energy (MWh)",
    "curtailed_energy": "curtailed energy (MWh)",
    "system_flagged_energy": "system-flagged energy (MWh)",
    "undone_energy": "undone energy (MWh)",
    "generated_energy": "generated energy (MWh)",
    "total_payment": "payment (£)",
    "payment": "payment (£)",
    "undone_payment": "undone payment (£)",
    "average_price": "average price (£/MWh)",
    "curtailment_records": "curtailment records",
    "periods_curtailed": "periods curtailed",
    "curtailed_share": "curtailed share",
    "farms": "BM units curtailed",
    "days_expected": "days expected",
    "days_complete": "days complete",
    "days_with_generation": "days with generation",
    "days_priced": "days priced",
}


def labelled(figures: Mapping[str, Any]) -> Metadata:
    """Figures by column, under the names that people read, rounded; what is absent is left out, never a zero."""
    shown = {_LABELS.get(name, name): figure for name, figure in figures.items() if pd.notna(figure)}
    return {name: rounded(name, figure) for name, figure in shown.items()}


def of_bitcoin(rows: pd.DataFrame) -> Metadata:
    """Return the rows of one month or year of the Bitcoin summaries, one per miner model."""
    shown: Metadata = {ROW_COUNT: len(rows)}
    for row in rows.to_dict("records"):
        model = row["miner_model"]
        common = [name for name in ("days_complete", "days_priced", "curtailed_energy", "total_payment") if name in row]
        shown |= labelled({name: row[name] for name in common})
        shown |= labelled({f"{model} (BTC)": row["bitcoin_mined"], f"{model} (£)": row["bitcoin_value"]})
        shown |= labelled({f"{model} value ÷ payment": row["value_ratio"]})
    return shown


def of_summary(rows: pd.DataFrame) -> Metadata:
    """Return the row of one month or year of the curtailment summaries, or of none."""
    shown: Metadata = {ROW_COUNT: len(rows)}
    for row in rows.iloc[:, 1:].to_dict("records"):  # without the span, which is the partition
        shown |= labelled({str(name): figure for name, figure in row.items()})
    return shown


def of_origin(origin: object) -> Metadata:
    """Show where something came from, as it is stored, unless it is from the live sources."""
    known = origin if isinstance(origin, str) else None
    return {} if kind_of(known) is Kind.LIVE else {"origin": known or UNKNOWN_PART}


def of_series(name: str, rows: pd.DataFrame, origin: str | None) -> Metadata:
    """Show a day of a daily series, and where it came from."""
    shown: Metadata = {ROW_COUNT: len(rows)} if "settlement_period" in rows else {}
    for label, figure in DAILY_SERIES[name].shown(rows).items():
        is_instant = isinstance(figure, datetime)
        shown |= {label: dg.MetadataValue.timestamp(figure)} if is_instant else labelled({label: figure})
    return shown | of_origin(origin)


def of_records(day: date, stored: StoredRecords) -> Metadata:
    """Return the curtailment records of a day, its largest farms, and what it took to fetch it."""
    note, units = stored.note, stored.units
    shown: Metadata = {
        ROW_COUNT: int(note["curtailment_records"]),
        **labelled({name: note[name] for name in ("total_curtailed_energy", "total_payment", "farms")}),
        "settlement periods": int(note["periods"]),
        "state": trusted_state(day, note["fetched_at"]),
        "what final means": FINAL_MEANS,
        "fetched at": dg.MetadataValue.timestamp(note["fetched_at"]),
        **of_origin(note["origin"]),
    }
    if pd.notna(note["vintage"]):
        shown["newest settlement run (vintage)"] = dg.MetadataValue.timestamp(note["vintage"])
    if len(stored.answers):
        shown["history"] = f"mining-assets history {day}"
    if len(units):
        farms = [_of_farm(row) for row in farms_ranked(units).head(TOP_FARMS).to_dict("records")]
        ranked = [_of_unit(row) for row in units.head(TOP_FARMS).to_dict("records")]
        shown["farms that lost most"] = dg.MetadataValue.table([dg.TableRecord(cells) for cells in farms])
        shown["BM units that lost most"] = dg.MetadataValue.table([dg.TableRecord(cells) for cells in ranked])
    return shown | (labelled(asdict(stored.metrics)) if stored.metrics else {})


def of_answers(day: date, stored: StoredRecords, archive: Archive | None) -> Metadata:
    """Return the archived objects that the records of a day were made of, and where they are."""
    shown: Metadata = {
        "answers": int(stored.answers["answers"].sum()),
        "object size (bytes)": int(stored.answers["object_bytes"].sum()),
    }
    vintage, objects = stored.note["vintage"], list(stored.answers["object"])
    if pd.notna(vintage):
        shown["newest settlement run (vintage)"] = dg.MetadataValue.timestamp(vintage)
    if not objects:
        why = "answers are not kept" if archive is None else "this day was stored while answers were not kept"
        return shown | {"object": f"none: {why}"}
    shown["object"] = ", ".join(objects)
    shown["history"] = f"mining-assets history {day}"
    if archive is not None:
        shown["address"] = ", ".join(archive.location_of(SETTLEMENT_STACKS, str(day), each) for each in objects)
    return shown


def _of_farm(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {"farm": row["site"], "BM units": row["units"], "ids": row["bm_units"], **_cells(row)}


def _of_unit(row: Mapping[Any, Any]) -> dict[str, Any]:
    names = {"name": row["bm_unit_name"], "farm": row["site"]}
    return {"BM unit": row["farm_id"], **{key: _told(name) for key, name in names.items()}, **_cells(row)}


def _told(text: Any) -> str:
    return text if isinstance(text, str) else "not told"


def _cells(row: Mapping[Any, Any]) -> dict[str, Any]:
    energy, payment = row["curtailed_energy"], row["payment"]
    return {
        "lead party": _told(row["lead_party_name"]),
        **labelled({"curtailed_energy": energy, "payment": payment, "average_price": payment / energy}),
    }
