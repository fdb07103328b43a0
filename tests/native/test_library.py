"""The compiled library: every body against NumPy, and what happens without it."""

from __future__ import annotations

import platform

import numpy as np
import pytest
from scipy import optimize, sparse, special

from bayes_glmm.native import library, scatter
from bayes_glmm.scan.dosage import dosage
from bayes_glmm.scan.reml import _maximise, null_start, wald
from bayes_glmm.scan.saddle import log_tails
from bayes_glmm.structures.ancestry import inbreeding
from bayes_glmm.structures.sparse_inverse import recurse

BEST = library.library().bg_choose(0)


@pytest.fixture(params=[level for level in (1, 3, 4) if level <= BEST], autouse=True)
def body(request):
    """Each body that this machine can run."""
    chosen = library.library().bg_choose(request.param)
    assert chosen == request.param
    yield chosen
    library.library().bg_choose(0)


@pytest.fixture
def rng():
    return np.random.default_rng(20)


def test_there_is_a_body_for_each_level_of_the_machine(body):
    assert library.library().bg_choose(9) == BEST
    assert library.library().bg_choose(2) == 1
    if platform.machine().lower() not in ("x86_64", "amd64"):
        assert BEST == 1


@pytest.mark.parametrize(("a", "b"), [(0, 0), (1, 1), (1, 3), (2, 2), (3, 0), (4, 2)])
def test_sums_over_rows_are_those_of_numpy(rng, a, b):
    n, units = 203, 7
    index = rng.integers(0, units, n).astype(np.int32)
    w, left, right = rng.normal(size=n), rng.normal(size=(n, a)), rng.normal(size=(n, b))
    L, R = left if a else np.ones((n, 1)), right if b else np.ones((n, 1))
    pairs, eta = np.ones((units, max(a, 1), max(b, 1))), w.copy()
    total = np.ones((units, L.shape[1]))
    scatter.products(w, left, right, index, pairs)
    scatter.gather(w, left, index, total)
    scatter.predict(eta, left, index, total)
    of_pairs, of_total = np.ones_like(pairs), np.ones_like(total)
    np.add.at(of_pairs, index, np.einsum("i,ia,ib->iab", w, L, R))
    np.add.at(of_total, index, w[:, None] * L)
    np.testing.assert_allclose(pairs, of_pairs, rtol=0, atol=1e-12)
    np.testing.assert_allclose(total, of_total, rtol=0, atol=1e-12)
    np.testing.assert_allclose(eta, w + (of_total[index] * L).sum(1), rtol=0, atol=1e-12)


def test_what_would_leave_an_array_is_refused(rng):
    w, none, out = np.ones(3), np.zeros((3, 0)), np.zeros((2, 1))
    for index in ([0, 1, 2], [0, -1, 1]):
        with pytest.raises(IndexError, match="among 2"):
            scatter.gather(w, none, np.array(index, np.int32), out)
        with pytest.raises(IndexError, match="among 2"):
            scatter.predict(w, none, np.array(index, np.int32), out)
        with pytest.raises(IndexError, match="among 2"):
            scatter.products(w, none, none, np.array(index, np.int32), out[:, :, None])
    with pytest.raises(ValueError, match="for 3 rows"):
        scatter.gather(w, none, np.zeros(2, np.int32), out)
    with pytest.raises(ValueError, match="not \\(3, 1\\)"):
        scatter.gather(w, np.ones((3, 2)), np.zeros(3, np.int32), out)
    with pytest.raises(ValueError, match="earlier rows"):
        inbreeding(np.array([[-1, 1], [0, 0]]))
    with pytest.raises(ValueError, match="below a unit diagonal"):
        recurse(np.array([0, 1, 1]), np.array([2]), np.ones(1), np.ones(2))
    with pytest.raises(IndexError, match="among 2 ids"):
        dosage(np.ones((1, 2)), np.array([0, 2]), np.ones(2), np.float64, centred=True)
    with pytest.raises(ValueError, match="markers"):
        _maximise(np.ones((2, 3)), np.ones(3), np.ones(2), np.ones((2, 11)), 0.0)
    with pytest.raises(ValueError, match="trials"):
        log_tails(np.ones(2), np.ones(2), np.ones(1), 1.0)


def pedigree(rng, n=400, founders=12):
    parents = np.full((n, 2), -1)
    for i in range(founders, n):
        parents[i] = rng.integers(max(0, i - 40), i, 2)
        parents[i, rng.random(2) < 0.05] = -1
    return parents


def relationships(parents):
    """Henderson's tabular method."""
    n = len(parents)
    A = np.zeros((n, n))
    for i, (sire, dam) in enumerate(parents):
        row = 0.5 * ((A[sire] if sire >= 0 else 0) + (A[dam] if dam >= 0 else 0)) * np.ones(n)
        A[i, :i] = A[:i, i] = row[:i]
        A[i, i] = 1 + (0.5 * A[sire, dam] if min(sire, dam) >= 0 else 0)
    return A


def test_inbreeding_is_the_diagonal_of_the_tabular_matrix(rng):
    parents = pedigree(rng)
    F = np.diag(relationships(parents)) - 1
    assert F.max() > 0.2
    np.testing.assert_allclose(inbreeding(parents), F, rtol=0, atol=1e-13)


