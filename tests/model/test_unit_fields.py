"""Fields of related levels against dense textbook laws: precision, determinant, prediction."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from bayes_glmm.maths.field_maths import NUMPY
from tests.model.structured import NAMES, Related, related

STEP = 1e-5
MANY_NODES = ("hsgp",)
CASES = [pytest.param(n, marks=[pytest.mark.slow] * (n in MANY_NODES)) for n in NAMES]


def at(hyper: dict[str, float], stem: str, by: float) -> dict[str, float]:
    return {**hyper, stem: hyper[stem] + by}


def law_of_nodes(case: Related, field) -> np.ndarray:
    return case.rows(case.hyper)(field.nodes.tolist())


@pytest.mark.parametrize("name", CASES)
def test_precision_is_the_inverse_of_the_law_of_the_nodes(name: str) -> None:
    """The pseudo-inverse where the field is constrained, with its pseudo-determinant."""
    case = related(name)
    field = case.known.prepare(case.levels).field()
    F = law_of_nodes(case, field)
    K, Q = F @ F.T, field.precision.matrix(case.hyper).toarray()
    np.testing.assert_allclose(Q, Q.T, atol=1e-9 * np.abs(Q).max())
    values = np.linalg.eigvalsh(K)
    kept = values[values > 1e-9 * values.max()]
    assert field.precision.rank == len(kept)
    inverse = np.linalg.pinv(K, rcond=1e-9, hermitian=True)
    np.testing.assert_allclose(Q, inverse, rtol=1e-7, atol=1e-8 * np.abs(Q).max())
    volume = field.precision.log_determinant(case.hyper)
    assert volume == pytest.approx(-np.log(kept).sum(), rel=1e-9, abs=1e-8)
    C = field.precision.constraint.toarray()
    assert C.shape == (len(K) - len(kept), len(K))
    np.testing.assert_allclose(Q @ C.T, 0, atol=1e-12)
    np.testing.assert_allclose(C @ F, 0, atol=1e-7)


@pytest.mark.parametrize("name", CASES)
def test_entries_are_on_the_pattern_and_the_last_nodes_fill_nothing(name: str) -> None:
    case = related(name)
    precision = case.known.prepare(case.levels).field().precision
    pattern = precision.pattern.toarray() > 0
    Q = precision.matrix(case.hyper).toarray()
    assert (pattern == pattern.T).all()
    assert not Q[~pattern].any()
    if precision.elimination is not None:
        ordered = Q[np.ix_(precision.elimination, precision.elimination)]
        L = np.linalg.cholesky(ordered)
        filled = (np.abs(L) > 1e-12 * np.abs(L).max()) & ~pattern[
            np.ix_(precision.elimination, precision.elimination)
        ]
        assert not filled.any()
    for slope in precision.derivative(case.hyper).values():
        assert not slope.toarray()[~pattern].any()


@pytest.mark.parametrize("name", CASES)
def test_levels_have_the_law_by_definition(name: str) -> None:
    case = related(name)
    field = case.known.prepare(case.levels).field()
    made = field.effects(law_of_nodes(case, field), case.hyper)
    np.testing.assert_allclose(made, case.rows(case.hyper)(case.levels.tolist()), atol=1e-7)


@pytest.mark.parametrize("name", CASES)
def test_derivatives_by_the_parameters(name: str) -> None:
    case = related(name)
    precision = case.known.prepare(case.levels).field().precision
    slopes = precision.derivative(case.hyper)
    volumes = precision.log_determinant_derivative(case.hyper)
    assert set(slopes) == set(volumes) <= set(case.hyper)
    for stem in slopes:
        low, high = (at(case.hyper, stem, by) for by in (-STEP, STEP))
        numeric = (precision.matrix(high) - precision.matrix(low)).toarray() / (2 * STEP)
        size = np.abs(numeric).max()
        np.testing.assert_allclose(slopes[stem].toarray(), numeric, rtol=1e-6, atol=1e-7 * size)
        numeric = (precision.log_determinant(high) - precision.log_determinant(low)) / (2 * STEP)
        assert volumes[stem] == pytest.approx(numeric, rel=1e-6)


@pytest.mark.parametrize("name", CASES)
def test_squared_length_is_chi_square_under_the_law(name: str) -> None:
    """Nodes are simulated from their dense law."""
    case = related(name)
    field = case.known.prepare(case.levels).field()
    F = law_of_nodes(case, field)
    u = np.random.default_rng(5).standard_normal((4000, F.shape[1])) @ F.T
    Q = field.precision.matrix(case.hyper)
    lengths = (u * (Q @ u.T).T).sum(axis=1)
    assert stats.kstest(lengths, stats.chi2(field.precision.rank).cdf).pvalue > 0.01


@pytest.mark.parametrize("name", CASES)
def test_density_is_that_of_the_latents(name: str) -> None:
    """Less the volume by which nodes differ from latents; some latents may make no node."""
    case = related(name)
    factor = case.known.prepare(case.levels)
    field, q = factor.field(), 2
    n = len(factor.nodes)
    J = np.asarray(factor.node_values(np.eye(n), case.hyper, NUMPY))
    values = np.linalg.svd(J, compute_uv=False)
    rank = field.precision.rank
    assert (values[rank:] < 1e-9).all()
    z = np.random.default_rng(6).standard_normal((n, q))
    z = np.linalg.pinv(J, rcond=1e-9) @ J @ z
    R = np.array([[1.0, 0.4], [0.4, 1.0]])
    u = factor.node_values(z @ np.linalg.cholesky(R).T, case.hyper, NUMPY)
    volume = q * np.log(values[:rank]).sum() + rank * np.linalg.slogdet(R)[1] / 2
    expected = -(z**2).sum() / 2 - rank * q * np.log(2 * np.pi) / 2 - volume
    assert field.log_density(u, case.hyper, R) == pytest.approx(expected, rel=1e-9)
    made = field.effects(u, case.hyper)
    np.testing.assert_allclose(
        made, factor.effect(z @ np.linalg.cholesky(R).T, case.hyper, NUMPY), atol=1e-9
    )


@pytest.mark.parametrize("name", CASES)
def test_new_levels_are_those_of_dense_conditioning(name: str) -> None:
    """And of drawing the latents that were not sampled, as predictions do."""
    case = related(name)
    factor = case.known.prepare(case.levels)
    known = factor.field()
    longer = case.longer.prepare(np.concatenate([case.new, case.levels]), factor.nodes)
    latents = np.random.default_rng(7).standard_normal((len(factor.nodes), 2))
    u = factor.node_values(latents, case.hyper, NUMPY)
    n_new = len(case.new)
    mean, covariance = longer.field().conditional(known, u, case.hyper, slice(n_new))

    rows = case.rows(case.hyper)
    a, b = rows(case.new.tolist()), rows(known.nodes.tolist())
    weights = a @ b.T @ np.linalg.pinv(b @ b.T, rcond=1e-9, hermitian=True)
    np.testing.assert_allclose(mean, weights @ u, atol=2e-7)
    np.testing.assert_allclose(covariance, a @ a.T - weights @ b @ a.T, atol=2e-7)

    places = [int(np.flatnonzero(longer.nodes == node)[0]) for node in factor.nodes]
    drawn = np.setdiff1d(np.arange(len(longer.nodes)), places)
    z = np.zeros((len(longer.nodes), 2))
    z[places] = latents
    np.testing.assert_allclose(longer.effect(z, case.hyper, NUMPY)[:n_new], mean, atol=1e-7)
    rest = longer.effect(np.eye(len(longer.nodes))[:, drawn], case.hyper, NUMPY)[:n_new]
    np.testing.assert_allclose(rest @ rest.T, covariance, atol=1e-7)
