"""Find and load the compiled library that lies beside this file.

It is built with the package (see ``hatch_build.py``) from the C files in ``native/``. Where
these lie beside the package, the library must be made from just them.
"""

from __future__ import annotations

import ctypes
import platform
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.errors import EngineError
from bayes_glmm.native.sources import SOURCES, digest, sources

NAMES = {"darwin": "_kernel.dylib", "win32": "_kernel.dll"}
HERE = Path(__file__).parent
WAY_OUT = (
    'use engine="nuts", or install a wheel of this platform; answers and saved fits need no library'
)
INTEGER, NUMBER = ctypes.c_int64, ctypes.c_double


def library_file() -> Path:
    """Return where the library of this system lies, if it is there."""
    return HERE / NAMES.get(sys.platform, "_kernel.so")


@cache
def library() -> ctypes.CDLL:
    """Return the library, its body chosen for this machine.

    Raises
    ------
    EngineError
        There is none for this platform, or it is made from other sources.
    """
    file = library_file()
    here = f"{platform.system()} on {platform.machine()}"
    if not file.exists():
        raise EngineError(f"There is no compiled kernel for {here}: {WAY_OUT}.")
    try:
        found = ctypes.CDLL(str(file))
    except OSError as error:
        raise EngineError(f"{file.name} is not for {here} ({error}): {WAY_OUT}.") from error
    found.bg_source.restype = ctypes.c_char_p
    made_of = found.bg_source().decode()
    if SOURCES.is_dir() and made_of != digest(sources()):
        raise EngineError(
            f"{file.name} is made from other C files than those in {SOURCES}: "
            "run python hatch_build.py, or make."
        )
    found.bg_choose.restype = INTEGER
    found.bg_choose(INTEGER(0))
    return found


@cache
def entry(name: str, result: Any, *kinds: Any) -> Callable[..., Any]:
    """Return a function of the library.

    Parameters
    ----------
    name : str
        As in ``native/entries.h``.
    result : ctypes type or None
    *kinds : ctypes type
        :data:`INTEGER`, :data:`NUMBER` or, for an array, :class:`ctypes.c_void_p`.
    """
    function = getattr(library(), f"bg_{name}")
    function.restype, function.argtypes = result, kinds
    return function


def pointer(array: NDArray[Any] | None, kind: Any = np.float64) -> int | None:
    """Return the address of an array that C reads or fills; ``None`` for ``None``."""
    if array is None:
        return None
    assert array.dtype == kind, (array.dtype, kind)
    assert array.flags.c_contiguous
    return array.ctypes.data
