"""A world whose references, the register and the history of the difficulty, were tampered with."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

from mining_assets_tests.support.twin.generated import GeneratedWorld
from mining_assets_tests.support.twin.rows import Row

DAY = date(2025, 6, 3)
Adjustments = list[list[float]]
Change = Callable[[Adjustments], object]
Tampering = Callable[[list[Row]], object]


def as_it_is(_: object) -> None:
    """Nothing is tampered with."""


@dataclass
class ChangedWorld(GeneratedWorld):
    """A world whose references were tampered with. Set before it is served: the twin keeps its answers."""

    adjustments: Change = field(default=as_it_is)
    register: Tampering = field(default=as_it_is)

    def difficulty_adjustments(self) -> Adjustments:
        rows = super().difficulty_adjustments()
        changed = self.adjustments(rows)
        return rows if changed is None else changed  # type: ignore[return-value]

    def bm_units(self) -> list[Row]:
        rows = super().bm_units()
        changed = self.register(rows)
        return rows if changed is None else changed  # type: ignore[return-value]


@dataclass
class Rewritten(GeneratedWorld):
    """A world whose register and difficulties a test can write while it is served; see ``forget_bodies``."""

    register: list[Row] = field(default_factory=list)
    retargets: Adjustments = field(default_factory=list)

    def bm_units(self) -> list[Row]:
        return self.register or super().bm_units()

    def difficulty_adjustments(self) -> Adjustments:
        return self.retargets or super().difficulty_adjustments()


def world(adjustments: Change = as_it_is, register: Tampering = as_it_is) -> ChangedWorld:
    return ChangedWorld(seed=3, units=6, light=True, windy_days=[DAY], adjustments=adjustments, register=register)
