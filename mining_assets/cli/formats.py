"""The forms in which a table is exported: CSV, JSON and Parquet, each written batch by batch.

Days are written as 2025-06-01, instants in ISO 8601 with their offset, and what is absent as an empty field, ``null``
or a null. Parquet has dates and UTC timestamps of its own.
"""

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import partial
from types import MappingProxyType
from typing import Any, BinaryIO

from mining_assets.warehouse.exports import ExportedColumn

Columns = Sequence[ExportedColumn]
Batches = Iterable[Sequence[Sequence[Any]]]
Writer = Callable[[BinaryIO, Columns, Batches], int]
NOTHING: Mapping[str, str] = MappingProxyType({})


class PyarrowAbsentError(Exception):
    """Parquet was asked for, and what writes it is not installed."""


def write_csv(file: BinaryIO, columns: Columns, batches: Batches) -> int:
    """Write a header and a line per row (UTF-8); return how many rows there were."""
    text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
    try:
        lines = csv.writer(text, lineterminator="\n")
        lines.writerow([column.name for column in columns])
        count = 0
        for rows in batches:
            lines.writerows([_plain(value) for value in row] for row in rows)
            count += len(rows)
        return count
    finally:
        text.detach()  # the file is the caller's to close


def write_json(file: BinaryIO, columns: Columns, batches: Batches) -> int:
    """One array of objects, a line per row; returns how many rows there were."""
    names, count = [column.name for column in columns], 0
    file.write(b"[")
    for rows in batches:
        for row in rows:
            values = {name: _for_json(value) for name, value in zip(names, row, strict=True)}
            line = json.dumps(values, ensure_ascii=False, allow_nan=False)
            file.write(f"{',' if count else ''}\n{line}".encode())
            count += 1
    file.write(b"\n]\n")
    return count


def write_parquet(file: BinaryIO, columns: Columns, batches: Batches, metadata: Mapping[str, str] = NOTHING) -> int:
    """Write a Parquet file with a row group per batch; return how many rows there were.

    Args:
        file: open for writing.
        columns: their names and kinds.
        batches: the rows, group by group.
        metadata: of the file, in its schema.

    Raises:
        PyarrowAbsentError: pyarrow is not installed.
    """
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError as error:
        raise PyarrowAbsentError("Parquet needs pyarrow: pip install 'mining-assets[parquet]'") from error
    schema = pa.schema(
        [pa.field(column.name, _arrow(pa, column), nullable=column.nullable) for column in columns],
        metadata=dict(metadata),
    )
    count = 0
    with parquet.ParquetWriter(file, schema) as writer:
        for rows in batches:
            arrays = [
                pa.array(values, field.type) for values, field in zip(zip(*rows, strict=True), schema, strict=True)
            ]
            writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=schema))
            count += len(rows)
    return count


WRITERS: dict[str, Writer] = {"csv": write_csv, "parquet": write_parquet, "json": write_json}


def writer_with(form: str, metadata: Mapping[str, str]) -> Writer:
    """Give what writes a form, with metadata inside of the file if the form has a place for it."""
    return partial(write_parquet, metadata=metadata) if has_metadata(form) else WRITERS[form]


def has_metadata(form: str) -> bool:
    """Tell whether files of a form have a place for metadata; of the others it is written beside them."""
    return form == "parquet"


def _plain(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, date | datetime) else value


def _for_json(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date | datetime) else value


def _arrow(pa: Any, column: ExportedColumn) -> Any:
    match column.kind:
        case "date":
            return pa.date32()
        case "instant":
            return pa.timestamp("us", tz="UTC")
        case "flag":
            return pa.bool_()
        case "number":
            return pa.float64()
        case "count":
            return pa.int64()
        case "text":
            return pa.string()
