"""The minimiser finds minima that are known, and stays where there is no value."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize

from bayes_glmm.engine.climb import climb, hessian

SHAPE = np.array([[2.0, 0.9], [0.9, 0.5]])


def bowl(x):
    d = x - np.array([3.0, -1.0])
    return 0.5 * d @ SHAPE @ d


def test_a_quadratic_is_solved_and_measured():
    found = climb(bowl, np.zeros(2), np.array([2.0, 5.0]), enough=1e-12)
    np.testing.assert_allclose(found, [3.0, -1.0], atol=1e-5)
    np.testing.assert_allclose(hessian(bowl, found, np.ones(2)), SHAPE, rtol=1e-6)


@pytest.mark.parametrize("start", [(-1.2, 1.0), (0.0, 0.0), (2.0, 2.0)])
def test_a_curved_valley_is_followed(start):
    found = climb(optimize.rosen, np.array(start), np.ones(2), enough=1e-12, most=200)
    sds = np.sqrt(np.diag(np.linalg.inv(optimize.rosen_hess(np.ones(2)))))
    assert (np.abs(found - 1) < 0.05 * sds).all()


def test_a_wall_is_walked_around():
    def walled(x):
        return 1e100 if x[0] <= 0 else x[0] - np.log(x[0]) + (x[1] - 2) ** 2

    found = climb(walled, np.array([5.0, -8.0]), np.array([4.0, 4.0]), enough=1e-10)
    np.testing.assert_allclose(found, [1.0, 2.0], atol=0.05)


def test_a_long_tail_does_not_throw_it_away():
    found = climb(lambda x: float(np.log1p((x[0] - 40) ** 2)), np.zeros(1), np.ones(1))
    assert abs(found[0] - 40) < 0.1


def test_nothing_to_climb():
    assert climb(bowl, np.empty(0), np.empty(0)).shape == (0,)
