"""A new daily series: an entry in the registry, a function that fetches it, a table, and everything else follows."""

import json
import subprocess
import sys
from typing import Any

import pytest

MODULE = "mining_assets_tests.support.third_series"
ONE_UNKNOWN = ["mean_temperature completeness 2025-06-04: not known: no temperature is published"]
MONTH = [{"heating_degrees": 8.5, "days_with_temperature": 3}]
SEEN: dict[str, Any] = {
    "fetched": ["2025-06-02", "2025-06-03"],
    "failed": {"2025-06-04": "no temperature is published"},
    "one_unknown": ONE_UNKNOWN,
    "planned": ["mean_temperature 2025-06-04 to 2025-06-04"],
    "summarized_later": ["2025-06-04"],
    "clean": [],
    "month": MONTH,
    "year": MONTH,
    "status": ["Mean temperature: 3 of 3 days known, from 2025-06-02 on"],
    "status_json": 3,
    "origins": [
        "settlement_days",
        "bitcoin_price",
        "wind_generation",
        "mean_temperature",
        "wind_bm_units",
        "network_epochs",
    ],
    "damaged": [
        "mean_temperature validity 2025-06-03: not what was fetched",
        "daily_summaries heating 2025-06-02: heating_degrees is 1.0, should be 4.0",
    ],
    "planned_after_damage": ["mean_temperature 2025-06-03 to 2025-06-03"],
    "repaired": [],
    "asset": True,
    "parents": ["curtailment_records", "mean_temperature", "wind_generation"],
    "checks": ["completeness", "validity"],
    "exported": True,
}
"""What is seen of a series that the product does not know, from its first fetch to its repair."""


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    # In a process of its own: the registry is read when the other modules are imported.
    command = [sys.executable, "-m", MODULE, str(tmp_path_factory.mktemp("warm"))]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert ended.returncode == 0, ended.stderr
    found: dict[str, Any] = json.loads(ended.stdout)
    return found


@pytest.mark.parametrize("what", SEEN)
def test_a_third_series_needs_nothing_but_its_entry(what: str, seen: dict[str, Any]) -> None:
    assert seen[what] == SEEN[what]
