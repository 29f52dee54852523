"""Cold start: the command's process and the code location, against a process that only imports Dagster."""

import os
import subprocess
import sys

from benchmarks.measure import Figure, Setting, medians

IMPORT = "import dagster"
STATUS = "import sys; sys.argv = ['mining-assets', 'status']; from mining_assets.cli.main import main; main()"
LOCATION = "from mining_assets.definitions import defs; defs().get_repository_def()"


def start(setting: Setting) -> list[Figure]:
    """`mining-assets status` on an empty warehouse, and what `dagster dev` loads."""
    home = setting.folder / "start_home"
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MINING_", "DAGSTER_"))}

    def run(code: str) -> None:
        command = [sys.executable, "-c", code]
        done = subprocess.run(
            command, env=environment | {"DAGSTER_HOME": str(home)}, capture_output=True, text=True, check=False
        )
        if done.returncode not in (0, 1) or "Traceback" in done.stderr:
            raise RuntimeError(done.stderr)

    bare, status, location = medians(
        2 * setting.repetitions, lambda: run(IMPORT), lambda: run(STATUS), lambda: run(LOCATION)
    )
    against = "a process that imports dagster"
    return [
        Figure("cold start of status", status / bare, 1.5, "less", against, {"seconds": status, "seconds_bare": bare}),
        Figure(
            "loading the code location",
            location / bare,
            2.5,
            "less",
            against,
            {"seconds": location, "seconds_bare": bare},
        ),
    ]
