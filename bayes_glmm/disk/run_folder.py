"""What long runs share: a folder that belongs to one call."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bayes_glmm.disk.atomic_files import LOCK, PART, holding, write_atomically
from bayes_glmm.disk.outputs import usable_folder
from bayes_glmm.errors import EngineError, WriteError, listed

IDENTITY = "run.json"
LARGEST = 2**26
"""Bytes of the longest file that says whose run a folder holds."""
_LEFT = re.compile(r".*\.[0-9a-f]{16}\.part")


@contextmanager
def owning(folder: Path, identity: Mapping[str, Any]) -> Iterator[None]:
    """Own a folder for one call while a block lasts; raises as :func:`claim`, and when it is owned.

    What processes that died were writing there is removed.
    """
    with holding(usable_folder(folder)):
        for left in folder.iterdir():
            if _LEFT.fullmatch(left.name):
                left.unlink(missing_ok=True)
        claim(folder, identity)
        yield


def claim(folder: Path, identity: Mapping[str, Any]) -> bool:
    """Open or begin a folder for one call, refusing one that holds something else.

    Returns
    -------
    bool
        Whether it begins here.

    Raises
    ------
    ArgumentError
        It is a file, or nothing can be written there.
    EngineError
        The folder holds other files or the run of another call, or cannot be read.
    WriteError
        It cannot be written.
    """
    path = folder / IDENTITY
    wanted = json.loads(json.dumps(dict(identity)))
    if begins := not path.exists():
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise WriteError(f"{folder} cannot be used ({error.strerror or error}).") from error
        own = (LOCK,)
        strangers = [p.name for p in folder.iterdir() if p.suffix != PART and p.name not in own]
        if strangers:
            raise EngineError(
                f"store={str(folder)!r} is not empty and holds no run: {strangers[0]!r} is "
                "there. Give an empty or new folder."
            )
        write_atomically(path, json.dumps(wanted, sort_keys=True, indent=1).encode())
    record = read_record(path, LARGEST, "Give a new folder.")
    different = sorted(k for k in record.keys() | wanted.keys() if record.get(k) != wanted.get(k))
    if different:
        raise EngineError(
            f"store={str(folder)!r} holds a run of another call: {listed(different)} "
            "differ. Repeat that call exactly, or give a new folder."
        )
    return begins


def read_record(path: Path, most: int, way: str) -> dict[str, Any]:
    """Read a JSON object that a run keeps.

    Raises
    ------
    EngineError
        It is not there, too large, or no JSON object; the message ends with the way out.
    """
    try:
        with path.open("rb") as handle:
            content = handle.read(most + 1)
        if len(content) > most:
            raise ValueError(f"it has more than {most} bytes")
        record = json.loads(content)
        if not isinstance(record, dict):
            raise ValueError("it is no JSON object")
    except (ValueError, OSError, RecursionError) as error:
        raise EngineError(f"{path} cannot be read ({error}). {way}") from error
    return record
