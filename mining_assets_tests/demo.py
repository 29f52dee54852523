"""The demo: two weeks of generated days across a month's end and a clock change, through the real commands.

The twin stands in for Elexon, mempool.space and Coinbase: it needs no internet. Its data is generated and says so.
"""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import click

from mining_assets_tests.support.twin.generated import GeneratedWorld
from mining_assets_tests.support.twin.server import Twin

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / ".demo_generated"
PORT = 8900
START, END = "2025-03-24", "2025-04-06"
LABEL = "GENERATED DATA, NOT REAL"


@click.command()
@click.option("--ui", is_flag=True, help="Open the Dagster UI on the demo's result.")
@click.option("--port", default=3000, show_default=True, help="Port of the UI on loopback.")
@click.option("--seed", default=1, show_default=True, help="Seed of the generated days.")
def main(ui: bool, port: int, seed: int) -> None:
    """Run the main job on generated days, or open the UI on what it left."""
    with _twin(GeneratedWorld(seed=seed)) as twin:
        environment = os.environ | {
            "DAGSTER_HOME": str(HOME),
            "MINING_ASSETS_ELEXON_URL": twin.elexon_url,
            "MINING_ASSETS_MEMPOOL_URL": twin.mempool_url,
            "MINING_ASSETS_COINBASE_URL": twin.coinbase_url,
            "MINING_ASSETS_START_DATE": START,
            "MINING_ASSETS_END_DATE": END,
            "MINING_ASSETS_REQUESTS_PER_SECOND": "500",
        }
        environment.pop("MINING_ASSETS_WAREHOUSE_URL", None)
        HOME.mkdir(exist_ok=True)
        own = {name: value for name, value in environment.items() if os.environ.get(name) != value}
        (HOME / ".env").write_text("".join(f"{name}={value}\n" for name, value in own.items()))
        click.echo(f"*** {LABEL} *** served by {twin.elexon_url}, kept in {HOME}")
        if ui:
            sys.exit(_run(environment, "ui", "--port", str(port)))
        code = _run(environment, "range", START, END)
        click.echo(f"\n*** {LABEL} ***")
        status = _run(environment, "status")
        page = HOME / "report.html"
        report = _run(environment, "report", "--out", str(page))
        click.echo(f"\n*** {LABEL} ***")
        click.echo(f"The picture of it:            {page}")
        click.echo(f"In the Dagster UI:            make demo-ui, then http://127.0.0.1:{port}")
        click.echo(f"More of it at the terminal:   cd {HOME.name} && ../.venv/bin/mining-assets status")
        sys.exit(code or status or report)


def _twin(world: GeneratedWorld) -> Twin:
    """Return a stand-in on the port of `make twin`, so that the demo's addresses stay; on another if that is taken."""
    with socket.socket() as tried:
        is_taken = tried.connect_ex(("127.0.0.1", PORT)) == 0
    return Twin(world, 0 if is_taken else PORT)


def _run(environment: dict[str, str], *arguments: str) -> int:
    sys.stdout.flush()
    command = [sys.executable, "-c", "from mining_assets.cli.main import main; main()", *arguments]
    with subprocess.Popen(command, env=environment, cwd=ROOT) as running:
        signal.signal(signal.SIGTERM, lambda *_: running.terminate())  # the UI ends with whom it was opened by
        while True:
            try:
                return running.wait()
            except KeyboardInterrupt:  # meant for the command too, which ends in order and says so
                continue


if __name__ == "__main__":
    main()
