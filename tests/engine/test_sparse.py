"""Factors of sparse matrices with a dense end, beside NumPy's."""

from __future__ import annotations

import numpy as np
import pytest

from bayes_glmm.engine.find_pattern import find_pattern, loosen
from bayes_glmm.engine.sparse import (
    BLOCK,
    analyse,
    eliminate,
    eliminate_tail,
    invert_on_pattern,
    solve_lower,
    solve_upper,
)
from bayes_glmm.model.blocks.group import GroupDesign
from bayes_glmm.model.blocks.members import OneLevel


def positive(n: int) -> np.ndarray:
    x = np.random.default_rng(n).normal(size=(n, n + 5))
    return x @ x.T + np.eye(n)


@pytest.mark.parametrize("n", [1, 3, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK + 5, 201])
def test_dense_factor_equals_numpys(n):
    whole = positive(n)
    found = np.triu(whole).copy()
    assert eliminate_tail(found)
    np.testing.assert_allclose(np.triu(found).T, np.linalg.cholesky(whole), atol=1e-11)


@pytest.mark.parametrize("n", [2, BLOCK + 3])
def test_a_matrix_that_is_not_positive_is_named_so(n):
    whole = positive(n)
    whole[n - 1, n - 1] = -1.0
    assert not eliminate_tail(np.triu(whole).copy())


def factored(density: float):
    """A matrix, where its factor has entries, and the factor."""
    n, rng = 60, np.random.default_rng(5)
    whole = np.where(rng.random((n, n)) < density, rng.normal(size=(n, n)), 0.0)
    whole = whole + whole.T + 4 * n * np.eye(n)
    row, column = np.nonzero(np.tril(whole, -1))
    symbolic = analyse(n, row, column, 10**6)
    values = np.zeros(symbolic.size)
    values[symbolic.diagonal] = whole.diagonal()
    values[symbolic.places(row, column)] = whole[row, column]
    m = n - symbolic.tail
    assert eliminate(symbolic.edges, symbolic.targets, values)
    assert eliminate_tail(values[symbolic.size - m * m :].reshape(m, m))
    return whole, symbolic, values


DENSITIES = pytest.mark.parametrize("density", [0.02, 0.2, 0.7])


def entries(symbolic, L):
    """Rows and columns where a factor is not zero, and their places."""
    row, column = np.nonzero(np.abs(np.tril(L)) > 1e-14)
    return row, column, symbolic.places(row, column)


@DENSITIES
def test_sparse_factor_equals_numpys_wherever_the_dense_end_begins(density):
    whole, symbolic, values = factored(density)
    exact = np.linalg.cholesky(whole)
    row, column, places = entries(symbolic, exact)
    np.testing.assert_allclose(values[places], exact[row, column], rtol=1e-10, atol=1e-13)


@DENSITIES
def test_both_triangles_are_solved(density):
    whole, symbolic, values = factored(density)
    L, given = np.linalg.cholesky(whole), np.linspace(-1, 2, len(whole))
    for solve, triangle in ((solve_lower, L), (solve_upper, L.T)):
        x = given.copy()
        solve(symbolic, values, x)
        np.testing.assert_allclose(x, np.linalg.solve(triangle, given), rtol=1e-10, atol=1e-14)


@DENSITIES
def test_an_inverse_equals_numpys_where_the_factor_has_entries(density):
    whole, symbolic, values = factored(density)
    inverse, m = np.linalg.inv(whole), len(whole) - symbolic.tail
    found = np.zeros(symbolic.size)
    found[symbolic.size - m * m :] = inverse[symbolic.tail :, symbolic.tail :].ravel()
    invert_on_pattern(symbolic, values, found)
    row, column, places = entries(symbolic, np.linalg.cholesky(whole))
    np.testing.assert_allclose(found[places], inverse[row, column], rtol=1e-9, atol=1e-14)


def test_too_many_products_are_refused():
    row, column = np.nonzero(np.tril(np.ones((40, 40)), -1))
    assert analyse(40, row, column, 10**6).tail == 0
    scattered = np.arange(1, 3000), np.zeros(2999, int)
    assert analyse(3000, *scattered, 100) is None


def test_a_pattern_is_loosened_whatever_its_factor_costs():
    levels, rows = 50, np.arange(50)
    fixed = np.column_stack([np.eye(25)[rows // 2], rows % 3 == 0, rows % 3 == 1]).astype(float)
    members = OneLevel(rows.astype(np.int32))
    group = GroupDesign("g", rows.astype(str), members, ("intercept",), None, ((0,),))
    whole = find_pattern([(0, fixed, 0)], [(0, group, (0,), fixed.shape[1])], 10**9)
    loose = loosen(whole, 0)
    assert loose.symbolic.n == whole.symbolic.n == levels + fixed.shape[1]
