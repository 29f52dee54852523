"""The checks on ``curtailment_records``."""

from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd

from mining_assets.domain.content_hash import EMPTY_HASH, PERIOD_KEY, combined_hash, content_hashes
from mining_assets.domain.curtailment import PRICE_LIMIT, TOTALS, has_wrong_sign, payment
from mining_assets.domain.figures import rounded_apart
from mining_assets.domain.repeats import repeats
from mining_assets.domain.tolerance import isclose
from mining_assets.domain.wording import count_of
from mining_assets.reconciliation import checks
from mining_assets.reconciliation.chunk import Chunk
from mining_assets.reconciliation.findings import Verification, problems

CAPACITY_MARGIN = 1.05
HOURS_PER_PERIOD = 0.5
DAY_LIMIT = 140_000.0
PRICE_SUSPICION = 500.0


def verify(chunk: Chunk, verification: Verification, capacities: dict[str, float]) -> None:
    """All checks on the records of a chunk."""
    verification.count(checks.COMPLETENESS, days=len(chunk.days), whole_days=len(chunk.complete))
    verification.count(checks.LEDGER_AGREEMENT, records=len(chunk.records), ledger_rows=len(chunk.ledger))
    verification.add(checks.COMPLETENESS, _incomplete(chunk))
    verification.add(checks.LEDGER_AGREEMENT, _disagreeing(chunk))
    verification.add(checks.VALIDITY, _invalid(chunk))
    verification.add(
        checks.SHRUNK,
        problems(chunk.refused["settlement_date"], [""] * len(chunk.refused), list(chunk.refused["reason"])),
    )
    verification.add(checks.CAPACITY, _above_capacity(chunk, capacities))
    verification.add(checks.BOUNDS, _out_of_bounds(chunk))
    verification.add(checks.UNKNOWN_UNITS, _possible_wind(chunk))
    verification.add(checks.REPEATS, _counted_twice(chunk))
    differing = chunk.oracle[chunk.oracle["problem"].notna()]
    verification.add(
        checks.ORACLE,
        problems(differing["settlement_date"], [""] * len(differing), list(differing["problem"])),
    )


def damaged_periods(chunk: Chunk) -> list[int]:
    """Return the periods of a chunk of one day whose records do not match the ledger, or are not valid."""
    keys = pd.concat([_disagreeing(chunk), _invalid(chunk)])["key"].astype(str)
    return sorted(set(keys.str.extract(r"^period (\d+) ")[0].dropna().astype(int)))


def note_never_fetched(days: Sequence[date], verification: Verification) -> None:
    """Note days of which nothing at all is stored."""
    verification.count(checks.COMPLETENESS, days=len(days), whole_days=0)
    verification.add(checks.COMPLETENESS, _never_fetched(days))


def _never_fetched(days: Sequence[date]) -> pd.DataFrame:
    return problems(days, [""] * len(days), ["never fetched"] * len(days))


def _possible_wind(chunk: Chunk) -> pd.DataFrame:
    """List the units that may be wind, the most energy first, and the days of which they are not known."""
    units = chunk.possible_wind
    details = [
        f"{mwh:,.3f} MWh of bids in {count_of(rows, 'row')}"
        for rows, mwh in zip(units["rows"], units["bid_mwh"], strict=True)
    ]
    unkept = chunk.figures.loc[chunk.figures["uncounted_bid_mwh"].isna(), "settlement_date"]
    text = "fetched by an earlier version, which did not keep every unit that was not counted"
    return pd.concat(
        [
            problems(units["settlement_date"], units["bm_unit_id"], details),
            problems(unkept, [""] * len(unkept), [text] * len(unkept)),
        ]
    )


