"""What commands say on the terminal, in this process: a sentence first that is true of all the days asked for."""

from mining_assets_tests.support.harness import Here
from mining_assets_tests.support.mixed import FIRST, LAST, QUARANTINED


def test_verify_begins_with_what_is_true_of_all_days(here: Here) -> None:
    code, out, _ = here("verify")
    assert code == 1
    first, rest = out.split("\n", 1)
    assert first.startswith(f"{FIRST} to {LAST}: ")
    assert " errors on 5 of 10 days" in first
    assert "┏" in rest, rest[:100]


def test_status_begins_with_what_is_true_of_all_days(here: Here) -> None:
    code, out, _ = here("status", "--from", QUARANTINED)
    assert code == 1
    assert out.startswith(f"{QUARANTINED} to {LAST}: None of 3 days is complete; 2 were never fetched; 1 could ")
    assert "\n\n=== Reconciliation Status ===\nTotal curtailment records: " in out
