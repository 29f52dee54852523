"""How far two figures may differ and still be the same."""

import numpy as np
import pandas as pd

# The one tolerance of the project, for figures that were summed along different ways.
RELATIVE_TOLERANCE = 1e-9
# Of volumes that Elexon publishes apart from the stacks, rounded on their own, to a kilowatt hour.
PUBLISHED_RELATIVE_TOLERANCE, PUBLISHED_MWH_TOLERANCE = 1e-5, 0.001


def isclose(left: "pd.Series[float]", right: "pd.Series[float]") -> "pd.Series[bool]":
    """Return where two columns agree within the tolerance; a missing value agrees with nothing."""
    close = np.isclose(
        left.to_numpy(float, na_value=np.nan),
        right.to_numpy(float, na_value=np.nan),
        rtol=RELATIVE_TOLERANCE,
        atol=RELATIVE_TOLERANCE,
    )
    return pd.Series(close, index=left.index)


def isclose_or_both_missing(left: "pd.Series[float]", right: "pd.Series[float]") -> "pd.Series[bool]":
    """Return where two columns agree within the tolerance, or miss their values both."""
    return isclose(left, right) | (left.isna() & right.isna())


def volumes_isclose(ours: "pd.Series[float]", published: "pd.Series[float]") -> "pd.Series[bool]":
    """Return where sums of stack rows agree with a publication of their volumes, in MWh."""
    close = np.isclose(ours, published, rtol=PUBLISHED_RELATIVE_TOLERANCE, atol=PUBLISHED_MWH_TOLERANCE)
    return pd.Series(close, index=ours.index)
