"""Run the native tests on a library of another folder: ``python -m tests.native.checked FOLDER``.

With ``--plant`` an index that leads out of an array is given to the library instead.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from bayes_glmm.native import library


def plant() -> None:
    """Add to a unit that is not there, past the checks of ``scatter``."""
    kinds = (library.INTEGER, library.INTEGER, *(library.ADDRESS,) * 4)
    slope, index, out = np.ones(1), np.full(1, 1000, np.int32), np.zeros((1000, 1))
    where = (library.pointer(index, np.int32), library.pointer(out))
    library.entry("gather", None, *kinds)(1, 1, library.pointer(slope), None, *where)


if __name__ == "__main__":
    library.HERE = Path(sys.argv[1])
    assert library.present()
    if "--plant" in sys.argv:
        plant()
    else:
        here = str(Path(__file__).parent)
        raise SystemExit(pytest.main(["-q", "-s", "-p", "no:cacheprovider", "--no-header", here]))
