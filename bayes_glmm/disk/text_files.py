"""Files of cells and texts as they come: packed or not, and the words they have for nothing."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from bayes_glmm.errors import DataError

MISSING = ("", "NA", "N/A", "NaN", "nan", "NULL", "null", "None")
"""Cells that hold no value."""
_OPEN: dict[str, Callable[..., Any]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
PACKED = (*_OPEN, ".zip")


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """Open a file for reading, unpacked where its name ends as a packed one; nothing is read yet.

    Raises
    ------
    DataError
        An archive with several files, or none.
    """
    end = path.suffix.lower()
    if end == ".zip":
        with zipfile.ZipFile(path) as archive:
            inside = [name for name in archive.namelist() if not name.endswith("/")]
            if len(inside) != 1:
                raise DataError(f"{path.name} holds {len(inside)} files: give one of them.")
            with archive.open(inside[0]) as handle:
                yield handle
        return
    with _OPEN.get(end, open)(path, "rb") as handle:
        yield handle
