"""Densities of whole models with trees and maps, against SciPy's dense multivariate normal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import special, stats

import bayes_glmm as bg
from tests.structures import test_areal, test_coordinates
from tests.structures.trees import random_tree

SD, SIGMA, INTERCEPT = 0.8, 0.6, 0.3
PRIORS = {
    "intercept": bg.Prior("Normal", mu=0.2, sigma=1),
    "sd": bg.Prior("HalfNormal", sigma=1),
    "sigma": bg.Prior("HalfNormal", sigma=1),
}
RNG = np.random.default_rng(20)
TREE = random_tree(RNG, 22)
BORDERS = test_areal.borders(RNG, [9, 4])
AREAS = test_areal.named(15)
PLACES = test_coordinates.table(RNG, 14)


@dataclass
class Case:
    """A structure, the covariance of some levels by definition, and a hyperparameter."""

    structure: Any
    levels: np.ndarray
    covariance: np.ndarray
    hyper: dict[str, float]


def case(name: str) -> Case:
    kind, model = name.split()
    if kind == "lineage":
        hyper = {"ou": {"halflife": 0.4}, "pagel": {"signal": 0.7}}.get(model, {})
        levels = np.array(sorted(set(TREE.names[1:]))[::-1], dtype=np.str_)
        K = TREE.covariance(list(levels), model, *hyper.values())
        written = TREE.newick(np.random.default_rng(1))
        return Case(bg.lineage(written, model), levels, K, hyper)
    if kind == "areal":
        hyper = {} if model == "icar" else {"mix": 0.65}
        levels = np.random.default_rng(2).permutation(AREAS)
        places = np.searchsorted(AREAS, levels)
        K = test_areal.dense(BORDERS, AREAS, model, *hyper.values())[np.ix_(places, places)]
        return Case(bg.areal(BORDERS, model, areas=AREAS.tolist()), levels, K, hyper)
    method = "nearest" if model == "nearest" else "exact"
    kernel = "matern32" if model == "nearest" else model
    gaps = test_coordinates.apart(PLACES[["e", "n"]].to_numpy())
    K = test_coordinates.matern(kernel, gaps, 0.7)
    structure = bg.coordinates("e", "n", kernel, method)
    return Case(structure, PLACES["site"].to_numpy(dtype=np.str_), K, {"range": 0.7})


CASES = [
    *(f"lineage {m}" for m in ("brownian", "ou", "pagel")),
    *(f"areal {m}" for m in ("icar", "bym2", "leroux", "car")),
    *(f"coordinates {m}" for m in ("exponential", "matern32", "nearest")),
]


def rows(found: Case, family: str, n: int = 34) -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(3)
    index = np.r_[np.arange(len(found.levels)), rng.integers(0, len(found.levels), n)]
    index = rng.permutation(index)
    y = {
        "gaussian": rng.normal(size=len(index)),
        "poisson": rng.poisson(2, len(index)),
        "bernoulli": rng.integers(0, 2, len(index)),
    }[family]
    data = pd.DataFrame({"y": y, "level": found.levels[index]})
    if len(found.levels) == len(PLACES) and found.levels[0] == PLACES["site"][0]:
        data[["e", "n"]] = PLACES[["e", "n"]].to_numpy()[index]
    return data, index


class Graph:
    """The log-density, without Jacobians, and the effects of a built model by its latents."""

    def __init__(self, model: Any, hyper: dict[str, float], family: str):
        from pytensor.compile.mode import Mode

        named = {"intercept": np.float64(INTERCEPT), "sd_level": np.array([SD])}
        named |= {f"{stem}_level": np.float64(v) for stem, v in hyper.items()}
        if family == "gaussian":
            named["sigma"] = np.float64(SIGMA)
        self.point, latent = {}, None
        for rv in model.free_RVs:
            value, own = model.rvs_to_values[rv], model.rvs_to_transforms[rv]
            if rv.name == "z_level":
                latent = value
                continue
            at = named.pop(rv.name)
            self.point[value.name] = at if own is None else own.forward(at, *rv.owner.inputs).eval()
        assert not named, named
        self.shape = tuple(model.initial_point()["z_level"].shape)
        by_latent = model.dlogp(vars=[model["z_level"]], jacobian=False)
        outputs = [model.logp(jacobian=False), by_latent]
        outputs += model.replace_rvs_by_values([model["u_level"]])
        self.run = model.compile_fn(
            outputs, inputs=model.value_vars, point_fn=True, on_unused_input="ignore",
            mode=Mode(linker="py", optimizer="fast_compile"),
        )  # fmt: skip
        self.name = latent.name

    def __call__(self, z: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        value, slope, u = self.run({**self.point, self.name: z.reshape(self.shape)})
        return float(value), np.asarray(u)[:, 0], np.asarray(slope).ravel()

    def map(self) -> np.ndarray:
        """Return the effects as a matrix of the latents."""
        return np.stack([self(e)[1] for e in np.eye(self.shape[0])], axis=1)


def log_prior(found: Case, family: str, model: Any) -> float:
    total = stats.norm.logpdf(INTERCEPT, 0.2, 1) + stats.halfnorm.logpdf(SD)
    if family == "gaussian":
        total += stats.halfnorm.logpdf(SIGMA)
    for stem, value in found.hyper.items():
        if stem in ("mix", "signal"):
            continue  # uniform
        if stem == "halflife":
            total += stats.lognorm.logpdf(value, 1, scale=0.5)
        else:
            total += stats.gamma.logpdf(value, 2, scale=1 / 3)
    return float(total)


def graph(name: str, family: str) -> tuple[Case, Graph, pd.DataFrame, np.ndarray, float]:
    found = case(name)
    data, index = rows(found, family)
    priors = {k: v for k, v in PRIORS.items() if k != "sigma" or family == "gaussian"}
    if "range" in found.hyper:
        priors["range"] = bg.Prior("Gamma", alpha=2, beta=3)
    model = bg.build_model(
        "y ~ 1 + (1 | gr(level, S))", data, family=family, priors=priors,
        structures={"S": found.structure},
    )  # fmt: skip
    order = np.argsort(found.levels)
    found.levels, found.covariance = found.levels[order], found.covariance[np.ix_(order, order)]
    index = np.argsort(order)[index]
    return found, Graph(model, found.hyper, family), data, index, log_prior(found, family, model)


@pytest.mark.parametrize("name", CASES)
def test_gaussian_density_integrates_to_the_dense_normal(name: str) -> None:
    """The log-density is quadratic in the latents: integrate them out, exactly."""
    found, density, data, index, prior = graph(name, "gaussian")
    n = density.shape[0]
    origin, _, slope = density(np.zeros(n))
    precision = slope - np.array([density(e)[2] for e in np.eye(n)])
    _, volume = np.linalg.slogdet(precision / (2 * np.pi))
    marginal = origin + slope @ np.linalg.solve(precision, slope) / 2 - volume / 2
    V = SD**2 * found.covariance[np.ix_(index, index)] + SIGMA**2 * np.eye(len(index))
    expected = prior + stats.multivariate_normal.logpdf(
        data["y"], np.full(len(index), INTERCEPT), V
    )
    np.testing.assert_allclose(marginal, expected, rtol=1e-9)


QUICK = {
    "poisson": ("lineage ou", "areal bym2", "coordinates exponential"),
    "bernoulli": ("lineage pagel", "areal leroux", "coordinates nearest"),
}


@pytest.mark.parametrize(
    ("name", "family"),
    [
        pytest.param(name, family, marks=[] if name in quick else [pytest.mark.slow])
        for family, quick in QUICK.items()
        for name in CASES
    ],
)
def test_density_is_that_of_a_dense_normal_effect(name: str, family: str) -> None:
    """At the least latents that make given effects, which are unique."""
    found, density, data, index, prior = graph(name, family)
    rng = np.random.default_rng(4)
    K = SD**2 * found.covariance
    u = K @ rng.standard_normal(len(K)) / SD  # in the range of a singular covariance
    F = density.map()
    z = np.linalg.pinv(F, rcond=1e-10) @ u
    value, made, _ = density(z)
    np.testing.assert_allclose(made, u, atol=1e-9)
    law = stats.multivariate_normal(np.zeros(len(K)), K, allow_singular=True)
    values = np.linalg.eigvalsh(K)
    kept = values[values > 1e-10 * values.max()]
    volume = (np.log(2 * np.pi * kept).sum() - len(z) * np.log(2 * np.pi)) / 2
    eta = INTERCEPT + u[index]
    if family == "poisson":
        likelihood = stats.poisson.logpmf(data["y"], np.exp(eta)).sum()
    else:
        likelihood = stats.bernoulli.logpmf(data["y"], special.expit(eta)).sum()
    np.testing.assert_allclose(value, prior + law.logpdf(u) + volume + likelihood, rtol=1e-9)


@pytest.mark.parametrize("name", ["lineage brownian", "areal bym2"])
def test_order_of_rows_changes_nothing(name: str) -> None:
    found = case(name)
    data, _ = rows(found, "poisson")
    tables = [data, data.sample(frac=1, random_state=5)]
    values = []
    for table in tables:
        model = bg.build_model("y ~ 1 + (1 | gr(level, S))", table, family="poisson",
                               priors={"intercept": PRIORS["intercept"]},
                               structures={"S": found.structure})  # fmt: skip
        density = Graph(model, found.hyper, "poisson")
        z = np.random.default_rng(6).standard_normal(density.shape[0])
        values.append(density(z)[0])
    np.testing.assert_allclose(values[0], values[1], rtol=1e-13)
