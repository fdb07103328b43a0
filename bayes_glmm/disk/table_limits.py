"""Inspect a table on disk before pandas reads it: its content, and the memory it would take."""

from __future__ import annotations

import codecs
import csv
from collections import Counter
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bayes_glmm.disk.text_files import PACKED, opened
from bayes_glmm.errors import DataError, listed

if TYPE_CHECKING:
    import pandas as pd

MOST_COLUMNS = 10_000
"""Of a table of rows; its model names a few hundred at most."""
WIDEST = 200_000
"""Columns of a table with a column per marker."""
PER_BYTE, ROOM = 100, 2**24
"""A packed file may unpack to so many times its size, and so many bytes more."""
PADDED = 2**30
"""Bytes of a column of texts when each takes as much room as its longest."""
CELLS_PER_BYTE, MORE_CELLS = 8, 2**24
ELSEWHERE = (".zst", ".tar", ".tgz", ".7z", ".rar", ".xlsx", ".xls", ".ods", ".feather", ".rds")
_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def csv_text(path: Path, most_columns: int = MOST_COLUMNS) -> tuple[bytes, list[str]]:
    """Return a CSV file's text in UTF-8, unpacked, and the names in its header.

    Raises
    ------
    DataError
        It unpacks to too much, is not text in UTF-8, has NUL bytes, too many columns or cells,
        or a column twice; the message names the line or the columns.
    """
    content = _unpacked(path)
    if content.startswith(_WIDE):
        raise DataError(f"{path} is text in UTF-16: save the table as CSV in UTF-8.")
    content = content.removeprefix(codecs.BOM_UTF8)
    if (at := content.find(b"\0")) >= 0:
        raise DataError(
            f"{path}, line {_line(content, at)}, holds a NUL byte, which is no text: it is no CSV "
            "file in UTF-8, or it is damaged. Save the table as CSV in UTF-8."
        )
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path}, line {_line(content, error.start)}, holds the byte 0x{content[error.start]:02x}, "
            "which is no text in UTF-8: save the table as CSV in UTF-8."
        ) from error
    names = _header(path, content, most_columns)
    lines = content.count(b"\n") + content.count(b"\r")
    if len(names) * lines > CELLS_PER_BYTE * len(content) + MORE_CELLS:
        raise DataError(
            f"{path} has {len(names)} columns and {lines} lines, but far fewer cells: most of its "
            "rows are shorter than the header."
        )
    return content, names


def _line(content: bytes, at: int) -> int:
    return content.count(b"\n", 0, at) + 1


def _unpacked(path: Path) -> bytes:
    suffix = path.suffix.lower()
    if suffix in ELSEWHERE:
        raise DataError(f"{path}: {suffix} is not read. Save the table as CSV or Parquet.")
    if suffix not in PACKED:
        return path.read_bytes()
    most = PER_BYTE * path.stat().st_size + ROOM
    with opened(path) as handle:
        content = handle.read(most + 1)
    if len(content) > most:
        raise DataError(
            f"{path} unpacks to more than {PER_BYTE} times its size and {ROOM >> 20} MiB, the most "
            "that is read. If you trust it, unpack it first."
        )
    return content


def _header(path: Path, content: bytes, most: int) -> list[str]:
    """Return the names in the first line that is not blank, and look at the line below."""
    text = content[: 200 * most].decode("utf-8", "ignore")
    lines = (row for row in csv.reader(StringIO(text, newline="")) if any(c.strip() for c in row))
    try:
        names, first = next(lines, []), next(lines, [])
    except csv.Error as error:
        raise DataError(f"{path}: its header cannot be read ({error}).") from error
    refuse_columns(path, names, most)
    if len(first) > len(
        names
    ):  # pandas takes the first of them as names of rows, and shifts the rest
        raise DataError(
            f"{path}: the header names {len(names)} columns, the row below has {len(first)} cells. "
            "Name every column, also that of row names, and end no row with a comma."
        )
    return names


def refuse_columns(path: Path, names: list[str], most: int = MOST_COLUMNS) -> None:
    """Refuse too many columns, and a name that stands twice."""
    if len(names) > most:
        raise DataError(f"{path} has {len(names)} columns; {most} are read at most.")
    twice = [name for name, n in Counter(filter(None, names)).items() if n > 1]
    if twice:
        places = [str(k) for k, name in enumerate(names, 1) if name == twice[0]]
        raise DataError(
            f"{path} has the column {listed(map(repr, twice))} more than once (columns "
            f"{listed(places)}): rename all but one."
        )


def refuse_padded(path: Path, data: pd.DataFrame, columns: list[str]) -> None:
    """Refuse a column of texts, one of which is so long that an array of them is too large."""
    for column in columns:
        if data[column].dtype.kind not in "iufb":
            lengths = data[column].astype("str").str.len().fillna(0)
            if len(data) and 4 * len(data) * int(lengths.max()) > PADDED:
                raise DataError(
                    f"{path}: column {column!r} holds a text of {int(lengths.max())} characters in "
                    f"row {int(lengths.argmax()) + 1}, too long for a level among {len(data)} rows."
                )


def inspect_parquet(path: Path, most_columns: int = MOST_COLUMNS) -> list[str]:
    """Return the names of a Parquet file's columns, refusing one that unpacks to too much.

    Raises
    ------
    DataError
        Too many columns or bytes, or a column twice.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    most = PER_BYTE * path.stat().st_size + ROOM
    with pq.ParquetFile(path) as file:
        schema, about = file.schema_arrow, file.metadata
        names = list(schema.names)
        refuse_columns(path, names, most_columns)
        refuse_columns(path, [str(k) for k in range(about.num_columns)], most_columns)
        said = sum(about.row_group(k).total_byte_size for k in range(about.num_row_groups))
        if max(said, about.num_rows * max(len(names), 1)) > most:
            _refuse_bytes(path)
    texts = [f.name for f in schema if pa.types.is_string(f.type) or pa.types.is_binary(f.type)]
    with pq.ParquetFile(path, read_dictionary=texts) as file:
        left = most
        for size in _sizes(file):
            left -= size
            if left < 0:
                _refuse_bytes(path)
    return names


def _refuse_bytes(path: Path) -> None:
    raise DataError(
        f"{path} unpacks to more than {PER_BYTE} times its size and {ROOM >> 20} MiB, the most that "
        "is read. If you trust it, write it without compression and dictionaries, or as CSV."
    )


def _sizes(file: Any) -> Iterator[int]:
    """Yield the bytes of a file's columns in small batches, repeated texts counted but not made."""
    import pyarrow as pa
    import pyarrow.compute as pc

    for batch in file.iter_batches(batch_size=8192):
        for column in batch.columns:
            if isinstance(column, pa.DictionaryArray):
                lengths = pc.binary_length(column.dictionary.cast(pa.large_binary()))
                yield (pc.sum(pc.take(lengths, column.indices)).as_py() or 0) + 8 * len(column)
            else:
                yield column.nbytes
