"""The operations of a tape by their codes in the library, and arrays of their values."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.native.library import ADDRESS, INTEGER, entry, pointer

type Array = NDArray[np.float64]

NAMES = """
    less less_equal equal and or not where max min neg abs floor add mul div pow sqrt exp
    expm1 log log1p logaddexp sigmoid softplus sin cos arctan lgamma digamma trigamma
    tetragamma gammainc normal_cdf log_normal_cdf normal_hazard i0e i1e steady
""".split()
OPCODES: dict[str, int] = {name: code for code, name in enumerate(NAMES)}
"""In the order of ``native/interpret_ops.h``; a condition is one or zero there."""


def elementwise(op: str, *args: Array) -> Array:
    """Return an operation's values on arrays of one size.

    Parameters
    ----------
    op : str
        One of :data:`OPCODES`.
    *args : ndarray, shape (n,)
        As many as the operation takes.

    Returns
    -------
    ndarray, shape (n,)
    """
    run = entry("elementwise", INTEGER, INTEGER, INTEGER, *[ADDRESS] * 4)
    given = [pointer(a) for a in args]
    out = np.empty_like(args[0])
    fault = run(OPCODES[op], out.size, *given, *given[:1] * (3 - len(given)), pointer(out))
    assert not fault
    return out
