"""A browser for each test, and its pictures."""

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import pytest
from playwright.sync_api import BrowserContext, Playwright, expect, sync_playwright

from mining_assets_tests.support.browser.chromium import chromium
from mining_assets_tests.support.browser.pictures import Pictures

PICTURES = "E2E_PICTURES"


@pytest.fixture(scope="session", autouse=True)
def _ended_in_order() -> Iterator[None]:
    """Whoever ends the tests with SIGTERM ends the browser and the servers too."""

    def end(number: int, _: FrameType | None) -> None:
        sys.exit(128 + number)

    before = signal.signal(signal.SIGTERM, end)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.fixture(scope="session")
def pictures() -> Pictures:
    """Taken into the folder that the environment names, if it names one."""
    folder = os.environ.get(PICTURES)
    return Pictures(Path(folder).absolute() if folder else None)


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    expect.set_options(timeout=60_000)  # the UI draws late on a busy machine; five seconds are Playwright's own
    with sync_playwright() as started:
        yield started


@pytest.fixture
def context(playwright: Playwright, tmp_path: Path) -> Iterator[BrowserContext]:
    """Chromium with a fresh profile."""
    with chromium(playwright, tmp_path / "profile") as opened:
        yield opened
