"""The checks on ``historical_bitcoin_calculations``: none missing or orphaned, and each equal to what is recomputed."""

import numpy as np
import pandas as pd

from mining_assets.domain.figures import rounded_apart
from mining_assets.domain.mining import MinerModel, bitcoin_mined
from mining_assets.domain.network import NetworkHistory
from mining_assets.domain.tolerance import isclose
from mining_assets.domain.wording import count_of
from mining_assets.reconciliation import checks
from mining_assets.reconciliation.chunk import Chunk
from mining_assets.reconciliation.findings import Verification, problems
from mining_assets.reconciliation.pairing import paired
from mining_assets.warehouse.calculations import KEY


def verify(chunk: Chunk, verification: Verification, models: tuple[MinerModel, ...], history: NetworkHistory) -> None:
    """Verify the calculations of a chunk: which should be there, and what they say."""
    both = paired(_expected(chunk, models), chunk.calculations, KEY)
    missing, orphan = both[both["in_which"] == "left_only"], both[both["in_which"] == "right_only"]
    matched = both[both["in_which"] == "both"]
    verification.count(
        checks.CALCULATIONS_COMPLETE,
        expected=len(missing) + len(matched),
        actual=len(chunk.calculations),
        missing=len(missing),
        orphan=len(orphan),
        **{f"missing {name}": int(count) for name, count in missing["miner_model"].value_counts().items()},
    )
    verification.add(
        checks.CALCULATIONS_COMPLETE,
        pd.concat(
            [
                problems(missing["settlement_date"], _named(missing), ["missing"] * len(missing), "missing"),
                problems(
                    orphan["settlement_date"],
                    _named(orphan),
                    ["orphan: no such energy or model"] * len(orphan),
                    "orphan",
                ),
                _notes_that_differ(chunk),
            ]
        ),
    )
    stale = _stale(matched, models, history)
    verification.count(
        checks.CALCULATIONS_CONSISTENT, verified=len(matched), stale=int((stale["kind"] == "stale").sum())
    )
    verification.add(checks.CALCULATIONS_CONSISTENT, stale)


def _expected(chunk: Chunk, models: tuple[MinerModel, ...]) -> pd.DataFrame:
    """Return the keys that must be there, with energy and the period's true start. Only complete days have any."""
    energy = chunk.energy[chunk.energy["settlement_date"].isin(chunk.complete)].drop(columns="start_time")
    starts = chunk.grid[["settlement_date", "settlement_period", "starts"]].drop_duplicates()
    energy = energy.merge(starts.rename(columns={"starts": "start_time"}), on=["settlement_date", "settlement_period"])
    names = pd.DataFrame({"miner_model": pd.Series(sorted(model.name for model in models), dtype="str")})
    return energy.merge(names, how="cross")


def _stale(matched: pd.DataFrame, models: tuple[MinerModel, ...], history: NetworkHistory) -> pd.DataFrame:
    """Return calculations of which a value is not what it should be, each once; then those out of ratio."""
    known = matched[~history.unknown(matched["start_time"])].reset_index(drop=True)
    in_force = history.in_force(known["start_time"])
    by_name = {model.name: model for model in models}
    wanted = pd.Series(index=known.index, dtype=float)
    for name, rows in known.groupby("miner_model"):
        network = in_force.loc[rows.index]
        wanted[rows.index] = bitcoin_mined(
            rows["curtailed_energy_wanted"], by_name[str(name)], network["difficulty"], network["block_subsidy"]
        )
    details = pd.Series("", index=known.index, dtype=object)
    for column, expected in (
        ("curtailed_energy", known["curtailed_energy_wanted"]),
        ("difficulty", in_force["difficulty"]),
        ("block_subsidy", in_force["block_subsidy"]),
        ("bitcoin_mined", wanted),
    ):
        bad = ~isclose(known[column], expected) & (details == "")
        pairs = (rounded_apart(column, *pair) for pair in zip(known[column][bad], expected[bad], strict=True))
        details[bad] = [f"{column} is {a}, should be {b}" for a, b in pairs]
    stale = known[details != ""]
    rows = problems(stale["settlement_date"], _named(stale), list(details[stale.index]), "stale")
    return pd.concat([rows, _ratios_that_differ(matched, models)])


def _ratios_that_differ(matched: pd.DataFrame, models: tuple[MinerModel, ...]) -> pd.DataFrame:
    """Return calculations whose model is not in the ratio of TH/s per W, whatever the difficulty."""
    efficiency = {model.name: model.hashrate_th / model.power_w for model in models}
    rows = matched.assign(per_efficiency=matched["bitcoin_mined"] / matched["miner_model"].map(efficiency))
    key = ["settlement_date", "settlement_period", "farm_id"]
    if _stand_together(rows[key], len(models)):
        of_models = rows["per_efficiency"].to_numpy().reshape(-1, len(models))
        middle = pd.Series(np.median(of_models, axis=1).repeat(len(models)), index=rows.index)
    else:
        middle = rows.groupby(key)["per_efficiency"].transform("median")
    bad = rows[~isclose(rows["per_efficiency"] / middle, pd.Series(1.0, index=rows.index))]
    return problems(bad["settlement_date"], _named(bad), ["not in the ratio of the models' efficiency"] * len(bad))


def _stand_together(keys: pd.DataFrame, count: int) -> bool:
    """Return whether each key has so many rows, one after the other, as it should: a grouping takes longer."""
    if len(keys) % count:
        return False
    of_key = [keys[name].to_numpy().reshape(-1, count) for name in keys]
    ends = [(values[:, :1] == values).all() for values in of_key]
    apart = np.logical_or.reduce([values[1:, 0] != values[:-1, 0] for values in of_key])
    return all(ends) and bool(apart.all())


def _notes_that_differ(chunk: Chunk) -> pd.DataFrame:
    """Return days and models of which ``calculation_days`` notes another number of calculations than is stored."""
    stored = chunk.calculations.groupby(["settlement_date", "miner_model"]).size().rename("stored").reset_index()
    notes = chunk.notes.merge(stored, how="left", on=["settlement_date", "miner_model"]).fillna({"stored": 0})
    bad = notes[notes["calculations"] != notes["stored"]]
    details = [
        f"noted {count_of(a, 'calculation')}, stored {b:.0f}"
        for a, b in zip(bad["calculations"], bad["stored"], strict=True)
    ]
    return problems(bad["settlement_date"], bad["miner_model"], details)


def _named(rows: pd.DataFrame) -> list[str]:
    return [
        f"period {period} {farm} {model}"
        for period, farm, model in zip(rows["settlement_period"], rows["farm_id"], rows["miner_model"], strict=True)
    ]
