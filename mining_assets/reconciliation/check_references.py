"""The checks on the reference tables."""

from datetime import datetime, timedelta
from itertools import pairwise

import pandas as pd

from mining_assets.domain.network import (
    KNOWN_HALVINGS,
    RETARGET_INTERVAL,
    Epoch,
    NetworkHistoryRefused,
    Retarget,
    network_history,
)
from mining_assets.domain.wording import count_of
from mining_assets.reconciliation import checks
from mining_assets.reconciliation.checks import Check
from mining_assets.reconciliation.findings import ALL, Verification, problems
from mining_assets.warehouse.connection import Connection
from mining_assets.warehouse.days import units_with_records
from mining_assets.warehouse.names import NETWORK_EPOCHS, WIND_BM_UNITS
from mining_assets.warehouse.references import (
    is_tampered,
    known_units,
    last_fetch,
    reference_refusal,
    stored_epochs,
    wind_units,
)
from mining_assets.warehouse.references import network_history as network_history_of

FRESH = timedelta(days=2)
SHORTEST, LONGEST = timedelta(days=5), timedelta(days=25)
WATCHED_FROM = 2016
_ALTERED = "the table is not what was stored when it was last fetched"


def verify_network_epochs(connection: Connection, now: datetime) -> Verification:
    """Verify the network's epochs: rules of the chain, spacing, freshness."""
    verification = Verification({ALL}, {NETWORK_EPOCHS})
    epochs = stored_epochs(connection)
    fetched_at = last_fetch(connection, NETWORK_EPOCHS)
    verification.count(checks.EPOCHS_VALID, epochs=len(epochs))
    tampered = [("", _ALTERED)] if is_tampered(connection, NETWORK_EPOCHS) else []
    verification.add(checks.EPOCHS_VALID, _all(_invalid(epochs, fetched_at) or tampered))
    refusal = reference_refusal(connection, NETWORK_EPOCHS)
    refused = [("", f"refused since {refusal[0]:%Y-%m-%d %H:%M} UTC: {refusal[1]}")] if refusal else []
    verification.add(checks.EPOCHS_ACCEPTED, _all(refused))
    verification.add(checks.EPOCHS_HALVINGS, _all(_halvings_lacking(connection)))
    verification.add(checks.EPOCHS_SPACING, _all(_odd_spacing(epochs, fetched_at)))
    _verify_fresh(verification, checks.EPOCHS_FRESH, fetched_at, now)
    return verification


def verify_wind_units(connection: Connection, now: datetime) -> Verification:
    """Verify the wind register: no unit lost, one current version each, freshness."""
    verification = Verification({ALL}, {WIND_BM_UNITS})
    current, known = wind_units(connection).keys(), known_units(connection)
    farms = units_with_records(connection)
    lost = [(farm, "has records and is not in the register") for farm in sorted(farms - known)]
    lost += [(unit, "has no current version") for unit in sorted(known - current)]
    if not lost and is_tampered(connection, WIND_BM_UNITS):
        lost = [("", _ALTERED)]
    verification.count(checks.UNITS_KEPT, units=len(known), units_with_records=len(farms))
    verification.add(checks.UNITS_KEPT, _all(lost))
    _verify_fresh(verification, checks.UNITS_FRESH, last_fetch(connection, WIND_BM_UNITS), now)
    return verification


def _invalid(epochs: tuple[Epoch, ...], fetched_at: datetime | None) -> list[tuple[str, str]]:
    if fetched_at is None:
        return []  # nothing was fetched yet, which is no fault of what is stored
    retargets = [
        Retarget(epoch.block_time, epoch.height, epoch.difficulty) for epoch in epochs if epoch.kind == "retarget"
    ]
    try:
        halvings = {epoch.height: epoch.block_time for epoch in epochs if epoch.kind == "halving"}
        wanted = network_history(retargets, fetched_at, {**halvings, **KNOWN_HALVINGS}).epochs
    except NetworkHistoryRefused as refused:
        return [("", str(refused))]
    stored, due = set(epochs), set(wanted)
    wrong = [(f"height {epoch.height}", f"the {epoch.kind} is not as it must be") for epoch in sorted(stored - due)]
    return wrong or [(f"height {epoch.height}", f"the {epoch.kind} is missing") for epoch in sorted(due - stored)]


def _halvings_lacking(connection: Connection) -> list[tuple[str, str]]:
    history = network_history_of(connection)
    newest = max((epoch for epoch in history.epochs if epoch.kind == "retarget"), default=None)
    found = []
    for height in history.halvings_lacking:
        assert newest is not None
        if height < newest.height or history.known_until <= newest.block_time:
            refusal = reference_refusal(connection, f"halving {height}")
            why = f"since {refusal[0]:%Y-%m-%d %H:%M} UTC: {refusal[1]}" if refusal else "it was not asked for yet"
            found.append((f"height {height}", f"the time of the halving block is not known, {why}"))
    return found


def _odd_spacing(epochs: tuple[Epoch, ...], fetched_at: datetime | None) -> list[tuple[str, str]]:
    retargets = [epoch for epoch in epochs if epoch.kind == "retarget" and epoch.block_time.year >= WATCHED_FROM]
    odd = []
    for before, after in pairwise(retargets):
        blocks, took = after.height - before.height, after.block_time - before.block_time
        if blocks != RETARGET_INTERVAL or not SHORTEST <= took <= LONGEST:
            odd.append(
                (
                    f"height {after.height}",
                    f"{blocks} blocks and {count_of(took.days, 'day')} after the retarget before",
                )
            )
    if retargets and fetched_at and fetched_at - retargets[-1].block_time > LONGEST:
        waited = (fetched_at - retargets[-1].block_time).days
        odd.append(
            ("", f"no retarget {count_of(waited, 'day')} after height {retargets[-1].height}: has the source stalled?")
        )
    return odd


def _verify_fresh(verification: Verification, check: Check, fetched_at: datetime | None, now: datetime) -> None:
    if fetched_at is None or now - fetched_at > FRESH:
        last = f"last fetched {fetched_at:%Y-%m-%d %H:%M} UTC" if fetched_at else "never fetched"
        verification.add(check, _all([("", last)]))


def _all(rows: list[tuple[str, str]]) -> pd.DataFrame:
    return problems([ALL] * len(rows), [key for key, _ in rows], [detail for _, detail in rows])
