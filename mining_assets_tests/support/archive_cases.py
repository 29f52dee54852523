"""Damage to archived answers, and to what was stored from them."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd
from sqlalchemy import delete, update

from mining_assets.archive.manifest import SETTLEMENT_STACKS
from mining_assets.archive.store import MANIFEST, Archive
from mining_assets.domain.content_hash import EMPTY_HASH, PERIOD_KEY, content_hashes
from mining_assets.pipeline.fetch_references import stored_network_history
from mining_assets.pipeline.replay_day import kept_of_days, replay_day
from mining_assets.pipeline.rollups import roll_up_days
from mining_assets.reconciliation.checks import ARCHIVE_AGREEMENT, ARCHIVED, LEDGER_AGREEMENT, Check
from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.days import store_day
from mining_assets.warehouse.references import wind_units
from mining_assets.warehouse.schema import archived_fetches, curtailment_records, settlement_ledger
from mining_assets_tests.support.archived import FIRST, RULES, the_object
from mining_assets_tests.support.samples import damage, derive_days

Harm = Callable[[Warehouse, Path], None]


@dataclass(frozen=True)
class ArchiveCase:
    """A damage and what is found of it.

    Attributes:
        about: what was done to the first day.
        check: the check it is about.
        harm: does it, to a warehouse and the folder that the archive is in.
        says: what its finding must say.
        by_listing: it is seen without reading what is in the objects.
        also: other checks that cannot but fail too.
    """

    about: str
    check: Check
    harm: Harm
    says: tuple[str, ...]
    by_listing: bool = False
    also: tuple[Check, ...] = ()


def first_object(folder: Path) -> Path:
    return the_object(folder, SETTLEMENT_STACKS, str(FIRST))


def first_manifest(folder: Path) -> Path:
    return first_object(folder).with_name(MANIFEST)


def cut(_: Warehouse, folder: Path) -> None:
    path = first_object(folder)
    path.write_bytes(path.read_bytes()[:-5])


def alter(_: Warehouse, folder: Path) -> None:
    path = first_object(folder)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0x55
    path.write_bytes(data)


def lose(_: Warehouse, folder: Path) -> None:
    first_object(folder).unlink()


def store_other_records(warehouse: Warehouse, folder: Path, change: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    """Store the first day with other records, and everything below in line with them: no other check sees it."""
    with warehouse.reading() as connection:
        kept = kept_of_days(connection, [FIRST])[FIRST]
        units = wind_units(connection)
    right = replay_day(Archive(str(folder / "archive")), FIRST, kept, units)
    records = change(right.records).reset_index(drop=True)
    groups, hashes = records.groupby(PERIOD_KEY)["volume"], content_hashes(records)
    keys = list(right.ledger[PERIOD_KEY].itertuples(index=False, name=None))
    rows, mwh = groups.size(), groups.sum()
    ledger = right.ledger.assign(
        wind_rows=[int(rows.get(key, 0)) for key in keys],
        wind_mwh=[float(mwh.get(key, 0.0)) for key in keys],
        content_hash=[hashes.get(key, EMPTY_HASH) for key in keys],
    )
    with warehouse.writing(str(FIRST)) as connection:
        store_day(connection, replace(right, records=records, ledger=ledger), accept_shrink=True)
    derive_days(warehouse, [FIRST], stored_network_history(warehouse), RULES.scope.models)
    list(roll_up_days(warehouse, [FIRST], RULES.scope.date_range))


def without_a_row(warehouse: Warehouse, folder: Path) -> None:
    store_other_records(warehouse, folder, lambda records: records.iloc[1:])


def with_other_flags(warehouse: Warehouse, folder: Path) -> None:
    def change(records: pd.DataFrame) -> pd.DataFrame:
        offers = records[records["side"] == "offer"].index[:1]
        flags = records["so_flag"].copy()
        flags.loc[offers] = ~flags.loc[offers].astype(bool)
        return records.assign(so_flag=flags)

    store_other_records(warehouse, folder, change)


def lose_records(warehouse: Warehouse, _: Path) -> None:
    records = curtailment_records.c
    damage(warehouse, delete(curtailment_records).where(records.settlement_date == FIRST))


def miscount(warehouse: Warehouse, _: Path) -> None:
    ledger = settlement_ledger.c
    of_first = ledger.settlement_date == FIRST, ledger.settlement_period == 20, ledger.side == "bid"
    damage(warehouse, update(settlement_ledger).where(*of_first).values(raw_rows=ledger.raw_rows + 7))


def forget_fetches(warehouse: Warehouse, _: Path) -> None:
    damage(warehouse, delete(archived_fetches).where(archived_fetches.c.subject == str(FIRST)))


ARCHIVE_CASES = (
    ArchiveCase("an object is lost", ARCHIVED, lose, ("object ", "there is no such object"), by_listing=True),
    ArchiveCase("an object is cut", ARCHIVED, cut, ("object ", "cannot be read"), by_listing=True),
    ArchiveCase("an object is altered", ARCHIVED, alter, ("object ", "archive: file://")),
    ArchiveCase(
        "a manifest is lost",
        ARCHIVED,
        lambda _, folder: first_manifest(folder).unlink(),
        ("manifest: ", "lacks 1 line of committed fetches"),
    ),
    ArchiveCase(
        "a manifest cannot be read",
        ARCHIVED,
        lambda _, folder: first_manifest(folder).write_text("{]\n") and None,
        ("manifest: ", "line 1: "),
    ),
    ArchiveCase(
        "a record is left out, and all else in line with that",
        ARCHIVE_AGREEMENT,
        without_a_row,
        ("period ", " MWh, £", " stored, the archive gives "),
    ),
    ArchiveCase(
        "a flag is another, and all else in line with that",
        ARCHIVE_AGREEMENT,
        with_other_flags,
        (" offer: flags, prices or acceptances of its rows are not those that the archive gives",),
    ),
    ArchiveCase(
        "the rows of all units are miscounted",
        ARCHIVE_AGREEMENT,
        miscount,
        ("period 20 bid: the ledger has ", " of wind, the archive gives "),
    ),
    ArchiveCase(
        "nothing says which fetches the day is made of",
        ARCHIVE_AGREEMENT,
        forget_fetches,
        ("no day can be made of its archived answers: no committed fetch of the whole day is noted",),
    ),
    ArchiveCase(
        "all records are lost",
        ARCHIVE_AGREEMENT,
        lose_records,
        ("0 rows, 0.000 MWh, £0.00 stored, the archive gives ", "; likewise period "),
        also=(LEDGER_AGREEMENT,),
    ),
)
