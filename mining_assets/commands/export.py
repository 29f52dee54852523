"""`export`: a table or view of the warehouse as CSV, JSON or Parquet."""

import sys
from contextlib import nullcontext
from datetime import date
from difflib import get_close_matches
from pathlib import Path

import click

from mining_assets.commands.formats import WRITERS, PyarrowAbsentError
from mining_assets.commands.options import DAY, load_settings, opened_warehouse, require_warehouse
from mining_assets.commands.phase import Phase
from mining_assets.domain.wording import count_of
from mining_assets.files import written_whole
from mining_assets.warehouse.engine import Warehouse
from mining_assets.warehouse.exports import RELATIONS, batches, day_column, exported


@click.command("export")
@click.argument("table")
@click.option("--from", "first", type=DAY, metavar="DAY", help="First day; default: all there is.")
@click.option("--to", "last", type=DAY, metavar="DAY", help="Last day; default: all there is.")
@click.option("--format", "form", type=click.Choice(list(WRITERS)), default="csv", show_default=True)
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Default: standard output."
)
@click.option("--force", is_flag=True, help="Replace the file if it is there.")
def export(table: str, first: date | None, last: date | None, form: str, out: Path | None, force: bool) -> None:
    """Write a table or view in the order of its key. Months and years are those that the days lie in.

    An absent value is an empty field (CSV) or null; a day that is not known has no row in any view. Where a table has
    only ids of BM units, their names and sites are the last columns.

    Example: mining-assets export daily_by_farm --from 2025-07-04 --to 2025-07-04
    """
    _refuse_bad_input(table, first, last, form, out, force)
    settings = load_settings()
    require_warehouse(settings)
    shown = out is None and sys.stdout.isatty()
    with opened_warehouse(settings) as warehouse, nullcontext() if shown else Phase(f"exporting {table}"):
        try:
            count = _write(warehouse, table, first, last, form, out)
        except PyarrowAbsentError as error:
            raise click.UsageError(str(error)) from None
        except OSError as error:
            if out is None:
                raise
            raise click.ClickException(f"{out} cannot be written: {error.strerror}") from None
    if out is not None:
        click.echo(f"{count_of(count, 'row')} of {table} in {out}", err=True)


def _refuse_bad_input(
    table: str, first: date | None, last: date | None, form: str, out: Path | None, force: bool
) -> None:
    if table not in RELATIONS:
        near = get_close_matches(table, RELATIONS, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(RELATIONS)}"
        raise click.UsageError(f"there is no table or view {table!r}; {hint}")
    if (first or last) and day_column(RELATIONS[table]) is None:
        raise click.UsageError(f"the rows of {table} are of no day: leave --from and --to away")
    if first and last and last < first:
        raise click.UsageError(f"the range ends on {last}, before it starts on {first}")
    if out is None and form == "parquet" and sys.stdout.isatty():
        raise click.UsageError("Parquet is nothing for a terminal: name a file with --out")
    if out is not None and out.exists() and not force:
        raise click.UsageError(f"{out} is there already: --force replaces it")


def _write(warehouse: Warehouse, table: str, first: date | None, last: date | None, form: str, out: Path | None) -> int:
    relation = RELATIONS[table]
    with warehouse.reading() as connection:
        rows = batches(connection, relation, first, last)
        if out is None:
            count = WRITERS[form](sys.stdout.buffer, exported(relation), rows)
            sys.stdout.buffer.flush()
            return count
        with written_whole(out) as file:
            return WRITERS[form](file, exported(relation), rows)
