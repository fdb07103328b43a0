"""The graph's density and gradient, against a dense multivariate normal of SciPy."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayes_glmm as bg
from bayes_glmm.fitting.prepare import prepare
from bayes_glmm.maths import field_maths as maths
from bayes_glmm.maths import triangular as sweep
from bayes_glmm.maths import triangular_ops as ops
from bayes_glmm.model.default_priors import resolve_priors
from bayes_glmm.model.graph import build_graph
from bayes_glmm.structures import Structure
from tests.structures.oracle import random_pedigree, tabular

PRIORS = {
    "intercept": bg.Prior("Normal", mu=0.2, sigma=1),
    "beta": bg.Prior("Normal", mu=0, sigma=2),
    "sd": bg.Prior("HalfNormal", sigma=1),
}


def quick():
    """Return a mode that runs without compiling anything."""
    from pytensor.compile.mode import Mode

    return Mode(linker="py", optimizer="fast_compile")


def observed(family: str, ids: list[str], n: int = 40) -> pd.DataFrame:
    rng = np.random.default_rng(2)
    data = pd.DataFrame({"animal": [*ids, *rng.choice(ids, n - len(ids))], "x": rng.normal(size=n)})
    y = {
        "gaussian": rng.normal(size=n),
        "poisson": rng.poisson(2, n),
        "bernoulli": np.arange(n) % 2,
    }
    return data.assign(y=y[family])


def structured(kind: str) -> tuple[Structure, pd.DataFrame]:
    """Return a structure and its matrix; that of kinship has negative entries in its root."""
    if kind == "pedigree":
        rows = random_pedigree(np.random.default_rng(1), 5, 13)
        return bg.pedigree(rows), tabular(rows)
    root = np.random.default_rng(3).normal(size=(18, 18))
    names = [f"k{i}" for i in range(18)]
    K = pd.DataFrame(root @ root.T / 18 + 0.1 * np.eye(18), names, names)
    assert (np.linalg.cholesky(K) < -0.1).any()
    return bg.kinship(K), K


class Compiled:
    """Density, gradient and effects of a model at points of natural variables."""

    def __init__(self, formula, data, family, structure):
        own = dict(PRIORS) if "x +" in formula else {k: v for k, v in PRIORS.items() if k != "beta"}
        own |= {"sigma": PRIORS["sd"]} if family == "gaussian" else {}
        prepared = prepare(formula, data, {"A": structure}, family=family, priors=own)
        _, design = prepared.require()
        self.design = design
        model = build_graph(prepared.spec, design, resolve_priors(prepared.spec, design), "natural")
        self.model = model
        (effects,) = model.replace_rvs_by_values([model["u_animal"]])
        outputs = [model.logp(jacobian=False), effects]
        gradients = model.dlogp([model["z_animal"]], jacobian=False)
        self.function = model.compile_fn(
            [*outputs, gradients], mode=quick(), on_unused_input="ignore"
        )

    def __call__(self, **point):
        given = {}
        for value in self.model.value_vars:
            name = value.name.removesuffix("_log__")
            at = np.asarray(point[name], float)
            given[value.name] = np.log(at) if value.name != name else at
        value, u, slope = self.function(given)
        return float(value), u, slope.reshape(np.shape(given["z_animal"]))


def likelihood(family, y, eta, sigma):
    match family:
        case "gaussian":
            return stats.norm.logpdf(y, eta, sigma), (y - eta) / sigma**2
        case "poisson":
            return stats.poisson.logpmf(y, np.exp(eta)), y - np.exp(eta)
    p = 1 / (1 + np.exp(-eta))
    return stats.bernoulli.logpmf(y, p), y - p


@pytest.mark.parametrize("family", ["gaussian", "poisson", "bernoulli"])
@pytest.mark.parametrize("kind", ["pedigree", "kinship"])
def test_density_and_gradient_equal_a_dense_normal(family, kind):
    """Value and gradient to 1e-9 of effects with the covariance ``sd**2 A``."""
    structure, A = structured(kind)
    data = observed(family, list(A.index))
    model = Compiled("y ~ x + (1 | gr(animal, A))", data, family, structure)
    levels = model.design.mu.groups[0].levels
    A = A.loc[levels, levels].to_numpy()
    rows = np.array([levels.tolist().index(a) for a in data["animal"]])
    rng = np.random.default_rng(4)
    for _ in range(5):
        at = {
            "intercept": rng.normal(),
            "beta": rng.normal(size=1),
            "sd_animal": rng.gamma(2, size=1),
        }
        at |= {"sigma": 0.7, "z_animal": rng.normal(size=(18, 1))}
        value, u, gradient = model(**at)
        sd, u = at["sd_animal"][0], u[:, 0]
        eta = at["intercept"] + at["beta"][0] * data["x"] + u[rows]
        each, score = likelihood(family, data["y"], eta, at["sigma"])
        middle = at["intercept"] + at["beta"][0] * data["x"].mean()
        priors = stats.norm.logpdf(middle, 0.2, 1) + stats.norm.logpdf(at["beta"][0], 0, 2)
        priors += stats.halfnorm.logpdf(sd)
        priors += stats.halfnorm.logpdf(0.7) if family == "gaussian" else 0
        normal = stats.multivariate_normal(cov=sd**2 * A).logpdf(u)
        volume = 0.5 * np.linalg.slogdet(sd**2 * A)[1]
        assert value == pytest.approx(each.sum() + priors + normal + volume, rel=1e-9)
        by_effect = np.bincount(rows, score, 18) - np.linalg.solve(sd**2 * A, u)
        for k in range(18):
            moved = at["z_animal"] + np.eye(18)[:, [k]]
            along = model(**{**at, "z_animal": moved})[1][:, 0] - u
            assert gradient[k, 0] == pytest.approx(by_effect @ along, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("kind", ["pedigree", "kinship"])
def test_correlated_slopes_have_the_product_of_both_covariances(kind):
    structure, A = structured(kind)
    data = observed("gaussian", list(A.index))
    model = Compiled("y ~ 1 + (1 + x | gr(animal, A))", data, "gaussian", structure)
    levels = model.design.mu.groups[0].levels
    A = A.loc[levels, levels].to_numpy()
    rows = np.array([levels.tolist().index(a) for a in data["animal"]])
    rng = np.random.default_rng(5)
    sd, free = np.array([0.8, 0.3]), np.array([-0.9])
    L = np.array([[1, 0], [free[0], 1]])
    L /= np.sqrt((L**2).sum(axis=1, keepdims=True))
    G = np.diag(sd) @ L @ L.T @ np.diag(sd)
    found = []
    for _ in range(3):
        z = rng.normal(size=(18, 2))
        value, u, _ = model(
            intercept=0.3, sigma=0.7, sd_animal=sd, z_animal=z,
            corr_chol_animal_cholesky_corr__=free,
        )  # fmt: skip
        eta = 0.3 + u[rows, 0] + u[rows, 1] * data["x"]
        normal = stats.multivariate_normal(cov=np.kron(A, G)).logpdf(u.ravel())
        found.append(value - stats.norm.logpdf(data["y"], eta, 0.7).sum() - normal)
    assert np.ptp(found) < 1e-9 * abs(found[0]) + 1e-9


def test_order_anywhere_changes_nothing():
    """Matrix and labels permuted: the same bits. Rows of the data: the same sum."""
    _, K = structured("kinship")
    data = observed("poisson", list(K.index))
    rng = np.random.default_rng(6)
    mixed = K.loc[rng.permutation(K.index), rng.permutation(K.columns)]
    text = "y ~ x + (1 | gr(animal, A))"
    at = {"intercept": 0.1, "beta": [0.2], "sd_animal": [0.9], "z_animal": rng.normal(size=(18, 1))}
    value, u, _ = Compiled(text, data, "poisson", bg.kinship(K))(**at)
    again, same, _ = Compiled(text, data, "poisson", bg.kinship(mixed))(**at)
    assert again == value
    np.testing.assert_array_equal(same, u)
    rows = data.sample(frac=1, random_state=7)
    assert Compiled(text, rows, "poisson", bg.kinship(mixed))(**at)[0] == pytest.approx(
        value, rel=1e-13
    )
    wrong = pd.DataFrame(mixed.to_numpy(), K.index, K.index)
    wrong = (wrong + wrong.T) / 2 + 3 * np.eye(18)
    assert Compiled(text, data, "poisson", bg.kinship(wrong))(**at)[0] != pytest.approx(
        value, rel=1e-3
    )


def test_a_large_matrix_is_given_to_the_graph_rather_than_written_into_it(monkeypatch):
    _, K = structured("kinship")
    data = observed("poisson", list(K.index))
    rng = np.random.default_rng(8)
    at = {"intercept": 0.1, "beta": [0.2], "sd_animal": [0.9], "z_animal": rng.normal(size=(18, 1))}
    found = []
    for most in (10**6, 0):
        monkeypatch.setattr(maths, "MOST_WRITTEN", most)
        found.append(Compiled("y ~ x + (1 | gr(animal, A))", data, "poisson", bg.kinship(K))(**at))
    (value, u, slope), (same, again, back) = found
    assert same == pytest.approx(value, rel=1e-13)
    np.testing.assert_allclose(again, u, rtol=1e-13)
    np.testing.assert_allclose(back, slope, rtol=1e-11)


def test_structure_and_plain_effect_of_one_level():
    structure, A = structured("pedigree")
    data = observed("gaussian", list(A.index), 60)
    text = "y ~ x + (1 | gr(animal, A)) + (1 | animal)"
    model = bg.build_model(text, data, structures={"A": structure})
    names = {v.name for v in model.free_RVs}
    assert names >= {"z_animal_A", "sd_animal_A", "sd_animal", "u_animal"}
    assert model.named_vars_to_dims["u_animal_A"] == ("animal_A", "animal_A_term")
    assert model.named_vars_to_dims["z_animal_A"] == ("animal_A_node", "animal_A_term")


def test_compiled_sweeps_are_the_written_ones():
    """Numba's passes, their gradient by weights and values, and those of NumPy."""
    import pytensor
    import pytensor.tensor as pt

    rng, n = np.random.default_rng(1), 25
    parents = np.array([rng.integers(-1, max(i, 1), 2) if i else (-1, -1) for i in range(n)])
    weights, x, c = rng.normal(0, 0.4, (n, 2)), rng.normal(size=(n, 2)), rng.normal(size=(n, 2))
    W, X = pt.dmatrix(), pt.dmatrix()
    total = (ops.descend(parents, W, X) * c).sum()
    f = pytensor.function([W, X], [total, *pytensor.grad(total, [W, X])], mode="NUMBA")
    value, by_weight, by_x = f(weights, x)
    dense = np.eye(n)
    for i, k in np.argwhere(parents >= 0):
        dense[i, parents[i, k]] -= weights[i, k]
    u, v = np.linalg.solve(dense, x), np.linalg.solve(dense.T, c)
    assert value == pytest.approx((u * c).sum(), rel=1e-12)
    np.testing.assert_allclose(by_x, v, rtol=1e-11)
    known = np.where(parents >= 0, np.einsum("it,ikt->ik", v, u[parents]), 0)
    np.testing.assert_allclose(by_weight, known, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(sweep.descend(parents, weights, x), u, rtol=1e-11)
    np.testing.assert_allclose(sweep.ascend(parents, weights, c), v, rtol=1e-11)
