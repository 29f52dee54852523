"""The run of a command in the Dagster UI: on its job's page, and on the timeline."""

from datetime import date
from pathlib import Path

from playwright.sync_api import BrowserContext, expect

from mining_assets_tests.support.browser.chromium import watched
from mining_assets_tests.support.browser.dagster_ui import LOCATION, DagsterUi, stop_healing
from mining_assets_tests.support.harness import environment, run_cli
from mining_assets_tests.support.serving import user_interface
from mining_assets_tests.support.twin.generated import GeneratedWorld
from mining_assets_tests.support.twin.server import Twin

DAY = date(2025, 6, 27)


def test_the_run_of_a_command_stands_under_its_job_and_on_the_timeline(context: BrowserContext, tmp_path: Path) -> None:
    with Twin(GeneratedWorld(seed=9, units=10, light=True, windy_days=[DAY])) as twin:
        made = environment(tmp_path, twin, start_date=DAY, end_date=DAY)
        stop_healing(made)
        with user_interface(made) as url, watched(context, tmp_path / "failed.png") as seen:
            done = run_cli(made, "reingest", DAY, "--yes")
            assert done.returncode == 0, done.stderr
            with made.instance() as instance:
                (run,) = [each for each in instance.get_runs() if each.job_name == "reingest"]
            ui = DagsterUi(seen.page, url)
            ui.open()
            seen.page.goto(f"{url}/locations/{LOCATION}/jobs/reingest/runs")
            expect(seen.page.get_by_text(run.run_id[:8]).first).to_be_visible()
            seen.page.goto(f"{url}/timeline?groupBy=job")  # lists only jobs with runs, or with a schedule
            expect(seen.page.get_by_role("link", name="reingest").first).to_be_visible()
            seen.assert_quiet()
