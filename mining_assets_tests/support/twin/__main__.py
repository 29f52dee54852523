"""``python -m mining_assets_tests.support.twin``: the twin in the foreground, for the demo and for process tests."""

import argparse
import json
import os
import signal
import threading
from datetime import UTC, datetime
from pathlib import Path

from mining_assets.archive.errors import ArchiveError
from mining_assets.archive.store import Archive
from mining_assets_tests.support.twin.archived import ArchivedWorld
from mining_assets_tests.support.twin.generated import GeneratedWorld
from mining_assets_tests.support.twin.recorded import RecordedWorld
from mining_assets_tests.support.twin.server import Twin
from mining_assets_tests.support.twin.world import World


def main() -> None:
    """Serve until SIGINT or SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m mining_assets_tests.support.twin", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0, the default, picks a free one")
    parser.add_argument("--seed", type=int, default=1, help="of the generated data")
    parser.add_argument("--units", type=int, default=90, help="how many wind units are generated")
    parser.add_argument("--light", action="store_true", help="few rows beside wind")
    parser.add_argument("--real", type=Path, metavar="DIR", help="serve the recorded data of this folder instead")
    parser.add_argument("--archive", metavar="ADDRESS", help="serve the newest answers of this archive instead")
    parser.add_argument(
        "--as-of", type=_instant, metavar="INSTANT", help="of the archive only what was asked until then; UTC"
    )
    parser.add_argument("--delay-ms", type=float, default=0.0, help="hold back every answer")
    parser.add_argument("--ready-file", type=Path, metavar="FILE", help="write the URLs here, as JSON, once listening")
    given = parser.parse_args()

    if given.as_of and not given.archive:
        parser.error("--as-of needs --archive")
    if given.archive and given.real:
        parser.error("--archive and --real exclude each other")

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    world: World | ArchivedWorld
    if given.archive is not None:
        try:
            world = ArchivedWorld(Archive(given.archive), given.as_of)
            if world.is_empty:
                parser.error(f"--archive: nothing is in {world.description}")
        except ArchiveError as error:
            parser.error(f"--archive: {error}")
    elif given.real is not None:
        world = RecordedWorld(given.real)
    else:
        world = GeneratedWorld(given.seed, given.units, given.light)
    with Twin(world, given.port, delay_ms=given.delay_ms) as twin:
        print(f"Elexon:   {twin.elexon_url}\nmempool:  {twin.mempool_url}\nCoinbase: {twin.coinbase_url}")
        print(f"({world.description})", flush=True)
        if given.ready_file is not None:
            _announce(twin, given.ready_file)
        stop.wait()


def _instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def _announce(twin: Twin, path: Path) -> None:
    told = {
        "elexon_url": twin.elexon_url,
        "mempool_url": twin.mempool_url,
        "coinbase_url": twin.coinbase_url,
        "port": twin.port,
        "pid": os.getpid(),
        "data": twin.world.description,
    }
    half = path.with_name(path.name + ".part")
    half.write_text(json.dumps(told))
    half.replace(path)  # whoever waits for the file never reads half of it


if __name__ == "__main__":
    main()