def test_shares_that_vanish_keep_the_heap_within_its_room():
    n = 3000
    parents = np.stack([np.arange(n) - 1, np.arange(n) - 2], 1).clip(min=-1)
    parents[:2] = -1
    F = inbreeding(parents)
    assert np.isfinite(F).all() and 0.99 < F[-1] <= 1


def factor(rng, n=60):
    A = sparse.random(n, n, 0.06, random_state=rng)
    Q = (A @ A.T + sparse.eye(n)).toarray()
    C = np.linalg.cholesky(Q)
    L = sparse.csc_matrix(np.where(np.abs(C) > 1e-14, C, 0) / np.diag(C))
    below = sparse.csc_matrix(sparse.tril(L, -1))
    below.sort_indices()
    return Q, (below.indptr, below.indices, below.data, np.diag(C) ** 2)


def test_the_sparse_inverse_is_the_diagonal_of_the_dense_one(rng):
    Q, columns = factor(rng)
    np.testing.assert_allclose(recurse(*columns), np.diag(np.linalg.inv(Q)), rtol=1e-12)


@pytest.mark.parametrize("given", [np.int8, np.float32, np.float64])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_dosages_are_those_of_numpy(rng, given, kind):
    calls = rng.integers(-1, 3, (6, 50)).astype(given)
    calls[2] = -1
    if given != np.int8:
        calls[calls < 0] = np.nan
    at, weights = rng.permutation(50)[:37], rng.integers(1, 4, 37).astype(float)
    found = dosage(np.asfortranarray(calls), at, weights, kind, centred=True)
    seen = np.where(calls >= 0, calls, np.nan)[:, at].astype(float)
    some = np.arange(6) != 2
    mean = np.full(6, np.nan)
    mean[some] = np.nanmean(seen[some], axis=1)
    full = np.where(np.isnan(seen), mean[:, None], seen)
    full -= (full @ weights / weights.sum())[:, None]
    assert found.values.dtype == kind
    np.testing.assert_allclose(found.values, full, rtol=0, atol=2 * np.finfo(kind).eps)
    np.testing.assert_allclose(found.frequency, mean / 2, rtol=1e-14)
    assert found.missing.tolist() == np.isnan(seen).sum(1).tolist()
    assert found.spread[2] == 0 and (found.spread[some] == 2).all()


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_every_marker_is_at_its_maximum(rng, kind):
    n = 120
    sizes = np.linspace(0, 3, n) ** 2
    y = rng.normal(size=n) * np.sqrt(1 + 0.7 * sizes)
    x = rng.normal(size=(9, n)).astype(kind)
    found = wald(x, y, sizes, null_start(y, sizes)[0])

    def sums(marker, lam):
        h = 1 / (1 + lam * sizes)
        s, m = marker**2 @ h, marker * y @ h
        return h, s, m, y**2 @ h - m**2 / s

    def height(marker, theta):
        h, s, _, Q = sums(marker, np.exp(theta))
        return -0.5 * (-np.log(h).sum() + np.log(s) + (n - 1) * np.log(Q))

    for j, marker in enumerate(x.astype(float)):
        _, s, m, Q = sums(marker, found["lambda"][j])
        np.testing.assert_allclose(found["effect"][j], m / s, rtol=1e-12)
        np.testing.assert_allclose(found["se"][j], np.sqrt(Q / (n - 1) / s), rtol=1e-12)
        there = height(marker, np.log(found["lambda"][j]))
        grid = [height(marker, t) for t in np.linspace(-11, 11, 400)]
        assert there >= max(grid) - 1e-9


@pytest.mark.parametrize("binomial", [True, False])
def test_tails_are_those_of_the_root_that_scipy_finds(rng, binomial):
    n = 40
    g = np.where(rng.random(n) < 0.3, 0.0, rng.normal(size=n))
    trials = rng.integers(1, 5, n).astype(float)
    m = rng.uniform(0.05, 0.6, n)
    mean = m * trials

    def K(t, slope=False):
        if not binomial:
            return (mean * g * np.expm1(g * t) if slope else mean * (np.expm1(g * t) - g * t)).sum()
        inside = 1 - m + m * np.exp(g * t)
        q = m * np.exp(g * t) / inside
        return (trials * g * (q - m) if slope else trials * (np.log(inside) - m * g * t)).sum()

    s = 3 * np.sqrt((g**2 * mean * (1 - m * binomial)).sum())
    t = optimize.brentq(lambda t: K(t, slope=True) - s, 1e-3, 30, xtol=1e-14)
    e = np.exp(g * t)
    q = m * e / (1 - m + m * e)
    K2 = (trials * g**2 * q * (1 - q) if binomial else mean * g**2 * e).sum()
    w, v = np.sqrt(2 * (t * s - K(t))), t * np.sqrt(K2)
    upper, lower = log_tails(g, mean, trials if binomial else np.zeros(0), s)
    np.testing.assert_allclose(upper, special.log_ndtr(-(w + np.log(v / w) / w)), rtol=1e-11)
    flipped, _ = log_tails(-g, mean, trials if binomial else np.zeros(0), s)
    assert lower == flipped != upper
