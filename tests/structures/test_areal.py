"""Areal structures: readers, covariances against pseudo-inverses, parts and islands."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest

from bayes_glmm.errors import BayesGLMMError, MissingDependencyError, UnknownLevelError
from bayes_glmm.maths.field_maths import NUMPY, pytensor_maths
from bayes_glmm.structures import read_structure
from bayes_glmm.structures.areas import areal
from bayes_glmm.structures.laplacian import elimination_order, variances

MODELS = [
    ("icar", {}),
    ("bym2", {"mix": 0.7}),
    ("leroux", {"mix": 0.8}),
    ("car", {"mix": 0.9}),
]


def borders(rng: np.random.Generator, sizes: list[int], extra: float = 0.8) -> pd.DataFrame:
    """Connect the areas of each part by a random tree and some further borders."""
    rows, first = [], 0
    for size in sizes:
        names = [f"a{first + i:03d}" for i in range(size)]
        first += size
        for i in range(1, size):
            rows.append((names[i], names[int(rng.integers(i))]))
        for _ in range(int(extra * size)):
            i, j = rng.integers(size, size=2)
            if i != j:
                rows.append((names[i], names[j]))
    return pd.DataFrame(rows, columns=["from", "to"])


def named(n: int) -> np.ndarray:
    return np.array([f"a{i:03d}" for i in range(n)], dtype=np.str_)


def dense(edges: pd.DataFrame, labels: np.ndarray, model: str, mix: float = 0.0) -> np.ndarray:
    """Covariance of every area, from the definitions, part by part."""
    n = len(labels)
    W = np.zeros((n, n))
    at = {name: i for i, name in enumerate(labels)}
    for a, b in edges.itertuples(index=False):
        W[at[a], at[b]] = W[at[b], at[a]] = 1
    reach = np.linalg.matrix_power(np.eye(n) + W, n) > 0
    K = np.zeros((n, n))
    for start in range(n):
        part = np.flatnonzero(reach[start])
        if part[0] != start:
            continue
        inside, size = np.ix_(part, part), len(part)
        if size == 1:
            K[inside] = 1.0
            continue
        D = np.diag(W[inside].sum(axis=1))
        R = D - W[inside]
        if model in ("icar", "bym2"):
            block = np.linalg.pinv(R, hermitian=True)
        elif model == "leroux":
            block = np.linalg.inv(mix * R + (1 - mix) * np.eye(size))
        else:
            block = np.linalg.inv(D - mix * W[inside])
        K[inside] = block / np.exp(np.log(np.diag(block)).mean())
    return mix * K + (1 - mix) * np.eye(n) if model == "bym2" else K


@pytest.mark.parametrize(("model", "hyper"), MODELS)
@pytest.mark.parametrize("sizes", [[30], [17, 9, 2], [12, 5]])
def test_covariance_is_the_scaled_inverse_of_each_part(model, hyper, sizes) -> None:
    rng = np.random.default_rng(sum(sizes))
    edges = borders(rng, sizes)
    labels = named(sum(sizes) + 2)  # the last two have no neighbour
    found = areal(edges, model, areas=rng.permutation(labels).tolist())
    levels = rng.permutation(labels)[: sum(sizes)]
    factor = found.prepare(levels)
    places = np.searchsorted(labels, levels)
    expected = dense(edges, labels, model, *hyper.values())[np.ix_(places, places)]
    np.testing.assert_allclose(factor.covariance(hyper), expected, atol=1e-10)
    means = expected.diagonal().mean(), expected.mean()
    np.testing.assert_allclose(factor.mean_variance(hyper), means, atol=1e-10)
    assert len(set(factor.nodes.tolist())) == len(factor.nodes)


@pytest.mark.parametrize(("model", "hyper"), MODELS)
def test_graph_and_arrays_agree_with_gradient(model: str, hyper: dict) -> None:
    import pytensor
    import pytensor.tensor as pt

    rng = np.random.default_rng(4)
    labels = named(14)
    factor = areal(borders(rng, [8, 4]), model, areas=labels.tolist()).prepare(labels[2:])
    z = rng.standard_normal((len(factor.nodes), 2))
    weights = rng.standard_normal((len(factor.levels), 2))
    symbols = {k: pt.dscalar(k) for k in hyper}
    latent = pt.dmatrix("z")
    total = (factor.effect(latent, symbols, pytensor_maths()) * weights).sum()
    wrt = [latent, *symbols.values()]
    run = pytensor.function(wrt, [total, *pytensor.grad(total, wrt)], mode="FAST_COMPILE")

    def value(z, *values):
        return (factor.effect(z, dict(zip(hyper, values, strict=True)), NUMPY) * weights).sum()

    at, slopes, *others = run(z, *hyper.values())
    np.testing.assert_allclose(at, value(z, *hyper.values()), rtol=1e-11)
    step = np.zeros_like(z)
    step[3, 1] = 1e-6
    numeric = (value(z + step, *hyper.values()) - value(z - step, *hyper.values())) / 2e-6
    np.testing.assert_allclose(slopes[3, 1], numeric, rtol=1e-6, atol=1e-8)
    for slope, given in zip(others, hyper.values(), strict=True):
        numeric = (value(z, given + 1e-6) - value(z, given - 1e-6)) / 2e-6
        np.testing.assert_allclose(slope, numeric, rtol=1e-6)


@pytest.mark.parametrize("model", ["icar", "bym2"])
def test_each_part_of_an_intrinsic_map_sums_to_zero(model: str) -> None:
    rng = np.random.default_rng(8)
    labels = named(22)
    factor = areal(borders(rng, [15, 7]), model).prepare(labels)
    z = rng.standard_normal((len(factor.nodes), 1))
    if model == "bym2":  # without the independent effects
        z[np.char.startswith(factor.nodes, "own:")] = 0
    u = factor.effect(z, {"mix": 0.5}, NUMPY)
    assert abs(u[:15].sum()) < 1e-12
    assert abs(u[15:].sum()) < 1e-12
    assert abs(u).max() > 0.1


def test_order_and_direction_of_borders_change_nothing() -> None:
    rng = np.random.default_rng(3)
    edges = borders(rng, [20, 6])
    turned = edges.sample(frac=1, random_state=1)[["to", "from"]]
    twice = pd.DataFrame(np.concatenate([edges.to_numpy(), turned.to_numpy()]))
    known = areal(edges).identity()
    assert areal(turned).identity() == known
    assert areal(twice).identity() == known
    renamed = edges.replace({"a001": "a002", "a002": "a001"})
    assert areal(renamed).identity() != known


def test_levels_prepared_later_keep_what_was_sampled() -> None:
    rng = np.random.default_rng(9)
    edges, labels = borders(rng, [16]), named(16)
    found = areal(edges)
    before = found.prepare(labels[:9])
    after = found.prepare(labels[::-1], before.nodes)
    assert set(before.nodes) <= set(after.nodes)
    z = dict(zip(after.nodes.tolist(), rng.standard_normal(len(after.nodes)), strict=True))
    hyper = {"mix": 0.4}
    one = before.effect(np.array([[z[n]] for n in before.nodes.tolist()]), hyper, NUMPY)
    two = after.effect(np.array([[z[n]] for n in after.nodes.tolist()]), hyper, NUMPY)
    np.testing.assert_allclose(two[::-1][:9], one, atol=1e-12)
    alone = found.prepare(labels[9:], before.nodes)
    assert set(before.nodes) <= set(alone.nodes)


def test_sparse_variances_are_those_of_the_dense_inverse() -> None:
    rng = np.random.default_rng(1)
    edges = borders(rng, [150, 40], extra=2.0)
    graph = areal(edges).graph
    found = variances(graph, elimination_order(graph))
    R = np.diag(np.asarray(graph.neighbours.sum(axis=1)).ravel()) - graph.neighbours.toarray()
    np.testing.assert_allclose(found, np.diag(np.linalg.pinv(R, hermitian=True)), rtol=1e-11)


def test_the_scale_of_north_carolina_is_that_of_the_reference(data_folder) -> None:
    """The reference states the same sd on the scaled and the unscaled field."""
    scaled, unscaled = 0.284777496, 0.372018385
    found = areal(pd.read_csv(data_folder / "nc_sids_edges.csv"))
    np.testing.assert_allclose(found.scale, (scaled / unscaled) ** 2, rtol=1e-6)


def test_quadratic_form_of_simulated_fields_is_chi_squared() -> None:
    """Draw by Gibbs' full conditionals of a proper CAR; the covariance must whiten it."""
    from scipy import stats

    rng = np.random.default_rng(6)
    edges, labels, mix = borders(rng, [10]), named(10), 0.6
    near = [[int(b[1:]) for b in _near(edges, a)] for a in labels]
    K = areal(edges, "car").prepare(labels).covariance({"mix": mix})
    typical = np.exp(np.log(np.diag(_raw(near, mix))).mean())
    u, forms = rng.standard_normal(10), []
    for sweep in range(4000):
        for i in rng.permutation(10):
            centre = mix * u[near[i]].mean()
            u[i] = centre + rng.standard_normal() / np.sqrt(len(near[i]))
        if sweep % 10 == 9:
            forms.append(u @ np.linalg.solve(K * typical, u))
    assert stats.kstest(forms, stats.chi2(10).cdf).pvalue > 0.01


