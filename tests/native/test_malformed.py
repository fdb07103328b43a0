"""Malformed programs are refused or harmless: tapes by the thousand, and models' buffers."""

from __future__ import annotations

import numpy as np
import pytest

from bayes_glmm.engine.kernel import FAULTS as UNSOUND
from bayes_glmm.native.tape_program import FAULTS
from tests.native.malformed_buffers import buffers, ran, spoil_buffers
from tests.native.malformed_tapes import spoil_tapes


def held(codes, known):
    """Well formed programs and most faults occurred, and no others."""
    assert max(codes) < len(known)
    assert len(codes) >= len(known) - 3
    assert codes[0] > 0


def test_tapes_do_not_crash():
    held(spoil_tapes(2_000, 8), FAULTS)


@pytest.mark.slow
def test_many_tapes_do_not_crash():
    held(spoil_tapes(100_000, 8), FAULTS)


def test_buffers_do_not_crash():
    held(spoil_buffers(3_000, 8), UNSOUND)


@pytest.mark.slow
def test_many_buffers_do_not_crash():
    held(spoil_buffers(100_000, 8), UNSOUND)


def test_what_nothing_was_done_to_is_run():
    assert [ran(np.array(buffer)) for buffer in buffers()] == [0] * len(buffers())
