"""The harness itself: it finds a slow reader, a greedy one and a foreign error."""

from __future__ import annotations

import pytest

from bayes_glmm.errors import DataError
from tests.fuzz.harness import attack, limits


def test_mistakes_of_a_reader_are_found() -> None:
    with pytest.raises(TimeoutError), limits(seconds=0.2):
        while True:
            pass
    with pytest.raises(MemoryError), limits():
        bytearray(2**31)
    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        attack(lambda content: 1 / 0, [b"abc"], n=1)


def test_our_errors_are_refusals() -> None:
    def read(content: bytes) -> None:
        if b"x" in content:
            raise DataError("x")

    tried = attack(read, [b"abc"], [b"x"], n=100)
    assert tried.taken and tried.refused
    assert tried.taken + tried.refused == 100
