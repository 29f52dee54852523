"""Hypothesis strategies for JSON that a server should not send."""

import json
from copy import deepcopy
from typing import Any

from hypothesis import strategies as st

ODD_NUMBERS = st.sampled_from([0, -1, 2**31, 2**63, 2**64, 10**400, 1e308, -0.0, float("nan"), float("inf")])
ODD_TEXTS = st.sampled_from(["", "\0", "\ud800", "9" * 99, "2025-06-01", "9999-12-31T23:59:59-23:59", "NaN", "é" * 40])
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | ODD_NUMBERS | ODD_TEXTS
JSON = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner))


@st.composite
def damaged(draw: st.DrawFn, good: Any) -> bytes:
    """A good body in which some places hold something else, or nothing."""
    body = deepcopy(good)
    for _ in range(draw(st.integers(1, 2))):
        place: Any = body
        while True:
            keys = list(place) if isinstance(place, dict) else list(range(len(place)))
            if not keys:
                break
            key = draw(st.sampled_from(keys))
            if isinstance(place[key], dict | list) and draw(st.integers(0, 9)) > 0:
                place = place[key]
                continue
            if draw(st.booleans()):
                place[key] = draw(JSON)
            else:
                del place[key]
            break
    return json.dumps(body).encode()
