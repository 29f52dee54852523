"""What the tables are made of: their metadata, columns that refuse wrong values, and columns that several share."""

from sqlalchemy import CheckConstraint, Column, MetaData, Table, event

from mining_assets.warehouse.columns import VALUE, Count, Day, Name, Number, condition

NAMING = {
    "pk": "%(table_name)s_pk",
    "ck": "%(table_name)s_%(constraint_name)s",
    "ix": "%(table_name)s_%(column_0_N_name)s",
}
metadata = MetaData(naming_convention=NAMING)

PERIOD_RANGE = "settlement_period BETWEEN 1 AND 50"

SIDE_IS_KNOWN = "side IN ('bid', 'offer')"


def required(name: str, type_: object, comment: str) -> Column[object]:
    """Return a column that always has a value."""
    return guarded(Column(name, type_, nullable=False, comment=comment))  # type: ignore[arg-type]


def optional(name: str, type_: object, comment: str) -> Column[object]:
    """Return a column whose value may be absent."""
    return guarded(Column(name, type_, nullable=True, comment=comment))  # type: ignore[arg-type]


def guarded(column: Column[object]) -> Column[object]:
    """Let the table of a column refuse what the column's type alone would take, such as infinite numbers."""

    @event.listens_for(column, "after_parent_attach")
    def _add_checks(column: Column[object], table: Table) -> None:
        for dialect in ("sqlite", "postgresql"):
            if wanted := condition(column.type, column.name, dialect):
                check = CheckConstraint(wanted, name=f"{column.name}{VALUE}")
                table.append_constraint(check.ddl_if(dialect=dialect))

    return column


def period_key() -> list[Column[object]]:
    """Return the columns that name a settlement period."""
    return [
        required("settlement_date", Day, "Settlement day: a Europe/London calendar day."),
        required("settlement_period", Count, "Half hour of that day, from 1 to its 46, 48 or 50."),
    ]


def origin() -> Column[object]:
    """Return the column that says where rows came from."""
    return optional(
        "origin",
        Name,
        "Address of the source that answered, with (generated) behind it when it said that its answers are made up; "
        "several are joined by ; and absent means unknown.",
    )


def archive_object() -> Column[object]:
    """Return the column that says in which object the answer is kept that a row came from."""
    return optional("archive_object", Name, "SHA-256 of the archived object with the answer; absent: not archived.")


def totals() -> list[Column[object]]:
    """Return the columns of the measures of a day, a month or a year: ``curtailment.TOTALS``."""
    return [
        required("total_curtailed_energy", Number, "MWh of all accepted wind bids (gross), positive."),
        required("system_flagged_energy", Number, "MWh of those with the system flag, positive."),
        required("undone_energy", Number, "MWh of wind offers that took bids back; net = gross − this."),
        required("total_payment", Number, "£ for the gross energy; positive = paid to the farms."),
        required("undone_payment", Number, "£ for the undone energy, same sign convention; net = total + this."),
        required("curtailment_records", Count, "Curtailment records: wind bid rows below zero."),
        required(
            "farms", Count, "Distinct BM units with curtailed energy; units that were only undone are not among them."
        ),
        required("periods_curtailed", Count, "Settlement periods with curtailment."),
    ]
