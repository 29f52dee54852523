"""Lines that fail: a proxy between the product and its database, or its sources, resets, cuts, stalls and drips."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from mining_assets_tests.support.chaos.processes import command, heal, said
from mining_assets_tests.support.chaos.proxy import KINDS, Harm, Kind, Proxy
from mining_assets_tests.support.chaos.seeds import long, seeds, some
from mining_assets_tests.support.chaos.state import assert_sound, assert_undisturbed
from mining_assets_tests.support.harness import Environment, Tables, run_range, with_timeout
from mining_assets_tests.support.postgres import Cluster
from mining_assets_tests.support.twin.server import Twin
from mining_assets_tests.system.chaos.conftest import DAYS, FIRST, LAST, Scene, at_database

BYTES_OF_A_RUN = 400_000
BYTES_OF_A_LINE = 10_000


@long
@pytest.mark.parametrize("seed", seeds(1))
@pytest.mark.parametrize("kind", some(KINDS, 1))
def test_line_to_the_database(
    kind: Kind, seed: int, postgresql: Cluster, twin: Twin, undisturbed: Tables, tmp_path: Path
) -> None:
    chance, name = random.Random(f"{seed} {kind}"), postgresql.create()
    with Proxy(postgresql.port) as proxy:
        # A lock is waited for 0.3 s, a statement 3 s, and a server that says nothing 3.3 s.
        made = at_database(postgresql, name, twin, tmp_path, proxy.port, timeout="0.3").but(retry_attempts=5)
        direct = at_database(postgresql, name, twin, tmp_path)
        harm = Harm.drawn(chance, kind, BYTES_OF_A_RUN)
        print(harm)
        proxy.harm(harm)
        with command(made, "range", FIRST, LAST) as process:
            told = said(process)
        print(told)
        assert proxy.met, "the harm was never met"
        assert "Traceback" not in told
        assert process.returncode in (0, 1, 3)
        assert assert_sound(direct, undisturbed) == set(DAYS) or process.returncode
        proxy.heal()
        assert heal(made) == 0
    assert_undisturbed(direct, undisturbed)
    postgresql.drop(name)


@pytest.fixture
def through_proxy(on_sqlite: Scene) -> Iterator[tuple[Environment, Proxy]]:
    """An environment whose sources are reached through a proxy."""
    with Proxy(on_sqlite.twin.port) as proxy:
        urls = {
            name: str(on_sqlite.made.variables[f"MINING_ASSETS_{name.upper()}"]).replace(
                f":{on_sqlite.twin.port}", f":{proxy.port}"
            )
            for name in ("elexon_url", "mempool_url", "coinbase_url")
        }
        yield on_sqlite.made.but(**urls), proxy


@long
@pytest.mark.parametrize("seed", seeds(1))
@pytest.mark.parametrize("kind", some(KINDS, 1))
def test_line_to_the_sources(kind: Kind, seed: int, on_sqlite: Scene, through_proxy: tuple[Environment, Proxy]) -> None:
    made, proxy = through_proxy
    chance = random.Random(f"{seed} {kind}")
    for connections in (chance.randrange(1, 4), 1000):  # some of them, and then all
        harm = Harm.drawn(chance, kind, BYTES_OF_A_LINE, connections)
        print(harm)
        proxy.harm(harm)
        before = len(proxy.met)
        ran = run_range(made, DAYS[0], refetch=True, overrides=with_timeout(made, 1.0))
        print(ran.errors, ran.reports)
        assert len(proxy.met) > before, "the harm was never met"
        assert ran.outcome(DAYS[0]) != "failed" or ran.reason(DAYS[0])
        assert_sound(made, on_sqlite.expected)
        proxy.heal()
    assert heal(made) == 0
    assert_undisturbed(made, on_sqlite.expected)
