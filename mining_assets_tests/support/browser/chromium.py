"""Debian's Chromium, watched: every address that a page asks for, and everything that it complains of."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Playwright, Route

CHROMIUM = Path("/usr/bin/chromium")
# Nothing of the browser's own goes out, and no name resolves: what a page asks for elsewhere never gets there.
QUIET = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
WAIT_MILLISECONDS = 60_000  # for one element, on a busy machine
LOCAL_SCHEMES = ("file", "data", "blob", "about")
WITHIN_ONE_PAGE = "() => document.documentElement.scrollWidth <= document.documentElement.clientWidth"


@dataclass
class Watched:
    """A page and what was seen of it.

    Attributes:
        elsewhere: addresses it asked for that are neither on loopback nor in a file. They were refused.
        complaints: errors in its console, and exceptions that nothing caught.
    """

    page: Page
    elsewhere: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def assert_quiet(self) -> None:
        """It asked for nothing off this machine and complained of nothing."""
        assert self.elsewhere == []
        assert self.complaints == []

    @property
    def scrolls_sideways(self) -> bool:
        """Whether the page is wider than its window."""
        return not self.page.evaluate(WITHIN_ONE_PAGE)


@contextmanager
def chromium(playwright: Playwright, profile: Path) -> Iterator[BrowserContext]:
    """A browser with a profile of its own, closed at the end."""
    context = playwright.chromium.launch_persistent_context(
        profile,
        executable_path=CHROMIUM,
        headless=True,
        chromium_sandbox=False,  # tests may run as root, where Chromium's sandbox does not
        args=QUIET,
        reduced_motion="reduce",
    )
    context.set_default_timeout(WAIT_MILLISECONDS)
    try:
        yield context
    finally:
        context.close()


@contextmanager
def watched(context: BrowserContext, shown_on_failure: Path) -> Iterator[Watched]:
    """A new page under watch; how it looked is kept when the block fails."""
    seen = Watched(context.new_page())

    def let_through(route: Route) -> None:
        if is_local(route.request.url):
            route.continue_()
        else:
            seen.elsewhere.append(route.request.url)
            route.abort()

    def heard(message: ConsoleMessage) -> None:
        if message.type == "error":
            seen.complaints.append(message.text)

    seen.page.route("**/*", let_through)
    seen.page.on("websocket", lambda socket: None if is_local(socket.url) else seen.elsewhere.append(socket.url))
    seen.page.on("console", heard)
    seen.page.on("pageerror", lambda error: seen.complaints.append(str(error)))
    try:
        yield seen
    except BaseException:
        print(f"{seen.page.url} looked like {shown_on_failure}; complaints: {seen.complaints}")
        seen.page.screenshot(path=shown_on_failure)
        raise
    finally:
        seen.page.close()


def is_local(url: str) -> bool:
    """Whether an address is on loopback or needs no network at all."""
    parts = urlsplit(url)
    return parts.scheme in LOCAL_SCHEMES or parts.hostname == "127.0.0.1"
