"""Records of the kernel's buffer: as C reads them, and refused where they lie."""

from __future__ import annotations

import numpy as np
import pytest

from bayes_glmm.engine.records import PRIOR, PROGRAM
from tools.derive.records import FILE, header


def test_the_header_is_what_python_states():
    assert FILE.read_text("utf-8") == header()


def test_a_record_keeps_whole_numbers_and_others():
    words = PRIOR.words(kind=3, a=0.1, c=-2.5)
    assert words.dtype == np.int64
    assert [PRIOR.read(words, name) for name in ("kind", "a", "b", "c")] == [3, 0.1, 0.0, -2.5]


def test_a_field_that_a_record_lacks_is_refused():
    with pytest.raises(KeyError, match="at_nothing"):
        PROGRAM.words(at_nothing=1)
