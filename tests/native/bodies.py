"""The library's bodies, one for each instruction set: a test runs on every one of the machine."""

from __future__ import annotations

import ctypes
from contextlib import contextmanager

import pytest

from bayes_glmm.native.library import INTEGER, entry

LEVELS = (1, 3, 4)


@contextmanager
def body(level: int):
    """Have the library run the body of a level; skip where the machine lacks it."""
    choose = entry("choose", INTEGER, INTEGER)
    try:
        if choose(level) != level:
            pytest.skip(f"This machine has no body {level}.")
        yield
    finally:
        choose(ctypes.c_int64(0))
