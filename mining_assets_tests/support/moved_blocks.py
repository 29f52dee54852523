"""A world whose blocks were found when a test says so, and the halving of 2028 in it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from mining_assets_tests.support.twin import chain
from mining_assets_tests.support.twin.generated import GeneratedWorld
from mining_assets_tests.support.twin.rows import Row

HEIGHT = 1_050_000
FOUND = datetime.fromtimestamp(chain.block_time(HEIGHT), UTC)


@dataclass
class Moved(GeneratedWorld):
    """A world in which a test can say when blocks were found, and how far the source has come."""

    moved: dict[int, datetime] = field(default_factory=dict)
    top: int | None = None

    def blocks(self, height: int | None) -> list[Row]:
        if self.top is not None:
            height = min(height or self.top, self.top)
        rows = super().blocks(height)
        return [
            {**row, "timestamp": int(self.moved[row["height"]].timestamp())} if row["height"] in self.moved else row
            for row in rows
        ]