def _near(edges: pd.DataFrame, area: str) -> list[str]:
    pairs = set(edges.itertuples(index=False, name=None))
    return sorted({b for a, b in pairs if a == area} | {a for a, b in pairs if b == area})


def _raw(near: list[list[int]], mix: float) -> np.ndarray:
    W = np.zeros((len(near), len(near)))
    for i, others in enumerate(near):
        W[i, others] = 1
    return np.linalg.inv(np.diag(W.sum(axis=1)) - mix * W)


@pytest.mark.parametrize("model", ["icar", "bym2", "leroux", "car"])
def test_a_map_without_borders_is_independent(model: str) -> None:
    found = areal(pd.DataFrame({"from": [], "to": []}), model, areas=["x", "y"])
    factor = found.prepare(np.array(["y", "x"]))
    np.testing.assert_allclose(factor.covariance({"mix": 0.3}), np.eye(2), atol=1e-12)
    assert "without a neighbour" in found.notes()[1]


def test_stored_arrays_bring_the_structure_back() -> None:
    found = areal(borders(np.random.default_rng(2), [9, 3]), areas=named(13).tolist())
    again = read_structure("areal", found.to_arrays())
    assert again.identity() == found.identity()
    assert again.notes() == found.notes()


@pytest.mark.parametrize(
    ("edges", "areas", "says"),
    [
        ([("a", "a"), ("a", "b")], None, "border themselves: a"),
        ([("a", "b"), ("b", "A")], None, "blanks, case"),
        ([("a", "b"), ("1", "01")], None, "leading zeros"),
        ([("a", None)], None, "missing"),
        ([(1.5, 2)], None, "text"),
        ([("a", "b")], ["a"], "areas= lacks: 'b'"),
        ([("a", "b")], ["a", "b", "b"], "more than once"),
        ([], None, "no area"),
        ([("a", "b", 2.0)], None, "two columns"),
    ],
)
def test_malformed_borders_are_refused_with_the_reason(edges, areas, says: str) -> None:
    table = pd.DataFrame(edges, columns=None if edges else ["from", "to"])
    with pytest.raises(BayesGLMMError, match=says):
        areal(table, areas=areas)


