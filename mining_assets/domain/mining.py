"""What an amount of energy could have mined.

Expected Bitcoin of a miner that runs on the energy at full uptime: the share of all hashes times the block subsidy.
Subsidy only: no transaction fees, no pool fee, uptime 1. Linear in energy, so there is no number of miners to round.
"""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import pandas as pd

from mining_assets.domain.network import NetworkHistory

JOULES_PER_MWH = 3.6e9
HASHES_PER_TERAHASH = 1e12
HASHES_PER_DIFFICULTY = 2.0**32  # expected hashes per block at difficulty 1

Number = TypeVar("Number", float, "np.ndarray[tuple[int], np.dtype[np.float64]]", "pd.Series[float]")

CALCULATION_COLUMNS = (
    "settlement_date",
    "settlement_period",
    "farm_id",
    "miner_model",
    "curtailed_energy",
    "bitcoin_mined",
    "difficulty",
    "block_subsidy",
)


@dataclass(frozen=True)
class MinerModel:
    """An ASIC model: its hash rate in TH/s and its power draw in W."""

    name: str
    hashrate_th: float
    power_w: float


def bitcoin_mined(energy_mwh: Number, model: MinerModel, difficulty: Number, block_subsidy: Number) -> Number:
    """Return the BTC expected from an energy in MWh at a network difficulty and a block subsidy in BTC.

    BTC = MWh × 3.6e9 J ÷ W × TH/s × 1e12 ÷ (difficulty × 2³²) × subsidy. Scalars, arrays or Series of equal length.
    """
    terahashes = energy_mwh * JOULES_PER_MWH / model.power_w * model.hashrate_th
    return terahashes * HASHES_PER_TERAHASH / (difficulty * HASHES_PER_DIFFICULTY) * block_subsidy


def calculations(farm_energy: pd.DataFrame, history: NetworkHistory, models: tuple[MinerModel, ...]) -> pd.DataFrame:
    """Calculate Bitcoin for every farm with energy in every period, and for every model.

    Args:
        farm_energy: as from :func:`mining_assets.domain.curtailment.farm_energy`.
        history: difficulty and subsidy by block time; those in force at a period's UTC start apply.
        models: the miner models.

    Returns:
        A frame with ``CALCULATION_COLUMNS``, ``len(farm_energy) × len(models)`` rows, in the order of its key.

    Raises:
        UnknownDifficulty: the history does not reach a period. No default is ever taken.
    """
    in_force = history.in_force(farm_energy["start_time"])
    frames = []
    for model in models:
        frame = farm_energy[["settlement_date", "settlement_period", "farm_id", "curtailed_energy"]].copy()
        frame["miner_model"] = model.name
        frame["difficulty"] = in_force["difficulty"].to_numpy()
        frame["block_subsidy"] = in_force["block_subsidy"].to_numpy()
        frame["bitcoin_mined"] = bitcoin_mined(
            frame["curtailed_energy"], model, frame["difficulty"], frame["block_subsidy"]
        )
        frames.append(frame)
    key = ["settlement_date", "settlement_period", "farm_id", "miner_model"]
    return pd.concat(frames)[list(CALCULATION_COLUMNS)].sort_values(key, ignore_index=True)
