"""Compiled densities, called as the sampler calls them."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import numpy as np

DOUBLE = ctypes.POINTER(ctypes.c_double)
SIGNATURE = ctypes.CFUNCTYPE(
    ctypes.c_int64, ctypes.c_uint64, DOUBLE, DOUBLE, DOUBLE, ctypes.c_void_p
)
type Gradient = Callable[[], tuple[float, np.ndarray]]


def bound(address: int, data: np.ndarray, x: np.ndarray, owner: Any = None) -> Gradient:
    """Return a function that evaluates log-density and gradient at ``x``.

    It keeps the data and ``owner``, whose code is at the address, alive.
    """
    call, slope, value = SIGNATURE(address), np.empty_like(x), ctypes.c_double()
    pointers = [a.ctypes.data_as(DOUBLE) for a in (x, slope)]
    given = (len(x), *pointers, ctypes.byref(value), data.ctypes.data)

    def evaluate(alive: tuple[Any, ...] = (x, data, owner)) -> tuple[float, np.ndarray]:
        if call(*given):
            raise ArithmeticError("the density is not finite here")
        return value.value, slope

    evaluate()
    return evaluate
