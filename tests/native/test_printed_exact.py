"""Printed rows far from the middle, beside hundreds of digits: predictors to 300, dispersions to 1e8.

The numbers and how near they must be are those of ``tests/maths/test_tape_exact.py``.
"""

from __future__ import annotations

import numpy as np
import pytest

from bayes_glmm.families import get_family
from bayes_glmm.native.rows_printed import printed_rows, row_data
from bayes_glmm.native.rows_table import FAMILY_NUMBERS
from tests.maths.test_tape_exact import CASES, OF_LARGEST, OWN_SIZE, POINTS
from tests.native.bodies import LEVELS, body

PRINTED = [(name, link) for name, link in CASES if name in FAMILY_NUMBERS]
UNDERFLOWS = ("student_t", "log", 300.0)
"""Here a factor of the curvature by the mean, 1e130, is below the smallest float: its cube's inverse.
On a tape with the link inside it is not, for the predictor's slope comes before it."""


@pytest.fixture(params=LEVELS)
def level(request):
    with body(request.param):
        yield


def row(point: dict) -> np.ndarray:
    """Value, slopes and the lower triangle of curvatures of one row, in the stored order."""
    family = get_family(point["family"])
    given = {p.name: p.fixed for p in family.parameters} | point["at"]
    trials = None if point["trials"] is None else [point["trials"]]
    data = row_data(point["family"], [point["y"]], trials)
    own = [given[p.name] for p in family.parameters]
    found = printed_rows(data, point["link"], [point["at"]["eta"]], own, second=True)
    places = [k for k, p in enumerate(family.parameters) if p.name in point["at"]]
    slopes = [found.d_eta[0], *found.d_own[places]]
    lower = [found.h_eta[0]]
    for k, i in enumerate(places):
        lower += [found.mixed[i, 0], *found.h_own[i, places[: k + 1]]]
    return np.array([found.total, *slopes, *lower])


def units(point: dict) -> np.ndarray:
    """In what unit an input changes: predictors and thresholds by one, others in proportion."""
    moves = ("eta", "threshold")
    unit = [1.0 if name.startswith(moves) else abs(v) for name, v in point["at"].items()]
    pairs = [unit[i] * unit[j] for i in range(len(unit)) for j in range(i + 1)]
    return np.array([1.0, *unit, *pairs])


@pytest.mark.parametrize(("name", "link"), PRINTED)
def test_rows_are_exact_far_out(level, name, link):
    points = [p for p in POINTS if (p["family"], p["link"]) == (name, link)]
    points = [p for p in points if np.isfinite(p["value"])]
    assert points
    for point in points:
        check_point(point, row(point))


def check_point(point: dict, found: np.ndarray) -> None:
    """Hold value, slopes and the lower triangle of curvatures to the stored ones."""
    exact = np.array([point["value"], *point["slopes"], *sum(point["curvatures"], [])])
    with np.errstate(over="ignore", invalid="ignore"):
        wanted, gap = exact * units(point), np.abs(found - exact) * units(point)
    held = np.isfinite(wanted)
    if (point["family"], point["link"], point["at"]["eta"]) == UNDERFLOWS:
        held[1 + len(point["at"])] = False
    largest = max(1.0, np.abs(wanted[held]).max())
    right = (gap <= OWN_SIZE * np.abs(wanted)) | (gap <= OF_LARGEST * largest)
    assert right[held].all(), (point["at"], gap, wanted)
