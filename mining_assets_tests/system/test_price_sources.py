"""Days whose price mempool.space has not, and prices that a person gives: through the asset and the commands."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from mining_assets.cli.analyze import mending_commands
from mining_assets.cli.status import as_dict, as_text
from mining_assets.curated import given_prices, miner_models
from mining_assets.domain.retry_policy import HealingPolicy
from mining_assets.warehouse.attempts import outages, record_outage
from mining_assets.warehouse.status import Status, read_status
from mining_assets_tests.support.harness import Environment, environment, run_cli, run_range, table
from mining_assets_tests.support.twin.faults import Fault
from mining_assets_tests.support.twin.generated import GeneratedWorld
from mining_assets_tests.support.twin.server import Twin

FIRST, LAST = date(2017, 7, 12), date(2017, 7, 14)
THURSDAY = date(2017, 7, 13)  # mempool.space has a quotation of that day, which is one of a week


@pytest.fixture
def made(tmp_path: Path) -> Iterator[tuple[Environment, Twin]]:
    with Twin(GeneratedWorld(seed=6, units=6, light=True, windy_days=[FIRST, THURSDAY, LAST])) as twin:
        yield environment(tmp_path, twin, start_date=FIRST, end_date=LAST), twin


def given(folder: Path, **prices: float) -> Path:
    """A file of prices of days in July 2017."""
    file = folder / "prices.csv"
    lines = [f"2017-07-{day[1:]},{price}" for day, price in prices.items()]
    file.write_text("\n".join(["date,price_gbp", *lines, ""]))
    return file


def sources(made: Environment) -> list[str]:
    return list(table(made, "bitcoin_price")["source"])


def status(made: Environment) -> Status:
    settings = made.settings
    with made.warehouse() as warehouse, warehouse.reading() as connection:
        return read_status(connection, FIRST, LAST, miner_models(settings), (FIRST, LAST), given_prices(settings))


def test_days_of_weekly_quotations_are_whole_without_coinbase(
    made: tuple[Environment, Twin],
) -> None:
    environment, twin = made
    twin.fault(Fault(kind="status", route="candles", status=503))
    assert not run_range(environment, FIRST, LAST, roll_ups=False).errors
    told = status(environment)
    assert told.prices == "0 of 3 days known; 3 lacking: 2017-07-12 to 2017-07-14"
    assert (told.trusted, told.open_days.empty) == (3, True)
    for part in ("is one of a week (in http", "historical-price", "server error", "BTC-GBP/candles"):
        assert part in told.series["bitcoin_price"]["last_error"][THURSDAY]
    assert table(environment, "bitcoin_daily_summaries")["bitcoin_value"].isna().all()

    twin.clear_faults()
    twin.record.requests.clear()
    assert not run_range(environment, FIRST, LAST).errors
    assert (twin.count(route="prices"), twin.count(route="candles"), twin.count(route="stack")) == (1, 1, 0)
    assert status(environment).prices == "3 of 3 days known, from 2017-07-12 on (coinbase 3)"
    assert [instant.hour for instant in table(environment, "bitcoin_price")["quoted_at"]] == [12, 12, 12]
    assert not table(environment, "bitcoin_yearly_summaries")["bitcoin_value"].isna().any()


def test_a_price_that_is_given_replaces_the_stored_one_and_what_follows_from_it(
    made: tuple[Environment, Twin], tmp_path: Path
) -> None:
    environment, twin = made
    assert not run_range(environment, FIRST, LAST).errors
    before = table(environment, "bitcoin_yearly_summaries")["bitcoin_value"]
    stored = table(environment, "bitcoin_price").set_index("settlement_date")["price"]
    with_file = environment.but(prices=given(tmp_path, d12=stored[FIRST], d13=stored[THURSDAY] * 2))
    told = status(with_file)
    assert "  of MINING_ASSETS_PRICES not stored yet: 1, 2017-07-13" in as_text(told)
    assert as_dict(told)["series"]["bitcoin_price"]["overruled"] == 1
    assert mending_commands(told) == ["mining-assets date 2017-07-13"]
    assert status(environment).series["bitcoin_price"]["overruled"].sum() == 0

    asked = len(twin.requests)
    with environment.warehouse() as warehouse, warehouse.writing("an outage") as connection:
        record_outage(connection, "bitcoin_price", "refused", HealingPolicy(), datetime.now(UTC))
    done = run_cli(with_file, "reconcile")
    assert done.returncode == 0, done.stderr
    assert len(twin.requests) == asked
    with environment.warehouse() as warehouse, warehouse.reading() as connection:
        assert outages(connection).keys() == {"bitcoin_price"}  # no source answered
    assert sources(environment) == ["coinbase", "file", "coinbase"]
    assert (table(environment, "bitcoin_yearly_summaries")["bitcoin_value"] > before).all()
    assert mending_commands(status(with_file)) == []
    # Without the file what is stored stays.
    assert not run_range(environment, FIRST, LAST).errors
    assert status(environment).prices == "3 of 3 days known, from 2017-07-12 on (file 1, coinbase 2)"
