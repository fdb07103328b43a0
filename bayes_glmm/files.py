"""Files that are there whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that no reader ever sees part of it."""
    with aside(path) as handle:
        handle.write(content)


@contextmanager
def aside(path: Path) -> Iterator[BinaryIO]:
    """Write beside the file; rename when complete, leave nothing when not."""
    part = path.with_name(path.name + ".part")
    try:
        with part.open("wb") as handle:
            yield handle
            handle.flush()
            os.fsync(handle.fileno())
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
