"""An acceptance that the stacks tell twice: the day's volumes decide, and what they decided is not lost."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from mining_assets.domain.repeats import repeats
from mining_assets.domain.wind_units import WindUnit
from mining_assets.pipeline.fetch import fetch_day
from mining_assets.pipeline.replace_period import fetch_period, replace_period
from mining_assets.reconciliation import checks
from mining_assets.reconciliation.verify import Scope, verify_and_store_days
from mining_assets.sources.elexon import ElexonClient
from mining_assets.sources.sync import SyncClient
from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.days import FetchedDay, Outcome
from mining_assets.warehouse.schema import curtailment_records, oracle_comparisons, settlement_days, settlement_ledger
from mining_assets_tests.support.elexon import elexon_of
from mining_assets_tests.support.samples import MODELS, rows_of, store
from mining_assets_tests.support.twin.faults import Fault
from mining_assets_tests.support.twin.generated import GeneratedWorld
from mining_assets_tests.support.twin.server import Twin

DAY = date(2025, 3, 8)
AWAY = Fault(kind="status", status=503, route="volumes")
Served = tuple[Twin, SyncClient[ElexonClient]]


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with elexon_of(GeneratedWorld(7, units=20, light=True, windy_days=[DAY])) as both:
        yield both


@pytest.fixture
def twin(served: Served) -> Twin:
    served[0].world.reset()
    served[0].clear_faults()
    served[0].record.clear()
    return served[0]


@pytest.fixture
def fetch(twin: Twin, served: Served) -> Any:
    units = {name: WindUnit(name) for name in twin.world.wind_unit_ids}

    def run() -> FetchedDay:
        return served[1].run(fetch_day(served[1].client, DAY, units))

    return run


def a_place(twin: Twin) -> tuple[int, dict[str, Any]]:
    """A period with wind bids, and the first of them."""
    world = twin.world
    assert isinstance(world, GeneratedWorld)
    period = int(world.plan(DAY).intensity.argmax()) + 1
    return period, next(row for row in world.stack(DAY, period, "bid") if row["id"] in world.wind_unit_ids)


def two_true_acceptances(twin: Twin, price: float = -70.0) -> tuple[int, dict[str, Any]]:
    """Two rows that agree in everything, which the volumes have both."""
    period, row = a_place(twin)
    extra = {"period": period, "side": "bid", "id": row["id"], "volume": -7.5, "originalPrice": price}
    twin.world.restate(DAY, extra=[extra | {"acceptanceId": 555}] * 2)
    return period, extra


def energy(fetched: FetchedDay) -> float:
    return float(-fetched.records.loc[fetched.records["side"] == "bid", "volume"].sum())


def decided(fetched: FetchedDay, period: int) -> Any:
    ledger = fetched.ledger.set_index(["settlement_period", "side"])
    return ledger.loc[(period, "bid"), "repeats_confirmed"]


def test_without_repeats_the_volumes_are_asked_for_only_to_compare(fetch: Any, twin: Twin) -> None:
    assert fetch().ledger["repeats_confirmed"].isna().all()
    assert twin.count(route="volumes") == 1


def test_a_repeat_that_the_volumes_do_not_have_is_left_out_with_a_warning(fetch: Any, twin: Twin) -> None:
    right = energy(fetch())
    period, row = a_place(twin)
    twin.world.repeat(DAY, period, "bid", row["id"])
    fetched = fetch()
    assert energy(fetched) == right
    assert not repeats(fetched.records).any()
    assert decided(fetched, period) is False
    assert fetched.oracle is not None
    assert fetched.oracle["problem"].tolist() == [None]
    (warning,) = fetched.warnings
    assert f"{DAY} bid: 1 row repeats an acceptance, {-row['volume']:,.3f} MWh, left out" in warning
    assert f"acceptance {row['acceptanceId']} of {row['id']} in period {period}" in warning


def test_two_true_acceptances_count_both_and_nothing_is_said(fetch: Any, twin: Twin) -> None:
    right = energy(fetch())
    period, _ = two_true_acceptances(twin)
    fetched = fetch()
    assert energy(fetched) == pytest.approx(right + 15.0, rel=1e-12)
    assert (decided(fetched, period), fetched.warnings) == (True, ())


def test_volumes_that_agree_with_neither_reading_decide_nothing(fetch: Any, twin: Twin) -> None:
    right = energy(fetch())
    period, row = a_place(twin)
    twin.world.repeat(DAY, period, "bid", row["id"])
    twin.fault(Fault(kind="mutate", route="volumes", field="totalVolumeAccepted", value=-9999.0, row="all"))
    fetched = fetch()
    assert energy(fetched) == pytest.approx(right - row["volume"], rel=1e-12)
    assert decided(fetched, period) is None
    assert "undecided, since the day's volumes agree with neither reading: read as they were" in fetched.warnings[0]


@pytest.mark.parametrize(
    ("fault", "reason"), [(AWAY, "cannot be had"), (Fault(kind="empty", route="volumes"), "are empty")]
)
def test_without_the_volumes_the_rows_count_as_told_and_the_check_names_them(
    fault: Fault, reason: str, fetch: Any, twin: Twin, warehouse: Warehouse
) -> None:
    period, row = a_place(twin)
    twin.world.repeat(DAY, period, "bid", row["id"])
    twin.fault(fault)
    fetched = fetch()
    assert f"undecided, since the day's volumes {reason}" in fetched.warnings[0]
    store(warehouse, fetched)
    (found,) = verify_and_store_days(warehouse, [DAY], Scope(MODELS, (DAY, DAY))).found(checks.REPEATS)
    assert (found.span, found.problems) == (DAY, 1)
    assert found.example == (
        f"period {period} bid {row['id']}: acceptance {row['acceptanceId']} (pair {row['bidOfferPairId']}) is counted "
        f"twice, {-row['volume']:,.3f} MWh"
    )


@pytest.mark.parametrize("true", [True, False])
def test_what_was_decided_stays_when_the_volumes_cannot_be_asked_again(
    true: bool, fetch: Any, twin: Twin, warehouse: Warehouse
) -> None:
    period, row = a_place(twin)
    if true:
        two_true_acceptances(twin)
    else:
        twin.world.repeat(DAY, period, "bid", row["id"])
    assert store(warehouse, fetch()) is Outcome.NEW
    records = rows_of(warehouse, curtailment_records)
    twin.fault(AWAY)
    assert store(warehouse, fetch()) is Outcome.UNCHANGED
    assert rows_of(warehouse, curtailment_records) == records
    figures, compared = settlement_days.c, oracle_comparisons.c
    with warehouse.reading() as connection:  # what is compared is what counts
        stored = connection.execute(select(figures.total_curtailed_energy)).scalar_one()
        assert connection.execute(select(compared.energy_stack)).scalar_one() == pytest.approx(stored)
    ledger = settlement_ledger.c
    query = select(ledger.repeats_confirmed).where(ledger.settlement_period == period, ledger.side == "bid")
    with warehouse.reading() as connection:
        assert connection.execute(query).scalar() is true
    verification = verify_and_store_days(warehouse, [DAY], Scope(MODELS, (DAY, DAY)))
    assert verification.found(checks.REPEATS) == verification.found(checks.LEDGER_AGREEMENT) == []


def test_a_comparison_that_agreed_confirms_the_rows_of_an_earlier_version(
    fetch: Any, twin: Twin, warehouse: Warehouse
) -> None:
    two_true_acceptances(twin)
    fetched = fetch()
    fetched.ledger["repeats_confirmed"] = None
    store(warehouse, fetched)
    assert verify_and_store_days(warehouse, [DAY], Scope(MODELS, (DAY, DAY))).found(checks.REPEATS) == []


def test_one_period_fetched_again_decides_and_says_so_too(twin: Twin, served: Served) -> None:
    period, row = a_place(twin)
    twin.world.repeat(DAY, period, "bid", row["id"])
    units = {name: WindUnit(name) for name in twin.world.wind_unit_ids}
    records, ledger, warnings = served[1].run(fetch_period(served[1].client, DAY, period, units))
    assert not repeats(records).any()
    assert ledger.set_index("side").loc["bid", "repeats_confirmed"] is False
    assert "left out" in warnings[0]


def test_replacing_another_period_keeps_what_was_decided(
    fetch: Any, twin: Twin, served: Served, warehouse: Warehouse
) -> None:
    period, _ = two_true_acceptances(twin)
    store(warehouse, fetch())
    units = {name: WindUnit(name) for name in twin.world.wind_unit_ids}
    other = served[1].run(fetch_period(served[1].client, DAY, period - 1, units))
    records = rows_of(warehouse, curtailment_records)
    with warehouse.writing(str(DAY)) as connection:
        assert replace_period(connection, DAY, period - 1, other[:2], origin="o") is Outcome.UNCHANGED
    assert rows_of(warehouse, curtailment_records) == records
    verification = verify_and_store_days(warehouse, [DAY], Scope(MODELS, (DAY, DAY)))
    assert verification.found(checks.REPEATS) == verification.found(checks.LEDGER_AGREEMENT) == []