def _incomplete(chunk: Chunk) -> pd.DataFrame:
    fetched = set(chunk.ledger["settlement_date"]) | set(chunk.figures["settlement_date"])
    never = [day for day in chunk.days if day not in fetched]
    seen = chunk.grid[chunk.grid["settlement_date"].isin(fetched)]
    both = seen.merge(chunk.ledger, how="outer", on=PERIOD_KEY, indicator="in_which")
    gone, extra = both[both["in_which"] == "left_only"], both[both["in_which"] == "right_only"]
    empty = chunk.ledger[chunk.ledger["raw_rows"] == 0]
    empty = empty[empty.duplicated(["settlement_date", "settlement_period"], keep="first")]
    empty = empty[empty["confirmed_by"] != "operator"]
    bare = set(chunk.ledger["settlement_date"]) - set(chunk.figures["settlement_date"])
    return pd.concat(
        [
            _never_fetched(never),
            problems(gone["settlement_date"], _named(gone), ["not in the ledger"] * len(gone)),
            problems(
                extra["settlement_date"], _named(extra), ["in the ledger, but the day has no such period"] * len(extra)
            ),
            problems(
                empty["settlement_date"], _named(empty), ["empty on both sides, confirmed by nobody"] * len(empty)
            ),
            problems(sorted(bare), [""] * len(bare), ["its figures are not in settlement_days"] * len(bare)),
        ]
    )


def _disagreeing(chunk: Chunk) -> pd.DataFrame:
    groups = chunk.records.groupby(PERIOD_KEY)["volume"]
    stored = pd.DataFrame({"rows": groups.size(), "mwh": groups.sum()}).reset_index()
    ledger = chunk.ledger.merge(stored, how="left", on=PERIOD_KEY)
    ledger = ledger.fillna({"rows": 0, "mwh": 0.0})
    hashes = content_hashes(chunk.records)
    ledger["hash"] = [hashes.get(key, EMPTY_HASH) for key in ledger[PERIOD_KEY].itertuples(index=False, name=None)]
    bad_rows = ledger["rows"] != ledger["wind_rows"]
    bad_mwh = ~isclose(ledger["mwh"], ledger["wind_mwh"])
    bad_hash = ledger["hash"] != ledger["content_hash"]
    bad = ledger[bad_rows | bad_mwh | bad_hash]
    details = [
        f"{count_of(int(row.rows), 'row')}, {row.mwh:,.6f} MWh; "
        f"the ledger has {count_of(row.wind_rows, 'row')}, {row.wind_mwh:,.6f} MWh"
        + ("" if row.rows != row.wind_rows or row.mwh != row.wind_mwh else ", and another content hash")
        for row in bad.itertuples(index=False)
    ]
    return pd.concat([problems(bad["settlement_date"], _named(bad), details), _figures_that_differ(chunk)])


def _figures_that_differ(chunk: Chunk) -> pd.DataFrame:
    """Days whose figures are not those of their ledger: hash and periods, and of their records: everything else."""
    complete = chunk.figures[chunk.figures["settlement_date"].isin(chunk.complete)].set_index("settlement_date")
    farm_periods = chunk.energy.groupby("settlement_date").size()
    totals = chunk.totals.assign(farm_periods=farm_periods.reindex(chunk.totals.index, fill_value=0))
    ordered = chunk.ledger.sort_values(PERIOD_KEY)
    hashes = ordered.groupby("settlement_date")["content_hash"].agg(lambda of_day: combined_hash(list(of_day)))
    frames = [_differing_column(complete[name], totals[name], name) for name in (*TOTALS, "farm_periods")]
    wrong = complete.index[complete["content_hash"] != hashes.reindex(complete.index)]
    frames.append(problems(wrong, ["content_hash"] * len(wrong), ["is not that of the ledger"] * len(wrong)))
    return pd.concat(frames)


def _differing_column(stored: "pd.Series[float]", wanted: "pd.Series[float]", name: str) -> pd.DataFrame:
    bad = ~isclose(stored, wanted.reindex(stored.index))
    pairs = zip(stored[bad], wanted.reindex(stored.index)[bad], strict=True)
    return problems(
        stored.index[bad],
        [f"settlement_days.{name}"] * int(bad.sum()),
        [f"is {a}, the records give {b}" for a, b in (rounded_apart(name, *pair) for pair in pairs)],
    )


