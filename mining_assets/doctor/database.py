"""The doctor's look at the database: whether it can be reached, and whether its schema is the one of the code.

What is stored in it is verified elsewhere.
"""

from contextlib import closing
from pathlib import Path

from mining_assets.doctor.lines import Line, judged
from mining_assets.doctor.machine import why_no_files
from mining_assets.warehouse.address import URL
from mining_assets.warehouse.connection import DBAPIError, OperationalError, Warehouse
from mining_assets.warehouse.inspection import problems
from mining_assets.warehouse.upgrade import SchemaMismatch, current_revision, needed_revision

_NAMED = 3
_UPGRADE = "run `mining-assets db upgrade`"


def is_missing(address: URL) -> bool:
    """Return whether the database is embedded, and nobody made its file so far."""
    return address.get_backend_name() == "sqlite" and not Path(address.database or "").exists()


def database_lines(address: URL) -> tuple[list[Line], list[str]]:
    """Look at the database at an address; none is made.

    Returns:
        The lines, and the names of those that could not be had.
    """
    shown = address.render_as_string(hide_password=True)
    file = Path(address.database or "") if address.get_backend_name() == "sqlite" else None
    if file is not None and is_missing(address):
        return [_not_yet(file)], []
    with closing(Warehouse(address)) as warehouse:
        try:
            revision = current_revision(warehouse)
        except DBAPIError as error:
            said = f"{shown}: {' '.join(str(error.orig).split())}"
            if file is None and isinstance(error, OperationalError):
                return [Line("database", "", "unreachable", said)], ["schema"]
            return [judged("database", said, "")], ["schema"]
        return [judged("database", None, f"{shown} answers"), _schema_line(warehouse, revision)], []


def _not_yet(file: Path) -> Line:
    """Return the line of an embedded warehouse that nobody made so far: that is no fault."""
    there = next(folder for folder in file.parents if folder.exists())
    refused = why_no_files(there)
    found = f"there is no {file} yet; the first command that fetches makes it"
    return judged("database", f"{file} cannot be made: {refused}" if refused else None, found)


def _schema_line(warehouse: Warehouse, revision: str | None) -> Line:
    needed = needed_revision()
    assumed = f"revision {needed}, its tables and what may be done with them"
    if revision != needed and warehouse.is_sqlite and revision is None:
        return judged("schema", None, "no tables yet; the first command that fetches makes them", assumed)
    try:
        found = problems(warehouse, values=False)
    except SchemaMismatch as error:
        if warehouse.is_sqlite and _UPGRADE in str(error):
            return judged("schema", None, f"revision {revision}; the next command brings it to {needed}", assumed)
        return judged("schema", str(error), "", assumed)
    except DBAPIError as error:
        return judged("schema", " ".join(str(error.orig).split()), "", assumed)
    more = f"; and {len(found) - _NAMED} more (`mining-assets db check`)" if len(found) > _NAMED else ""
    return judged("schema", "; ".join(found[:_NAMED]) + more, f"revision {needed}", assumed)
