"""How functions that only compiled code calls are compiled: once, without wrappers."""

from __future__ import annotations

from typing import Any

from numba import njit

FAST = {"reassoc", "contract"}
BARE: dict[str, Any] = {
    "no_cpython_wrapper": True,
    "no_cfunc_wrapper": True,
    # the sampler's callback cannot raise: a division by zero is infinite, and refused as such
    "error_model": "numpy",
}
inner = njit(**BARE)
inner_fast = njit(fastmath=FAST, **BARE)
