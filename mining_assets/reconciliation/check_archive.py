"""The check ``archive_agreement``: whether a day's records and ledger are what its archived answers give.

Reading the archive belongs in ``pipeline.verify_archive``.
"""

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

import pandas as pd

from mining_assets.domain.content_hash import EMPTY_HASH, PERIOD_KEY, content_hashes
from mining_assets.domain.wording import count_of
from mining_assets.reconciliation.findings import problems

_BY_UNIT = [*PERIOD_KEY, "farm_id"]
_LISTED = 5  # other places that the first problem names


class _Problem(NamedTuple):
    key: str
    detail: str
    mwh: float


def disagreements(
    day: date, stored: tuple[pd.DataFrame, pd.DataFrame], archived: tuple[pd.DataFrame, pd.DataFrame]
) -> pd.DataFrame:
    """Compare the periods and sides of a day, by value.

    Args:
        day: the settlement day.
        stored: records and ledger, as the warehouse has them.
        archived: records and ledger, as they follow from the archived answers.

    Returns:
        Problems as ``Verification.add`` takes them, one for each unit, period and side; the first names others.
    """
    records, ledger = stored
    both = ledger.merge(archived[1], how="left", on=PERIOD_KEY, suffixes=("", "_archived"))
    hashes = content_hashes(records)
    both["hash"] = [hashes.get(key, EMPTY_HASH) for key in both[PERIOD_KEY].itertuples(index=False, name=None)]
    wrong_records = both["hash"] != both["content_hash_archived"]
    wrong_ledger = pd.Series(False, index=both.index)
    for name in ("content_hash", "raw_rows", "wind_rows"):
        wrong_ledger |= both[name] != both[f"{name}_archived"]
    found: list[_Problem] = []
    units = _by_unit(records), _by_unit(archived[0])
    for index, row in both[wrong_records | wrong_ledger].iterrows():
        key = tuple(row[name] for name in PERIOD_KEY)
        of_records = list(_units_apart(key, *units)) if wrong_records[index] else []
        found += of_records or [_Problem(_place(key), _ledger_apart(row, other_content=wrong_records[index]), 0.0)]
    details = [problem.detail for problem in found]
    if len(found) > 1:
        others = [problem.key for problem in found[1 : _LISTED + 1]]
        more = len(found) - 1 - len(others)
        details[0] += f"; likewise {', '.join(others)}{f' and {more:,} more' if more else ''}"
    return problems(
        [day] * len(found), [each.key for each in found], details, mwh=[abs(problem.mwh) for problem in found]
    )


def _by_unit(records: pd.DataFrame) -> pd.DataFrame:
    groups = records.groupby(_BY_UNIT)
    return pd.DataFrame({"rows": groups.size(), "mwh": groups["volume"].sum(), "payment": groups["payment"].sum()})


def _units_apart(key: tuple[object, ...], stored: pd.DataFrame, archived: pd.DataFrame) -> Iterator[_Problem]:
    """Yield the units of a period and side whose rows, energy or payment differ."""
    both = _of(stored, key).join(_of(archived, key), how="outer", suffixes=("", "_archived")).fillna(0.0)
    for unit, row in both.iterrows():
        is_, was = ([row[f"{name}{suffix}"] for name in ("rows", "mwh", "payment")] for suffix in ("", "_archived"))
        if is_ != was:
            detail = f"{_figures(*is_)} stored, the archive gives {_figures(*was)}"
            yield _Problem(f"{_place(key)} {unit}", detail, is_[1] - was[1])


def _of(units: pd.DataFrame, key: tuple[object, ...]) -> pd.DataFrame:
    return (
        units.xs(key, level=PERIOD_KEY)
        if key in units.index.droplevel("farm_id")
        else units.iloc[:0].droplevel(PERIOD_KEY)
    )


def _figures(rows: float, mwh: float, payment: float) -> str:
    return f"{count_of(int(rows), 'row')}, {mwh:,.3f} MWh, £{payment:,.2f}"


def _ledger_apart(row: "pd.Series[float]", *, other_content: bool) -> str:
    if other_content:
        return "flags, prices or acceptances of its rows are not those that the archive gives"
    if pd.isna(row["wind_rows_archived"]):
        return "is in the ledger, and the archive has no such period"
    return (
        f"the ledger has {count_of(int(row['raw_rows']), 'row')}, {int(row['wind_rows']):,} of wind, the archive gives "
        f"{int(row['raw_rows_archived']):,}, {int(row['wind_rows_archived']):,} of wind"
        + (", and another content hash" if row["content_hash"] != row["content_hash_archived"] else "")
    )


def _place(key: tuple[object, ...]) -> str:
    _, period, side = key
    return f"period {period} {side}"
