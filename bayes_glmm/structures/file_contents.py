"""What files hold: bytes up to a limit, text, and tables of cells as they are written."""

from __future__ import annotations

import csv
import io
import lzma
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.disk.text_files import MISSING, PACKED, opened
from bayes_glmm.errors import ArgumentError, DataError, listed

TABLE = 2**26
"""Bytes of a table of pairs, parents or places, of a tree and of a map, unpacked (64 MiB)."""
MATRIX = 2**28
"""Bytes of a matrix or a table of genotypes, unpacked (256 MiB)."""
COLUMNS, CELLS = 1_000, 20_000_000
"""Columns and cells of a table of pairs, parents or places."""
_BROKEN = (OSError, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, RuntimeError)


def read_bytes(path: Path, most: int = TABLE) -> bytes:
    """Return a file's bytes, unpacked where its name ends in .gz, .bz2, .xz or .zip.

    Raises
    ------
    DataError
        The file is not readable, is damaged, or holds more than ``most`` bytes; no more
        than these are unpacked.
    """
    end = path.suffix.lower()
    if end in (".zst", ".tar", ".tgz", ".7z"):
        raise DataError(f"{path.name}: unpack it first; .gz, .bz2, .xz and .zip are read.")
    try:
        with opened(path) as handle:
            return _bounded(handle, path, most)
    except _BROKEN as error:
        raise DataError(f"{path.name} cannot be read ({error}).") from error


def ending(path: Path) -> str:
    """Return the end of a file's name in small letters, without that of its packing.

    Examples
    --------
    >>> ending(Path("tree.CSV.gz"))
    '.csv'
    """
    packed = path.suffix.lower() in PACKED and path.with_suffix("").suffix
    return (packed or path.suffix).lower()


def _bounded(handle: IO[bytes], path: Path, most: int) -> bytes:
    content = io.BytesIO()
    while (part := handle.read(2**20)) and content.tell() <= most:
        content.write(part)
    if content.tell() > most:
        raise DataError(
            f"{path.name} holds more than {most >> 20} MiB, the most that is read: is it the right "
            "file? A larger one can be read by you and given as a table."
        )
    return content.getvalue()


def read_text(path: Path, most: int = TABLE) -> str:
    """Return a file's text, without a byte order mark; raises as :func:`read_bytes`."""
    return text_in(read_bytes(path, most), path.name)


def text_in(content: bytes, name: str) -> str:
    """Decode UTF-8, refusing other encodings and files that are no text."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise DataError(f"{name} is written in UTF-16: save it as UTF-8.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(
            f"{name} is no UTF-8 text (byte {error.start + 1}): save it as UTF-8."
        ) from error
    if "\0" in text:
        raise DataError(f"{name} is no text: it holds NUL characters.")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def read_table(path: Path) -> pd.DataFrame:
    """Read a CSV file whose cells are kept as they are written; empty ones are missing.

    Raises
    ------
    DataError
        It is no table, has two columns of one name, or more than is read.
    """
    text = read_text(path)
    if text.count(",") + text.count("\n") > CELLS:
        raise DataError(f"{path.name} holds more than {CELLS:,} cells, the most that are read.")
    if text.lstrip().split("\n", 1)[0].count(",") >= COLUMNS:
        raise DataError(f"{path.name} has more than {COLUMNS:,} columns, the most that are read.")
    try:
        cells = pd.read_csv(io.StringIO(text), header=None, dtype=str, na_filter=False)
    except (ValueError, OverflowError) as error:
        raise DataError(f"This is no table ({str(error).strip()}).") from error
    head = [str(name).strip() for name in cells.iloc[0]]
    table = cells.iloc[1:].astype(object).set_axis(head, axis=1)
    table = table.where(~table.isin(MISSING), None)
    table = table.loc[
        :, [bool(n) or bool(table.iloc[:, i].notna().any()) for i, n in enumerate(head)]
    ]
    refuse_twice(list(table.columns), path.name)
    return table


def refuse_twice(names: list[str], file: str) -> None:
    """Refuse columns of one name."""
    twice = [name for name, n in Counter(names).items() if n > 1]
    if twice:
        raise DataError(
            f"{file} has several columns named {listed(map(repr, twice), limit=5)}: keep one of each."
        )


def read_numbers(
    path: Path, texts: Callable[[list[str]], list[str]], what: str, *, blanks: bool = False
) -> pd.DataFrame:
    """Read a wide table of numbers, with a few columns of text.

    Parameters
    ----------
    path : path
    texts : callable
        From the names of all columns to those that are text.
    what : str
        What the numbers are, for messages.
    blanks : bool, default False
        Whether cells are parted by blanks, not by commas.

    Returns
    -------
    pandas.DataFrame
        Rows are counted from 1; empty cells and ``NA`` are missing.

    Raises
    ------
    DataError
        A row is longer or shorter than the first.
    ArgumentError
        A cell is no number.
    """
    text = read_text(path, MATRIX)
    lines = map(str.split, io.StringIO(text)) if blanks else csv.reader(io.StringIO(text))
    rows = (line for line in _lines(lines, path.name) if line)
    head = [name.strip() for name in next(rows, [])]
    if not head:
        raise DataError(f"{path.name} is empty.")
    refuse_twice(head, path.name)
    aside = texts(head)
    own = [i for i, name in enumerate(head) if name not in set(aside)]
    kept = {name: list[str | None]() for name in aside}
    values = list[NDArray[np.float64]]()
    known: dict[str, float] = dict.fromkeys(MISSING, np.nan)
    for number, row in enumerate(rows, 1):
        if len(row) != len(head):
            raise DataError(
                f"Row {number} of {path.name} has {len(row)} cells, the first line {len(head)}."
            )
        for name in aside:
            cell = row[head.index(name)]
            kept[name].append(cell if cell.strip() else None)
        try:
            values.append(np.array([_number(row[i], known) for i in own]))
        except ValueError as error:
            raise ArgumentError(
                f"{what} are numbers, but row {number} of {path.name} holds {error} in column "
                f"{next(head[i] for i in own if repr(row[i][:40]) == str(error))!r}."
            ) from error
    matrix = np.stack(values) if values else np.zeros((0, len(own)))
    index = pd.RangeIndex(1, len(values) + 1)
    numbers = pd.DataFrame(matrix, index, [head[i] for i in own])
    return pd.concat([pd.DataFrame(kept, index, dtype=object), numbers], axis=1)


def _lines(lines: Iterator[list[str]], name: str) -> Iterator[list[str]]:
    try:
        yield from lines
    except csv.Error as error:
        raise DataError(f"{name} is no table ({error}).") from error


def _number(cell: str, known: dict[str, float]) -> float:
    """Return a cell's number; what was seen before is looked up."""
    found = known.get(cell)
    if found is not None:
        return found
    try:
        found = float(cell) if "_" not in cell else float("x")
    except ValueError as error:
        raise ValueError(repr(cell[:40])) from error
    if len(known) < 10_000:
        known[cell] = found
    return found
