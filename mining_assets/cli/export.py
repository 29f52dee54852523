"""`export`: a table or view of the warehouse as CSV, JSON or Parquet."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, date
from difflib import get_close_matches
from importlib.metadata import version
from pathlib import Path
from typing import Any, BinaryIO

import click

from mining_assets.cli.formats import WRITERS, PyarrowAbsentError, has_metadata, writer_with
from mining_assets.cli.options import DAY, load_settings, opened_warehouse, require_warehouse
from mining_assets.cli.phase import Phase
from mining_assets.domain.wording import count_of
from mining_assets.files import atomic_write
from mining_assets.settings import now
from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.exports import RELATIONS, batches, day_column, exported, origins_of


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
    only ids of BM units, their names and sites are the last columns. Where the data came from is in FILE.meta.json
    beside a CSV or JSON file, in the metadata of a Parquet file, and, unless all of it is live, on standard error.

    Example: mining-assets export daily_by_farm --from 2025-07-04 --to 2025-07-04
    """
    _refuse_bad_input(table, first, last, form, out, force)
    settings = load_settings()
    require_warehouse(settings)
    shown = out is None and sys.stdout.isatty()
    with opened_warehouse(settings) as warehouse, nullcontext() if shown else Phase(f"exporting {table}"):
        try:
            count, origin = _write(warehouse, table, first, last, form, out)
        except PyarrowAbsentError as error:
            raise click.UsageError(str(error)) from None
        except OSError as error:
            if out is None:
                raise
            raise click.ClickException(f"{out} cannot be written: {error.strerror}") from None
    if origin:
        click.echo(f"{table}: {origin}", err=True)
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
        raise click.UsageError(f"the rows of {table} have no day: leave out --from and --to")
    if first and last and last < first:
        raise click.UsageError(f"the range ends on {last}, before it starts on {first}")
    if out is None and form == "parquet" and sys.stdout.isatty():
        raise click.UsageError("Parquet is nothing for a terminal: name a file with --out")
    if out is not None and out.exists() and not force:
        raise click.UsageError(f"{out} is there already: --force replaces it")
    if out is not None and not has_metadata(form) and _sidecar(out).exists() and not force:
        raise click.UsageError(f"{_sidecar(out)} is there already: --force replaces it")


def _write(
    warehouse: Warehouse, table: str, first: date | None, last: date | None, form: str, out: Path | None
) -> tuple[int, str]:
    """Write the rows and what is known of them; returns how many there were, and what must be said of their origin."""
    relation = RELATIONS[table]
    with warehouse.reading() as connection:
        origins = origins_of(connection, relation, first, last)
        document = {
            "table": table,
            "from": str(first) if first else None,
            "to": str(last) if last else None,
            "exported_at": now().astimezone(UTC).isoformat(),
            "version": version("mining-assets"),
            "origin": origins.as_dict(),
        }
        rows = batches(connection, relation, first, last)
        write = writer_with(form, {"mining_assets": json.dumps(document)})
        if out is None:
            count = write(sys.stdout.buffer, exported(relation), rows)
            sys.stdout.buffer.flush()
        elif has_metadata(form):
            with atomic_write(out) as file:
                count = write(file, exported(relation), rows)
        else:
            with _written_with(out, document) as file:
                count = write(file, exported(relation), rows)
    return count, origins.sentence


def _sidecar(path: Path) -> Path:
    """Give the file that says what is known of an exported one."""
    return path.with_name(path.name + ".meta.json")


@contextmanager
def _written_with(path: Path, document: dict[str, Any]) -> Iterator[BinaryIO]:
    """Open a file to write, as ``atomic_write``, with another beside it that says what is known of it.

    Nobody finds a file beside what is known of another: what was known of the one that is replaced goes before it.
    """
    with atomic_write(_sidecar(path)) as sidecar:
        sidecar.write(json.dumps(document, indent=2).encode() + b"\n")
        with atomic_write(path) as file:
            yield file
            _sidecar(path).unlink(missing_ok=True)
