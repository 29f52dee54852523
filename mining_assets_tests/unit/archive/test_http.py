"""The answers of a fetch in place of its sources: what is given, and where it came from."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from mining_assets.archive.http import ArchivedHttp
from mining_assets.archive.manifest import ArchivedFetch, parse_manifest
from mining_assets.archive.store import Archive
from mining_assets.sources.errors import SourceUnavailable
from mining_assets.sources.http import Answer
from mining_assets_tests.support.answers import answer

MEMPOOL, COINBASE = "http://mempool.example/api/v1", "http://coinbase.example"
PRICES, CANDLES = "historical-price?currency=GBP", "products/BTC-GBP/candles"
ORIGINS = f"{COINBASE}; {MEMPOOL} (generated)"


def kept(folder: Path, *bases: str, origin: str = ORIGINS) -> tuple[ArchivedFetch, ArchivedHttp]:
    """A fetch of two sources, as it is read again."""
    archive = Archive(str(folder))
    paths = (CANDLES, PRICES)
    received = [replace(answer(path, b"[]"), url=f"{base}/{path}") for path, base in zip(paths, bases, strict=True)]
    archive.record(archive.keep("bitcoin_price", "2025-06", received, origin=origin))
    (fetch,) = archive.fetches("bitcoin_price", "2025-06")
    return fetch, ArchivedHttp(fetch, archive.answers(fetch))


def asked(http: ArchivedHttp, path: str) -> tuple[Answer[bytes], str]:
    """An answer, and the origin of it."""
    return asyncio.run(http.get(path, bytes)), http.origin


def test_each_answer_has_its_own_address_and_origin(tmp_path: Path) -> None:
    fetch, http = kept(tmp_path, COINBASE, MEMPOOL)
    assert (fetch.base, fetch.bases) == (MEMPOOL, (MEMPOOL, COINBASE))  # in the order of the paths
    for path, base, origin in ((PRICES, MEMPOOL, f"{MEMPOOL} (generated)"), (CANDLES, COINBASE, COINBASE)):
        given, told = asked(http, path)
        assert (given.url, told) == (f"{base}/{path}", origin)


@pytest.mark.parametrize(
    ("origin", "told"), [(COINBASE, MEMPOOL), (f"{COINBASE} (generated)", f"{MEMPOOL} (generated)"), (None, MEMPOOL)]
)
def test_a_source_that_nothing_was_stored_of_is_as_the_others_are(origin: str, told: str, tmp_path: Path) -> None:
    _, http = kept(tmp_path, COINBASE, MEMPOOL, origin=origin)
    assert asked(http, PRICES)[1] == told


def test_answers_of_one_source_need_no_address_each(tmp_path: Path) -> None:
    fetch, http = kept(tmp_path, MEMPOOL, MEMPOOL, origin=f"{MEMPOOL} (generated)")
    assert "bases" not in fetch.line()
    assert asked(http, PRICES)[1] == f"{MEMPOOL} (generated)"


def test_a_manifest_that_was_written_without_addresses_of_each_is_read(tmp_path: Path) -> None:
    fetch, _ = kept(tmp_path, COINBASE, MEMPOOL)
    old = fetch.model_copy(update={"bases": ()}).line()
    assert "bases" not in old
    (read,) = parse_manifest(old.encode(), "here")
    http = ArchivedHttp(read, Archive(str(tmp_path)).answers(read))
    given, told = asked(http, CANDLES)
    assert (given.url, told) == (f"{MEMPOOL}/{CANDLES}", ORIGINS)


def test_what_was_not_asked_then_is_unavailable(tmp_path: Path) -> None:
    _, http = kept(tmp_path, COINBASE, MEMPOOL)
    with pytest.raises(SourceUnavailable, match="not among the archived answers"):
        asked(http, "blocks")
