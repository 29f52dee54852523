"""Pairing what should be stored with what is, by key."""

from collections.abc import Sequence

import numpy as np
import pandas as pd


def paired(wanted: pd.DataFrame, stored: pd.DataFrame, key: Sequence[str]) -> pd.DataFrame:
    """Join both by key, keeping what only one of them has: ``in_which`` is left_only of what is only wanted.

    Columns of ``wanted`` that ``stored`` has too get the suffix ``_wanted``. Usually both have the same keys
    in the same order, and need not be merged.
    """
    if len(wanted) == len(stored) and all(np.array_equal(wanted[name], stored[name]) for name in key):
        values = [name for name in stored if name not in key]
        wanted = wanted.rename(columns={name: f"{name}_wanted" for name in values if name in wanted})
        both = [wanted.reset_index(drop=True), stored[values].reset_index(drop=True)]
        return pd.concat(both, axis="columns").assign(in_which="both")
    return wanted.merge(stored, how="outer", on=list(key), suffixes=("_wanted", ""), indicator="in_which")