def test_what_is_no_graph_is_refused() -> None:
    with pytest.raises(TypeError, match="no labels"):
        areal(np.eye(3))
    with pytest.raises(BayesGLMMError, match="bym2"):
        areal(pd.DataFrame({"a": ["x"], "b": ["y"]}), "bym")
    found = areal(pd.DataFrame({"a": ["Kent"], "b": ["Essex"]}))
    with pytest.raises(UnknownLevelError, match="'kent' for 'Kent'"):
        found.prepare(np.array(["kent"]))
    with pytest.raises(BayesGLMMError, match="levels without data are allowed"):
        found.extend(np.array(["Surrey"]), pd.DataFrame({"c": ["Surrey"]}), "c")


class FakeGraph:
    """What is used of libpysal.graph.Graph: a series by (focal, neighbor)."""

    def __init__(self, rows: list[tuple[str, str, float]]):
        index = pd.MultiIndex.from_tuples([r[:2] for r in rows], names=["focal", "neighbor"])
        self.adjacency = pd.Series([r[2] for r in rows], index=index, name="weight")


def test_a_graph_of_libpysal_gives_its_islands_too() -> None:
    both = [("a", "b", 1.0), ("b", "a", 1.0), ("lone", "lone", 0.0)]
    found = areal(FakeGraph(both))
    assert found.labels.tolist() == ["a", "b", "lone"]
    assert found.graph.island.tolist() == [False, False, True]
    with pytest.raises(BayesGLMMError, match="standardised"):
        areal(FakeGraph([("a", "b", 1.0), ("b", "a", 1.0), ("b", "c", 0.5), ("c", "b", 1.0)]))


def test_a_map_needs_libpysal() -> None:
    class Map(pd.DataFrame):
        geometry = sindex = None

    try:
        import libpysal  # noqa: F401
    except ImportError:
        with pytest.raises(MissingDependencyError, match="pip install libpysal"):
            areal(Map({"name": ["a", "b"]}))


@pytest.mark.parametrize("cases", [700, pytest.param(4000, marks=pytest.mark.slow)])
def test_random_edge_lists_give_a_map_or_our_error_at_once(cases: int) -> None:
    rng = np.random.default_rng(12)
    pool = ["a", "b", "c", "d", "e", "f", "A", " a", "01", "1", "", None, np.nan, 3, 2.5, "f "]
    weights = np.r_[np.full(6, 0.15), np.full(10, 0.01)]
    refused = 0
    for _ in range(cases):
        n = int(rng.integers(0, 9))
        drawn = rng.choice(len(pool), size=(n, 2), p=weights)
        rows = [(pool[i], pool[j]) for i, j in drawn]
        areas = None if rng.random() < 0.7 else [pool[i] for i in rng.choice(16, 5, p=weights)]
        began = time.process_time()
        try:
            found = areal(pd.DataFrame(rows, columns=["x", "y"]), areas=areas)
            found.prepare(found.labels)
        except BayesGLMMError:
            refused += 1
        assert time.process_time() - began < 1
    assert 0.14 * cases < refused < 0.986 * cases


def test_thirty_thousand_areas_are_prepared_in_seconds() -> None:
    n = 173
    names = np.array([[f"r{i:03d}c{j:03d}" for j in range(n)] for i in range(n)])
    left = np.r_[names[:, :-1].ravel(), names[:-1].ravel()]
    right = np.r_[names[:, 1:].ravel(), names[1:].ravel()]
    began = time.process_time()
    factor = areal(pd.DataFrame({"from": left, "to": right})).prepare(names.ravel())
    assert time.process_time() - began < 10
    assert factor.system.parents.size < 8e6
