"""Files of true labels: CSV or Parquet, read in batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

import monitoring.core.arrow  # noqa: F401  (no file runs code)
from monitoring.core.errors import MonitoringError

_BATCH_ROWS = 20_000
_BLOCK_BYTES = 1 << 20


class LabelRow(NamedTuple):
    """A row of a file."""

    id: str
    row: int | None
    """Which of the request's rows; None: by their order."""
    truth: dict[str, Any]


def read_labels(
    path: Path, id_column: str, row_column: str | None, columns: Sequence[str]
) -> Iterator[list[LabelRow]]:
    """The labels of a file, in batches.

    Args:
        path: The file; `.parquet`, or else CSV with a header.
        id_column: The column with the requests' ids.
        row_column: The column that says which of a request's rows is meant, from 0; None: there is
            none.
        columns: The columns that the label needs.

    Raises:
        MonitoringError: It cannot be read, or lacks a column, or a row has no id or row number.
    """
    number = 1 if path.suffix == ".parquet" else 2  # A header is the first line.
    wanted = [id_column, *([row_column] if row_column else []), *columns]
    for batch in _batches(path, wanted):
        values = batch.to_pydict()
        found = []
        for place in range(len(batch)):
            one = values[id_column][place]
            if one is None or one == "":
                raise _bad(path, number + place, id_column, one, "the id of a request")
            row = None
            if row_column is not None:
                row = _whole(values[row_column][place])
                if row is None:
                    given = values[row_column][place]
                    raise _bad(path, number + place, row_column, given, "a whole number from 0")
            truth = {name: _value(values[name][place], path) for name in columns}
            found.append(LabelRow(str(one), row, truth))
        number += len(batch)
        yield found


def _batches(path: Path, wanted: Sequence[str]) -> Iterator[pa.RecordBatch]:
    try:
        if path.suffix == ".parquet":
            with pq.ParquetFile(path) as file:
                _check_columns(path, file.schema_arrow.names, wanted)
                yield from file.iter_batches(_BATCH_ROWS, columns=list(dict.fromkeys(wanted)))
        else:
            text = dict.fromkeys(wanted, pa.string())
            with pa_csv.open_csv(
                path,
                read_options=pa_csv.ReadOptions(block_size=_BLOCK_BYTES),
                convert_options=pa_csv.ConvertOptions(column_types=text, strings_can_be_null=False),
            ) as file:
                _check_columns(path, file.schema.names, wanted)
                for batch in file:
                    places = [batch.schema.get_field_index(name) for name in dict.fromkeys(wanted)]
                    columns = [batch.column(place) for place in places]
                    yield pa.RecordBatch.from_arrays(columns, list(dict.fromkeys(wanted)))
    except (pa.ArrowException, OSError) as error:
        said = str(error).splitlines()[0] if str(error) else repr(error)
        raise MonitoringError(
            f"{path} cannot be read as labels",
            f"Expected CSV with a header, or Parquet. Received: {said}.",
            "Correct the file, or name another one: --file PATH",
        ) from error


def _check_columns(path: Path, there: Sequence[str], wanted: Sequence[str]) -> None:
    for name in wanted:
        if there.count(name) != 1:
            times = "twice or more" if name in there else "not"
            raise MonitoringError(
                f"{path}: the column '{name}' is {times} there",
                f"Received the columns: {', '.join(there)}.",
                "Name the columns: --id for the requests' ids, --label for each column of the "
                "label, --row for the row's number in its request.",
            )


def _whole(value: Any) -> int | None:
    try:
        found = int(value) if not isinstance(value, float) or value.is_integer() else -1
    except (TypeError, ValueError):
        return None
    return found if 0 <= found < 2**62 else None


def _value(value: Any, path: Path) -> Any:
    """A value as JSON can have it. Of CSV: a number, where the text is one, or missing."""
    if path.suffix == ".parquet":
        if isinstance(value, float) and value != value:
            return None
        return value if isinstance(value, bool | int | float | str | None) else str(value)
    if value == "":
        return None
    for kind in (int, float) if value.isascii() and "_" not in value else ():
        try:
            found = kind(value)
        except ValueError:
            continue
        return found if found == found else None
    return value


def _bad(path: Path, number: int, column: str, value: Any, expected: str) -> MonitoringError:
    return MonitoringError(
        f"{path}, row {number}: `{column}` cannot be used",
        f"Expected {expected}. Received: {value!r}.",
        "Correct the row; nothing of the file was taken.",
    )
