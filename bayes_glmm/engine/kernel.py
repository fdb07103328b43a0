"""The compiled density: what a model is travels in the buffer that it is given.

Its C files are in ``native/``: a program in its own coordinates (``posterior.h``), moved to
those that are sampled (``kernel.h``), and whether a buffer can be run at all (``check.h``).
"""

from __future__ import annotations

import ctypes
import math

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.errors import EngineError
from bayes_glmm.native.library import ADDRESS, INTEGER, NUMBER, entry, library, pointer

type Array = NDArray[np.float64]
FAULTS = (
    "",
    "its header",
    "its family, link or parameters",
    "its table of rows",
    "a group",
    "its number of coordinates",
    "its plan",
    "its factor",
    "a segment",
    "its tape",
)
"""What :func:`check` found, in the order of the numbers in ``native/check.h``."""


def check(program: NDArray[np.int64]) -> None:
    """Refuse a buffer in which something lies outside what it belongs to.

    Raises
    ------
    EngineError
        With the part that is unsound.
    """
    found = entry("check_program", INTEGER, INTEGER, ADDRESS)
    fault = found(len(program), pointer(program, np.int64))
    if fault:
        raise EngineError(f"The compiled program of this model is unsound in {FAULTS[fault]}.")


def address(name: str) -> int:
    """Return where a function of the library is, for callers that are compiled themselves."""
    place = ctypes.cast(getattr(library(), f"bg_{name}"), ADDRESS).value
    assert place is not None
    return place


def log_density(program: NDArray[np.int64], z: Array, d_z: Array) -> float:
    """Log-density in the coordinates of a program; fills its derivative.

    Parameters
    ----------
    program : ndarray of int64
    z, d_z : ndarray, contiguous

    Returns
    -------
    float
        Not finite where the density is not.
    """
    value = ctypes.c_double(-math.inf)
    density = entry("density", INTEGER, ctypes.c_uint64, ADDRESS, ADDRESS, ADDRESS, ADDRESS)
    density(len(z), pointer(z), pointer(d_z), ctypes.addressof(value), pointer(program, np.int64))
    return value.value


def restore(program: NDArray[np.int64], draws: Array, noise: Array | None, out: Array) -> None:
    """Turn the sampler's draws, shape (n, n_sampled), into the program's coordinates.

    Parameters
    ----------
    noise : ndarray, shape (n, n_scalars), or None
        Standard normal numbers for what was integrated out.
    out : ndarray, shape (n, n_dim)
        Is filled.

    Raises
    ------
    MemoryError
        There is no room for one factor.
    """
    assert noise is None or len(noise) == len(draws)
    run = entry("restore", INTEGER, ADDRESS, INTEGER, INTEGER, ADDRESS, ADDRESS, ADDRESS)
    given = (len(draws), draws.shape[1], pointer(draws), pointer(noise), pointer(out))
    if not run(pointer(program, np.int64), *given):
        raise MemoryError


def likelihood(
    program: NDArray[np.int64], eta: Array, parameters: Array, d_eta: Array, d_parameters: Array
) -> float:
    """Sum the log-density of a program's rows without what depends on data alone.

    Parameters
    ----------
    program : ndarray of int64
        Only what :class:`.Responses` writes is read.
    eta : ndarray, shape (n_rows,)
        Predictor, link scale.
    parameters : ndarray, shape (n_parameters,)
        The family's own, held ones too, each on its own scale.
    d_eta, d_parameters : ndarray
        Derivatives; the first is filled, the second added to.
    """
    run = entry("likelihood", NUMBER, *[ADDRESS] * 5)
    given = map(pointer, (eta, parameters, d_eta, d_parameters))
    return float(run(pointer(program, np.int64), *given))
