"""The parts of a scan, shared by exact tests and screens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

REASONS = ("", "no calls", "monomorphic", "made up by the covariates")


@dataclass(frozen=True, eq=False)
class Part:
    """A null model for the markers of one chromosome, or of all.

    Attributes
    ----------
    levels : ndarray of str, shape (n_levels,)
    test : callable
        Takes calls, shape (n_markers, n_ids), and the places of the levels among the ids;
        returns columns, ``reason`` (a place in ``reasons``) among them.
    chromosome : str, optional
    notes : tuple of str
    """

    levels: NDArray[np.str_]
    test: Callable[[NDArray[Any], NDArray[np.intp]], dict[str, NDArray[Any]]]
    chromosome: str | None = None
    notes: tuple[str, ...] = field(default=())
    reasons: tuple[str, ...] = REASONS


def reason(
    missing: NDArray[np.int64], n: int, spread: NDArray[np.float64], left: NDArray[np.bool_]
) -> NDArray[np.int8]:
    """Return why markers cannot be tested: places in ``REASONS``.

    Parameters
    ----------
    missing : ndarray of int, shape (n_markers,)
    n : int
        Number of levels.
    spread : ndarray, shape (n_markers,)
    left : ndarray of bool, shape (n_markers,)
        Whether the covariates leave anything of the marker.
    """
    code = np.where(left, 0, 3)
    code[spread == 0] = 2
    code[missing == n] = 1
    return code.astype(np.int8)
