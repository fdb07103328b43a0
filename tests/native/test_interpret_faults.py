"""Programs that are not well formed: each fault by its name."""

from __future__ import annotations

import numpy as np
import pytest

from bayes_glmm.native.tape_opcodes import OPCODES
from bayes_glmm.native.tape_program import FAULTS, interpret
from bayes_glmm.native.tape_records import REPEAT, UNLESS

ADD, EXP = OPCODES["add"], OPCODES["exp"]
SIZES = {"constants": 1, "numbers": 1, "temporaries": 2, "columns": 1, "rows": 2}
"""Slots: 0 a constant, 1 a number, 2 and 3 temporary numbers, 4 a column, 5 and 6 temporary rows."""
N = 300


def fault(records, outputs=((5, 0),), **sizes) -> str:
    """What the library says of a program."""
    records, outputs = np.array(records, np.int64).reshape(-1, 5), np.array(outputs, np.int64)
    head = np.array([*(SIZES | sizes).values(), len(records), len(outputs)], np.int64)
    x = np.linspace(0.1, 2, N)
    out = [np.empty(N) for _ in outputs]
    return FAULTS[interpret(head, records, outputs, np.ones(1), N, np.ones(1), [x], out)]


GOOD = [(ADD, 2, 0, 1, 0), (REPEAT, 3, 4, 1, 0), (ADD, 5, 4, 3, 0), (ADD, 6, 5, 2, 0)]


def test_a_good_program():
    assert fault(GOOD) == ""
    assert fault(GOOD, [(6, 1), (2, 1), (0, 0), (4, 0)]) == ""


def changed(place: int, *record: int) -> list:
    return [*GOOD[:place], record, *GOOD[place + 1 :]]


@pytest.mark.parametrize(
    ("records", "what"),
    [
        (changed(0, -1, 2, 0, 1, 0), "no such operation"),
        (changed(0, UNLESS + 1, 2, 0, 1, 0), "no such operation"),
        (changed(0, ADD, 2, 0, 7, 0), "no such slot"),
        (changed(0, ADD, 2, -1, 1, 0), "no such slot"),
        (changed(0, ADD, 2, 0, 2**62, 0), "no such slot"),
        (changed(0, ADD, 2, 0, 3, 0), "a slot is read before it is filled"),
        (changed(2, ADD, 5, 5, 3, 0), "a slot is read before it is filled"),
        ([*GOOD[1:3], (EXP, 2, 3, 0, 0)], "a slot is read before it is filled"),
        (changed(0, ADD, 0, 0, 1, 0), "no place for results"),
        (changed(0, ADD, 1, 0, 1, 0), "no place for results"),
        (changed(0, ADD, 4, 0, 1, 0), "no place for results"),
        (changed(0, ADD, 7, 0, 1, 0), "no place for results"),
        (changed(0, ADD, -1, 0, 1, 0), "no place for results"),
        ([*GOOD, GOOD[0]], "no place for results"),
        (changed(0, ADD, 2, 0, 4, 0), "one number for all rows is computed from rows"),
        (changed(1, REPEAT, 3, 4, 3, 0), "a loop is wrong"),
        (changed(1, REPEAT, 3, 4, 0, 0), "a loop is wrong"),
        (changed(1, REPEAT, 3, 4, 2**62, 0), "a loop is wrong"),
        (changed(1, REPEAT, 3, 0, 1, 0), "a loop is wrong"),
        (changed(1, REPEAT, 3, -5, 1, 0), "a loop is wrong"),
        (changed(1, REPEAT, 5, 4, 1, 0), "a loop is wrong"),
        (changed(1, REPEAT, 3, 2**62, 1, 0), "a loop is wrong"),
        (changed(1, REPEAT, 3, 5 * 10**7, 2, 0), "too many steps"),
    ],
)
def test_every_fault_is_named(records, what):
    assert fault(records) == what


@pytest.mark.parametrize(
    ("record", "what"),
    [
        ((UNLESS, 0, 1, 2, 0), ""),
        ((UNLESS, 0, 2, 2, 0), ""),
        ((UNLESS, 0, 3, 2, 0), "a slot is read before it is filled"),
        ((UNLESS, 0, 4, 2, 0), "no such slot"),
        ((UNLESS, 0, -1, 2, 0), "no such slot"),
        ((UNLESS, 0, 1, 4, 0), "a loop is wrong"),
        ((UNLESS, 0, 1, 0, 0), "a loop is wrong"),
    ],
)
def test_choices(record, what):
    """Before the loop of the good program, with it and what is in it, or more, inside."""
    assert fault([GOOD[0], record, *GOOD[1:]]) == what


def test_a_choice_and_a_loop_end_one_in_the_other():
    across = [(UNLESS, 0, 1, 1, 0), (REPEAT, 3, 4, 1, 0), (ADD, 5, 4, 3, 0)]
    assert fault(across) == "a loop is wrong"
    within = [(REPEAT, 3, 4, 2, 0), (UNLESS, 0, 1, 1, 0), (ADD, 5, 4, 3, 0)]
    assert fault(within) == ""
    assert (
        fault([within[0], (UNLESS, 0, 1, 2, 0), *within[2:], (ADD, 6, 5, 0, 0)])
        == "a loop is wrong"
    )


def test_outputs_and_sizes():
    assert fault(GOOD, [(7, 0)]) == "no such slot"
    assert fault(GOOD, [(-1, 1)]) == "no such slot"
    assert fault(GOOD[:2] + GOOD[2:3], [(6, 0)]) == "a slot is read before it is filled"
    assert fault(GOOD, [(3, 1)]) == "a slot is read before it is filled"
    for sizes in (
        {"rows": -1},
        {"rows": 9000},
        {"constants": 2**62},
        {"rows": 5000, "columns": 5000},
    ):
        assert fault(GOOD, **sizes) == "sizes are wrong"


def test_loops_too_deep_and_too_long():
    def nested(depth: int, times: int) -> list:
        loops = [(REPEAT, 2 + k, times, depth - k, 0) for k in range(depth)]
        return [*loops, (ADD, 3 + depth + 1, 2 + depth + 1, 0, 0)]

    def of(depth: int, times: int) -> str:
        rows = 2 + depth + 2
        return fault(nested(depth, times), [(rows, 0)], temporaries=depth + 1)

    assert of(8, 2) == ""
    assert of(9, 1) == "a loop is wrong"
    assert of(3, 400) == "too many steps"
