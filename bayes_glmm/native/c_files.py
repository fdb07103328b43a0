"""What a compiled library is made from: read by the build too, so that nothing else is imported."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

SOURCES = Path(__file__).parents[2] / "native"
"""Where the C files lie in a checkout; a wheel has none."""


def sources(folder: Path = SOURCES) -> list[Path]:
    """Return the C files that a library is made from."""
    return sorted([*folder.glob("*.c"), *folder.glob("*.h")])


def digest(files: Iterable[Path]) -> str:
    """Return what identifies the sources of a library: names and contents."""
    found = hashlib.sha256()
    for file in sorted(files, key=lambda f: f.name):
        found.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return found.hexdigest()
