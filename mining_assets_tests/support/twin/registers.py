"""A generated world whose register learns of units and forgets them."""

from dataclasses import dataclass, field

from mining_assets_tests.support.twin.generated import GeneratedWorld
from mining_assets_tests.support.twin.rows import Row


@dataclass
class ChangingRegister(GeneratedWorld):
    """A generated world.

    Attributes:
        absent: ids of units that the register does not have.
        retyped: the fuel types of units, by id, that the register has otherwise.
    """

    absent: set[str] = field(default_factory=set, init=False)
    retyped: dict[str, str] = field(default_factory=dict, init=False)

    @property
    def wind_ids(self) -> list[str]:
        """The ids of all units that truly are wind."""
        return [unit.id for unit in self._wind]

    def bm_units(self) -> list[Row]:
        return [
            row | {"fuelType": self.retyped.get(row["elexonBmUnit"], row["fuelType"])}
            for row in super().bm_units()
            if row["elexonBmUnit"] not in self.absent
        ]
