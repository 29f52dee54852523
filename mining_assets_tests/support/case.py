"""What a case of damage is, and how damage is done."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Executable, Table, delete, update

from mining_assets.reconciliation.checks import Check
from mining_assets.reconciliation.findings import Span
from mining_assets.warehouse.connection import Warehouse
from mining_assets_tests.support.samples import damage


@dataclass(frozen=True)
class Case:
    """A damage and what is found of it.

    Attributes:
        about: what was done.
        check: the check it is about.
        span: where that check fails.
        says: what its finding must say.
        problems: how many keys it must find wrong.
        also: other checks that cannot but fail too.
    """

    about: str
    check: Check
    harm: Callable[[Warehouse], None]
    span: Span
    says: tuple[str, ...]
    problems: int = 1
    also: tuple[Check, ...] = ()

    @property
    def fails(self) -> set[Check]:
        return {self.check, *self.also}


def does(*statements: Executable) -> Callable[[Warehouse], None]:
    """The harm that some statements do."""
    return lambda warehouse: damage(warehouse, *statements)


def of_day(table: Table, day: date, **key: object) -> list[object]:
    """The condition for rows of a day."""
    column = table.c.summary_date if "summary_date" in table.c else table.c.settlement_date
    return [column == day, *(table.c[name] == value for name, value in key.items())]


def change(table: Table, day: date, values: dict[str, object], **key: object) -> Executable:
    return update(table).where(*of_day(table, day, **key)).values(**values)  # type: ignore[arg-type]


def remove(table: Table, day: date, **key: object) -> Executable:
    return delete(table).where(*of_day(table, day, **key))  # type: ignore[arg-type]