def _invalid(chunk: Chunk) -> pd.DataFrame:
    rows = chunk.records.merge(chunk.grid, how="left", on=PERIOD_KEY)
    due = payment(rows["volume"], rows["original_price"])
    faults = (
        (~isclose(rows["payment"], due), "payment is not volume × original price"),
        (has_wrong_sign(rows), "its volume has the wrong sign for its side"),
        (rows["starts"].isna(), "the day has no such period"),
        (rows["starts"].notna() & (rows["start_time"] != rows["starts"]), "start_time is not the period's UTC start"),
        (rows["original_price"].abs() > PRICE_LIMIT, f"its price is beyond ±{PRICE_LIMIT:,.0f} £/MWh"),
        (rows.duplicated([*PERIOD_KEY, "sequence_number"]), "its key appears twice"),
    )
    frames = []
    for fault, text in faults:
        bad = rows[fault]
        keys = [f"{name} #{number}" for name, number in zip(_named(bad), bad["sequence_number"], strict=True)]
        frames.append(problems(bad["settlement_date"], keys, [text] * len(bad)))
    return pd.concat(frames)


def _above_capacity(chunk: Chunk, capacities: dict[str, float]) -> pd.DataFrame:
    energy = chunk.energy
    limit = energy["farm_id"].map(capacities).astype(float) * HOURS_PER_PERIOD * CAPACITY_MARGIN
    bad = energy[energy["curtailed_energy"] > limit]
    details = [
        f"{mwh:,.3f} MWh, its capacity allows {at_most:,.3f}"
        for mwh, at_most in zip(bad["curtailed_energy"], limit[bad.index], strict=True)
    ]
    keys = [f"period {p} {farm}" for p, farm in zip(bad["settlement_period"], bad["farm_id"], strict=True)]
    return problems(bad["settlement_date"], keys, details, mwh=bad["curtailed_energy"] - limit[bad.index])


def _out_of_bounds(chunk: Chunk) -> pd.DataFrame:
    energy = chunk.energy.groupby("settlement_date")["curtailed_energy"].sum()
    large = energy[energy > DAY_LIMIT]
    odd = chunk.records[np.abs(chunk.records["original_price"]) > PRICE_SUSPICION]
    keys = [f"{name} {farm}" for name, farm in zip(_named(odd), odd["farm_id"], strict=True)]
    return pd.concat(
        [
            problems(large.index, [""] * len(large), [f"{mwh:,.0f} MWh" for mwh in large], mwh=large - DAY_LIMIT),
            problems(odd["settlement_date"], keys, [f"£{price:,.2f}/MWh" for price in odd["original_price"]]),
        ]
    )


def _counted_twice(chunk: Chunk) -> pd.DataFrame:
    """List the rows that repeat an acceptance where nothing says that both are true.

    The ledger does, or for bids a comparison of the whole day, made when the rows were fetched, that found no
    difference.
    """
    again = chunk.records[repeats(chunk.records)]
    if again.empty:
        return problems([], [], [])
    compared = chunk.oracle[chunk.oracle["problem"].isna() & chunk.oracle["energy_volumes"].notna()]
    rows = again.merge(chunk.ledger[[*PERIOD_KEY, "fetched_at", "repeats_confirmed"]], how="left", on=PERIOD_KEY)
    rows = rows.merge(compared[["settlement_date", "compared_at"]], how="left", on="settlement_date")
    agreed = (rows["side"] == "bid") & (rows["compared_at"] >= rows["fetched_at"])
    rows = rows[~(agreed | rows["repeats_confirmed"].fillna(False).astype(bool))]
    keys = [f"{name} {farm}" for name, farm in zip(_named(rows), rows["farm_id"], strict=True)]
    details = [
        f"acceptance {row.acceptance_id} (pair {row.bid_offer_pair_id}) is counted twice, {abs(row.volume):,.3f} MWh"
        for row in rows.itertuples(index=False)
    ]
    return problems(rows["settlement_date"], keys, details, mwh=rows["volume"].where(rows["side"] == "bid", 0).abs())


def _named(rows: pd.DataFrame) -> list[str]:
    return [f"period {period} {side}" for period, side in zip(rows["settlement_period"], rows["side"], strict=True)]
