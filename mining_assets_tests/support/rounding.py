"""Whether figures shown to people have no more decimals than their unit allows."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg

from mining_assets.domain.figures import decimals

# More decimals than any unit has; MWh and £ in a text tell their unit themselves.
_TOO_LONG = re.compile(r"\d\.\d{9,}|£[\d,]+\.\d{3,}|\d\.\d{4,} MWh")


def unrounded(metadata: Mapping[str, Any]) -> list[str]:
    """Return what has too many decimals, as name and value."""
    return [
        f"{name}: {figure}"
        for name, figure in _figures(metadata)
        if (isinstance(figure, float) and round(figure, decimals(name)) != figure)
        or (isinstance(figure, str) and _TOO_LONG.search(figure))
    ]


def _figures(metadata: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, entry in metadata.items():
        if isinstance(entry, dg.TimestampMetadataValue):
            continue
        value = entry.value if isinstance(entry, dg.MetadataValue) else entry
        if isinstance(entry, dg.TableMetadataValue):
            for record in entry.records:
                yield from record.data.items()
        else:
            yield name, value
