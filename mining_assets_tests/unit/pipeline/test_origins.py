"""Where data came from is stored with it, by what the answers said."""

from dataclasses import replace
from datetime import date

import pandas as pd
from sqlalchemy import Table, select

from mining_assets.domain.valuation import BITCOIN_PRICE, WIND_GENERATION
from mining_assets.domain.wind_units import wind_among
from mining_assets.pipeline.fetch_references import refresh_network_epochs, refresh_wind_units
from mining_assets.pipeline.fetch_series import fetch_generation, fetch_prices
from mining_assets.pipeline.replace_period import fetch_period, replace_period
from mining_assets.pipeline.update_series import store_and_summarize
from mining_assets.sources.elexon import ElexonClient
from mining_assets.sources.mempool import MempoolClient
from mining_assets.sources.sync import SyncClient
from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.schema import day_fetches, network_epochs, reference_fetches, settlement_days
from mining_assets_tests.support.elexon import LIMITS, prices_of
from mining_assets_tests.support.samples import DAY, MODELS, fetched_day, record, store
from mining_assets_tests.support.twin.faults import Fault
from mining_assets_tests.support.twin.generated import GeneratedWorld
from mining_assets_tests.support.twin.server import Twin
from mining_assets_tests.support.twin.world import World

LIVE = "https://elexon.example/api"


def made_up() -> World:
    return GeneratedWorld(7, light=True)


def unmarked() -> World:
    world = made_up()
    world.headers = ()
    return world


def origins(warehouse: Warehouse, table: Table, key: str) -> dict[object, str | None]:
    with warehouse.reading() as connection:
        return dict(connection.execute(select(table.c[key], table.c.origin)).all())


def with_user(url: str) -> str:
    return url.replace("//", "//reader:secret@")


def test_the_mark_comes_with_the_answers_and_no_password_is_kept() -> None:
    with Twin(unmarked()) as twin, SyncClient(ElexonClient(with_user(twin.elexon_url) + "/", LIMITS)) as elexon:
        masked = twin.elexon_url.replace("//", "//***@")
        elexon.run(elexon.client.bm_units())
        assert elexon.client.origin == masked
        twin.world.headers = made_up().headers
        elexon.run(elexon.client.bm_units())
        assert elexon.client.origin == f"{masked} (generated)"


def test_a_day_has_the_origin_of_what_was_stored_last(warehouse: Warehouse) -> None:
    first = fetched_day(record(), origin="http://a/1")
    store(warehouse, first)
    assert origins(warehouse, settlement_days, "settlement_date") == {DAY: "http://a/1"}
    older = replace(first, origin="http://b/1", ledger=first.ledger.assign(fetched_at=pd.Timestamp(0, tz="UTC")))
    store(warehouse, older)  # superseded: what is stored stays
    assert origins(warehouse, settlement_days, "settlement_date") == {DAY: "http://a/1"}
    store(warehouse, replace(first, origin=LIVE))  # the same content, from elsewhere
    assert origins(warehouse, settlement_days, "settlement_date") == {DAY: LIVE}
    store(warehouse, replace(first, origin=None))
    assert origins(warehouse, settlement_days, "settlement_date") == {DAY: None}


def test_a_period_from_elsewhere_makes_its_day_one_of_two_origins(warehouse: Warehouse) -> None:
    with Twin(made_up()) as twin, SyncClient(ElexonClient(twin.elexon_url, LIMITS)) as elexon:
        units = {unit.bm_unit_id: unit for unit in wind_among(elexon.run(elexon.client.bm_units()), [])}
        store(warehouse, fetched_day(record(), origin=LIVE))
        records, ledger, _ = elexon.run(fetch_period(elexon.client, DAY, 5, units))
        with warehouse.writing(str(DAY)) as connection:
            replace_period(connection, DAY, 5, (records, ledger), origin=elexon.client.origin, accept_shrink=True)
        assert origins(warehouse, settlement_days, "settlement_date") == {DAY: f"{LIVE}; {twin.elexon_url} (generated)"}


def test_prices_have_the_address_of_the_source_that_answered(warehouse: Warehouse) -> None:
    days = [date(2025, 6, day) for day in (1, 2, 3)]
    with prices_of(made_up(), {days[0]: 30_000.0}) as (twin, sources):
        twin.fault(Fault(kind="mutate", route="prices", date=days[2], row="all", field="GBP", value=-1))
        store_and_summarize(warehouse, BITCOIN_PRICE, fetch_prices(sources, days), MODELS)
    assert origins(warehouse, day_fetches, "settlement_date") == {
        days[0]: "file",
        days[1]: f"{twin.mempool_url} (generated)",
        days[2]: f"{twin.coinbase_url} (generated)",
    }


def test_generation_and_references_have_the_address_that_was_asked(warehouse: Warehouse) -> None:
    with (
        Twin(made_up()) as twin,
        SyncClient(ElexonClient(twin.elexon_url, LIMITS)) as elexon,
        SyncClient(MempoolClient(twin.mempool_url, LIMITS)) as mempool,
    ):
        store_and_summarize(warehouse, WIND_GENERATION, fetch_generation(elexon, [DAY]), MODELS)
        refresh_wind_units(warehouse, elexon, [])
        refresh_network_epochs(warehouse, mempool, {})
    assert origins(warehouse, day_fetches, "settlement_date") == {DAY: f"{twin.elexon_url} (generated)"}
    assert origins(warehouse, reference_fetches, "name") == {
        "wind_bm_units": f"{twin.elexon_url} (generated)",
        "network_epochs": f"{twin.mempool_url} (generated)",
    }


def test_a_register_keeps_the_origin_of_the_units_that_stay_in_it(warehouse: Warehouse) -> None:
    for world in (made_up(), unmarked()):
        with Twin(world) as twin, SyncClient(ElexonClient(twin.elexon_url, LIMITS)) as elexon:
            refresh_wind_units(warehouse, elexon, [])
    stored = origins(warehouse, reference_fetches, "name")["wind_bm_units"]
    assert stored is not None
    assert stored.count("(generated)") == 1
    assert stored.endswith(f"; {twin.elexon_url}")


def test_difficulties_that_a_new_source_lists_all_are_its_own(warehouse: Warehouse) -> None:
    for world in (made_up(), unmarked()):
        with Twin(world) as twin, SyncClient(MempoolClient(twin.mempool_url, LIMITS)) as mempool:
            refresh_network_epochs(warehouse, mempool, {})
    assert origins(warehouse, reference_fetches, "name") == {network_epochs.name: twin.mempool_url}
