"""Finished chains on disk: written aside, renamed when complete, never half, never altered."""

from __future__ import annotations

import hashlib
import json
import math
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.disk.atomic_files import write_atomically
from bayes_glmm.disk.run_folder import LARGEST, claim, owning, read_record
from bayes_glmm.errors import EngineError

CHECKSUMS = "chains.json"
AGAIN = "Remove it to sample that chain again."


@dataclass(frozen=True, eq=False)
class Chain:
    """What one chain produced.

    Attributes
    ----------
    draws : dict of str to ndarray, shape (n_draws, ...)
    stats : dict of str to ndarray, shape (n_draws,)
    """

    draws: dict[str, NDArray[Any]]
    stats: dict[str, NDArray[Any]]

    @property
    def n_draws(self) -> int:
        """Number of kept draws."""
        return len(next(iter(self.stats.values())))


@dataclass(frozen=True)
class Store:
    """A folder that keeps the chains of one run.

    The folder belongs to one call: spec, data, priors, versions, seed and
    settings are written beside the chains and must be equal to resume. So are
    the chains' checksums: a chain that has changed is not taken up.
    """

    folder: Path

    @classmethod
    @contextmanager
    def owned(cls, folder: Path, identity: dict[str, Any]) -> Iterator[Store]:
        """Own the folder of a run while a block lasts; no other process can."""
        with owning(folder, identity):
            yield cls(folder)

    @classmethod
    def open(cls, folder: Path, identity: dict[str, Any]) -> Store:
        """Open or begin a run, refusing a folder that holds another one."""
        claim(folder, identity)
        return cls(folder)

    def path(self, chain: int, attempt: int) -> Path:
        """Where a chain of an attempt is kept."""
        return self.folder / f"attempt{attempt}-chain{chain}.npz"

    def read(self, chain: int, attempt: int) -> Chain | None:
        """Return a finished chain, or ``None`` when it is not there.

        Raises
        ------
        EngineError
            It has changed since it was written, or has no checksum.
        """
        path = self.path(chain, attempt)
        if not path.exists():
            return None
        expected = self._checksums().get(path.name)
        if expected is None:
            raise EngineError(
                f"{path} has no checksum in {CHECKSUMS}: a version before this one wrote it, or "
                f"somebody put it there, and its draws cannot be trusted. {AGAIN}"
            )
        try:
            content = path.read_bytes()
            if hashlib.sha256(content).hexdigest() != expected:
                raise ValueError("its checksum differs: it has changed since it was written")
            parts = _arrays(content)
        except Exception as error:  # of the system, of zip or of NumPy
            raise EngineError(f"{path} cannot be read ({error}). {AGAIN}") from error
        return Chain(_under(parts, "draw:"), _under(parts, "stat:"))

    def write(self, chain: int, attempt: int, result: Chain) -> None:
        """Keep a finished chain, its checksum first: a chain is never there without.

        Raises
        ------
        WriteError
            The disk is full, or the folder is gone.
        """
        parts = {f"draw:{k}": v for k, v in result.draws.items()}
        parts |= {f"stat:{k}": v for k, v in result.stats.items()}
        path, buffer = self.path(chain, attempt), BytesIO()
        np.savez(buffer, allow_pickle=False, **parts)
        known = self._checksums() | {path.name: hashlib.sha256(buffer.getbuffer()).hexdigest()}
        write_atomically(self.folder / CHECKSUMS, json.dumps(known, indent=1).encode())
        write_atomically(path, buffer.getbuffer())

    def _checksums(self) -> dict[str, Any]:
        path = self.folder / CHECKSUMS
        way = "Give a new folder, or remove that file and the chains to sample again."
        return read_record(path, LARGEST, way) if path.exists() else {}


def _arrays(content: bytes) -> dict[str, NDArray[Any]]:
    """Read arrays that were not packed, each as large as it says."""
    with zipfile.ZipFile(BytesIO(content)) as packed:
        entries = packed.infolist()
        if any(
            e.compress_type != zipfile.ZIP_STORED or e.file_size > len(content) for e in entries
        ):
            raise ValueError("it is packed in another way")
        for entry in entries:
            with packed.open(entry) as handle:
                np.lib.format.read_magic(handle)
                shape, _, kind = np.lib.format.read_array_header_1_0(handle)
                if math.prod(shape) * kind.itemsize + handle.tell() != entry.file_size:
                    raise ValueError(f"{entry.filename} is not as large as it says")
    with np.load(BytesIO(content), allow_pickle=False) as arrays:
        return {k: arrays[k] for k in arrays.files}


def _under(parts: dict[str, NDArray[Any]], prefix: str) -> dict[str, NDArray[Any]]:
    return {k.removeprefix(prefix): v for k, v in parts.items() if k.startswith(prefix)}
