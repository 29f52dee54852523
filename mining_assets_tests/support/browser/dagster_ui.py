"""The Dagster UI as a person uses it: by what is to be read on the screen.

Names of roles begin with the name of an icon ("lineage Lineage"), so they are looked for by their end.
"""

import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from playwright.sync_api import Locator, Page, expect

from mining_assets.defs.sensors.healing import SENSOR
from mining_assets_tests.support.harness import Environment

RUN_MILLISECONDS = 300_000  # a queued run or backfill, until its end, on a busy machine
WIDE, USUAL = {"width": 2400, "height": 1100}, {"width": 1400, "height": 900}
LOCATION = "mining_assets.definitions"


@dataclass(frozen=True)
class DagsterUi:
    """The UI at an address, in a page."""

    page: Page
    url: str

    def open(self) -> None:
        """Its first page, as somebody finds it who opens it for the first time."""
        self.page.goto(self.url)
        expect(self.link("Lineage")).to_be_visible()

    def link(self, text: str) -> Locator:
        return self._named("link", text).first

    def button(self, text: str) -> Locator:
        return self._named("button", text).first

    def _named(self, role: str, text: str) -> Locator:
        return self.page.get_by_role(role, name=re.compile(rf"(^|\s){re.escape(text)}(…|$)"))

    def open_graph(self) -> None:
        """The asset graph, with room for all of it."""
        self.page.set_viewport_size(WIDE)
        self.link("Lineage").click()

    def open_groups(self, groups: Sequence[str]) -> None:
        """Open closed groups of the graph; they stay open."""
        for group in groups:
            self.page.locator("svg").get_by_text(group, exact=True).first.click()
            self.page.wait_for_url(re.compile(rf"expanded=.*{group}"))
            self.page.reload()  # everything fits into the window again

    def node(self, asset: str) -> Locator:
        """The name of an asset in the graph."""
        return self.page.get_by_text(asset, exact=True).first

    def launch_backfill(self, assets: Sequence[str], first: date, last: date) -> None:
        """Select assets in the graph, choose a range of partitions, and launch."""
        for asset in assets:
            self.node(asset).click(modifiers=["Shift"])
        self.button(f"Materialize selected ({len(assets)})").click()
        days = (last - first).days + 1
        self.page.get_by_placeholder("ex: ").fill(f"[{first}...{last}]")
        self.page.keyboard.press("Enter")
        expect(self.page.get_by_text(f"{days} partitions", exact=True)).to_be_visible()
        self.page.get_by_role("button", name="Launch backfill").click()
        expect(self.page.get_by_text("Created backfill")).to_be_visible()

    def backfill_ended(self) -> str:
        """What became of the backfill just launched, once it has ended, on its page."""
        self.page.set_viewport_size(USUAL)
        self.page.get_by_text("View", exact=True).click()
        self.page.wait_for_url(re.compile("/runs/b/"))
        # The table below has links of the same names.
        ended = self.page.locator(":text-matches('^(Succeeded|Failed|Canceled)$'):not(a):not(a *)").first
        expect(ended).to_be_visible(timeout=RUN_MILLISECONDS)
        return ended.inner_text()

    def open_partitions(self, asset: str) -> None:
        self.page.set_viewport_size(USUAL)
        self.page.goto(f"{self.url}/assets/{asset}?view=partitions")

    def expect_partitions(self, **counts: int) -> None:
        """How many partitions of the asset shown are in each state."""
        for state, count in counts.items():
            told = self.page.get_by_text(f"{state.capitalize()} ({count})", exact=True)
            expect(told).to_be_visible(timeout=RUN_MILLISECONDS)

    def open_check(self, asset: str, check: str) -> None:
        self.page.set_viewport_size(USUAL)
        self.page.goto(f"{self.url}/assets/{asset}?view=checks")
        self.page.get_by_text(check, exact=True).first.click()
        expect(self.page.get_by_text("Evaluation result")).to_be_visible()

    def expect_check(self, outcome: str, told: str | re.Pattern[str]) -> None:
        """The outcome of the check shown, and what its latest evaluation says; the page follows by itself."""
        expect(self.page.get_by_text(told).first).to_be_visible(timeout=RUN_MILLISECONDS)
        expect(self.page.get_by_text(outcome, exact=True).first).to_be_visible()

    def metadata(self, name: str) -> str:
        """An entry of the metadata of what is shown."""
        row = self.page.get_by_role("row").filter(has=self.page.get_by_role("cell", name=name, exact=True)).first
        return row.inner_text()

    def run_job(self, job: str) -> str:
        """Launch a job with its default config from the launchpad, and tell how it ended."""
        self.page.set_viewport_size(USUAL)
        self.link("Jobs").click()
        self.link(job).click()
        self.page.get_by_text("Launchpad", exact=True).first.click()
        self.page.get_by_role("button", name="Launch Run").click()
        return self._run_ended()

    def run_assets_of(self, job: str) -> str:
        """Materialize all assets of a job that have no partitions, and tell how the run ended."""
        self.page.set_viewport_size(USUAL)
        self.link("Jobs").click()
        self.link(job).click()
        self.button("Materialize all").click()
        self.page.get_by_text("View", exact=True).click()
        return self._run_ended()

    def _run_ended(self) -> str:
        self.page.wait_for_url(re.compile(r"/runs/[0-9a-f-]{36}"))
        ended = self.page.get_by_text(re.compile(r"^(Success|Failure|Canceled)$")).first
        expect(ended).to_be_visible(timeout=RUN_MILLISECONDS)
        return ended.inner_text()

    def switch_on(self, sensor: str) -> None:
        """Start a sensor on its page."""
        self.link("Automation").click()
        self.page.get_by_role("link", name=re.compile(sensor)).click()
        switch = self.page.get_by_role("checkbox").first
        expect(switch).not_to_be_checked()
        self.page.locator("label").filter(has=switch).click()
        expect(switch).to_be_checked()


def stop_healing(made: Environment) -> None:
    """Switch the healing sensor off before anything starts, so that the days are left to whoever clicks."""
    with made.instance():
        pass  # prepares the home
    subprocess.run(
        [sys.executable, "-m", "dagster", "sensor", "stop", SENSOR, "-m", LOCATION],
        env=made.of_process(),
        check=True,
        capture_output=True,
        timeout=180,
    )
