"""What the other tests rely on: a page that asks elsewhere, complains or is too wide is found out."""

from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext

from mining_assets_tests.support.browser.chromium import watched


@pytest.mark.parametrize(
    ("body", "elsewhere", "complaint", "wide"),
    [
        ("<p>quiet</p>", [], "", False),
        ('<img src="http://example.org/pixel.png">', ["http://example.org/pixel.png"], "ERR_FAILED", False),
        ('<script>new WebSocket("ws://192.0.2.1/")</script>', ["ws://192.0.2.1/"], "WebSocket", False),
        ('<script>console.error("lost")</script>', [], "lost", False),
        ('<script>throw new Error("broken")</script>', [], "broken", False),
        ('<div style="width: 900px">wide</div>', [], "", True),
    ],
)
def test_a_page_is_watched(
    context: BrowserContext, tmp_path: Path, body: str, elsewhere: list[str], complaint: str, wide: bool
) -> None:
    path = tmp_path / "page.html"
    path.write_text(f"<!doctype html><title>x</title>{body}")
    with watched(context, tmp_path / "failed.png") as seen:
        seen.page.set_viewport_size({"width": 390, "height": 844})
        seen.page.goto(path.as_uri())
        seen.page.wait_for_timeout(500)
        assert seen.elsewhere == elsewhere
        assert complaint in "\n".join(seen.complaints)
        assert bool(complaint) == bool(seen.complaints)
        assert seen.scrolls_sideways == wide
