"""Far from the middle: values and derivatives beside hundreds of digits of mpmath.

``exact_densities.py`` writes the numbers: predictors to 300 on either side, dispersions from
1e-6 to 1e8. Each derivative is right to 1e-6 of itself, or to 1e-12 of the largest one of its
row, with dispersions counted in proportion: that is as much as rounding leaves.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from bayes_glmm.families import get_family
from bayes_glmm.families.recorded import record_density
from bayes_glmm.maths.tape_derivatives import gradient, hessian
from bayes_glmm.maths.tape_values import evaluate
from tests.maths.support import density

POINTS = json.loads((Path(__file__).parent / "exact_densities.json").read_text())
CASES = sorted({(point["family"], point["link"]) for point in POINTS})
OWN_SIZE, OF_LARGEST = 1e-6, 1e-12


@cache
def recorded(name: str, link: str):
    """Value, slopes and the lower triangle of curvatures, with the names of what they are by."""
    family = get_family(name)
    found = record_density(family, family.link(link), n_categories=3)
    by = found.predictors + found.parameters
    curvatures = hessian(found.value, by)
    lower = [curvatures[i][j] for i in range(len(by)) for j in range(i + 1)]
    return [node.data for node in by], (found.value, *gradient(found.value, by), *lower)


def inputs_of(points: list[dict]) -> dict:
    """Values of the inputs, one for each point."""

    def one(point: dict) -> dict:
        y = point["y"]
        response = {f"y[{k}]": v for k, v in enumerate(y)} if isinstance(y, list) else {"y": y}
        trials = {} if point["trials"] is None else {"trials": point["trials"]}
        return point["at"] | response | trials

    each = [one(point) for point in points]
    return {name: np.array([values[name] for values in each]) for name in each[0]}


def sizes(inputs: dict, names: list[str]) -> np.ndarray:
    """In what unit an input changes: predictors and thresholds by one, others in proportion."""
    moves, ones = ("eta", "threshold"), np.ones_like(inputs[names[0]])
    unit = [ones if name.startswith(moves) else np.abs(inputs[name]) for name in names]
    pairs = [unit[i] * unit[j] for i in range(len(unit)) for j in range(i + 1)]
    return np.stack([ones, *unit, *pairs])


@pytest.mark.parametrize(("name", "link"), CASES)
def test_derivatives_are_exact_far_out(name, link):
    names, outputs = recorded(name, link)
    points = [p for p in POINTS if (p["family"], p["link"]) == (name, link)]
    points = [p for p in points if np.isfinite(p["value"])]
    assert points
    assert all(list(point["at"]) == names for point in points)
    exact = np.array([[p["value"], *p["slopes"], *sum(p["curvatures"], [])] for p in points]).T
    inputs = inputs_of(points)
    found = np.stack([np.broadcast_to(v, len(points)) for v in evaluate(outputs, inputs)])
    with np.errstate(over="ignore", invalid="ignore"):
        wanted, gap = exact * sizes(inputs, names), np.abs(found - exact) * sizes(inputs, names)
    held = np.isfinite(wanted)  # beyond 1e308 there is nothing to compare
    assert np.isfinite(found[held]).all()
    largest = np.maximum(1.0, np.abs(np.where(held, wanted, 0.0)).max(axis=0))
    right = (gap <= OWN_SIZE * np.abs(wanted)) | (gap <= OF_LARGEST * largest)
    assert right[held].all(), [points[k]["at"] for k in np.flatnonzero((held & ~right).any(axis=0))]
    family = get_family(name)
    apart = np.abs(found[0] - density(family, family.link(link), inputs))
    assert (apart <= 1e-12 * np.maximum(np.abs(found[0]), largest)).all()


def test_the_points_reach_far():
    etas = {abs(v) for point in POINTS for n, v in point["at"].items() if n.startswith("eta")}
    spreads = [point["at"].get("dispersion", 1.0) for point in POINTS]
    assert max(etas) == 300.0
    assert (min(spreads), max(spreads)) == (1e-6, 1e8)
    assert len(POINTS) > 400
    assert len({name for name, _ in CASES}) >= 26
