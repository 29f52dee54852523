"""How many decimals a figure has where people read it: in the Dagster UI and in findings. Exports are exact."""

from typing import Any

import pandas as pd

# The first that stands in the name of a figure or column decides; names carry their units or say what they are.
_DECIMALS = (
    ("÷", 4),
    ("ratio", 4),
    ("share", 6),
    ("(£", 2),
    ("payment", 2),
    ("price", 2),
    ("bitcoin_value", 2),
    ("(BTC)", 8),
    ("bitcoin_mined", 8),
    ("(MWh)", 3),
    ("energy", 3),
    ("(%)", 2),
    ("seconds", 2),
)
_OF_OTHERS = 4


def decimals(name: str) -> int:
    """Return how many decimals a figure of that name has: 3 of MWh, 2 of £, 8 of BTC, 4 of ratios, 6 of shares."""
    return next((number for part, number in _DECIMALS if part in name), _OF_OTHERS)


def rounded(name: str, figure: Any) -> Any:
    """Return the figure rounded as its name asks; what is no fraction stays as it is."""
    plain = figure.item() if hasattr(figure, "item") else figure
    return round(plain, decimals(name)) if isinstance(plain, float) and pd.notna(plain) else plain


def rounded_apart(name: str, stored: Any, wanted: Any) -> tuple[Any, Any]:
    """Return two figures that differ, rounded unless that would hide the difference."""
    near = rounded(name, stored), rounded(name, wanted)
    return (stored, wanted) if near[0] == near[1] else near
