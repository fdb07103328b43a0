"""Finished chains on disk: written aside, renamed when complete, never half."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.errors import EngineError
from bayes_glmm.files import aside
from bayes_glmm.runs import claim


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


@dataclass(frozen=True)
class Store:
    """A folder that keeps the chains of one run.

    The folder belongs to one call: spec, data, priors, versions, seed and
    settings are written beside the chains and must be equal to resume.
    """

    folder: Path

    @classmethod
    def open(cls, folder: Path, identity: dict[str, Any]) -> Store:
        """Open or begin a run, refusing a folder that holds another one."""
        claim(folder, identity)
        return cls(folder)

    def path(self, chain: int, attempt: int) -> Path:
        """Where a chain of an attempt is kept."""
        return self.folder / f"attempt{attempt}-chain{chain}.npz"

    def read(self, chain: int, attempt: int) -> Chain | None:
        """Return a finished chain, or ``None`` when it is not there."""
        path = self.path(chain, attempt)
        if not path.exists():
            return None
        try:
            with path.open("rb") as handle, np.load(handle, allow_pickle=False) as arrays:
                parts = {k: arrays[k] for k in arrays.files}
        except (ValueError, OSError, zipfile.BadZipFile) as error:
            raise EngineError(
                f"{path} cannot be read ({error}). Remove it to sample again."
            ) from error
        return Chain(_under(parts, "draw:"), _under(parts, "stat:"))

    def write(self, chain: int, attempt: int, result: Chain) -> None:
        """Keep a finished chain."""
        parts = {f"draw:{k}": v for k, v in result.draws.items()}
        parts |= {f"stat:{k}": v for k, v in result.stats.items()}
        path = self.path(chain, attempt)
        with aside(path) as handle:
            np.savez(handle, allow_pickle=False, **parts)


def _under(parts: dict[str, NDArray[Any]], prefix: str) -> dict[str, NDArray[Any]]:
    return {k.removeprefix(prefix): v for k, v in parts.items() if k.startswith(prefix)}
