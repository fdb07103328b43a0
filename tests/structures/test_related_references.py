"""Trees, maps and places against what R says of the same data."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayes_glmm as bg
from bayes_glmm.answers.answer_tables import batch_mcse

DATA = Path(__file__).parents[1] / "data"
KNOWN = json.loads((Path(__file__).parent / "related.json").read_text())


def mammals() -> pd.DataFrame:
    data = pd.read_csv(DATA / "mammal_homerange.csv")
    return data.assign(lm=np.log(data["body_mass_kg"]), lhr=np.log(data["home_range_km2"]))


def counties() -> pd.DataFrame:
    data = pd.read_csv(DATA / "nc_sids.csv")
    share = 10 * data["NWBIR74"] / data["BIR74"]
    return data.assign(births=data["BIR74"] / 1000, nw10=share - share.mean())


def normal(y, X, fixed, V) -> float:
    return float(stats.multivariate_normal.logpdf(y, X @ fixed, V))


@pytest.mark.parametrize(
    ("label", "model"),
    [("exact_ML", "brownian"), ("gls_Brownian_ML", "brownian"), ("gls_corPagel_ML", "pagel")],
)
def test_likelihood_of_mammals_is_that_of_r(label: str, model: str) -> None:
    data, known = mammals(), KNOWN["mammals"][label]
    theta = known["theta"]
    hyper = {"signal": theta["lambda"]} if model == "pagel" else {}
    tree = bg.lineage(DATA / "mammal_homerange.nwk", model)
    K = tree.prepare(data["species"].to_numpy(dtype=np.str_)).covariance(hyper)
    sd, sigma = theta.get("sd_phylo", theta.get("sd")), theta.get("sd_residual", 0.0)
    V = sd**2 * K + sigma**2 * np.eye(len(data))
    X = np.stack([np.ones(len(data)), data["lm"]], axis=1)
    found = normal(data["lhr"], X, np.array(known["fixed"]), V)
    np.testing.assert_allclose(found, known["log_likelihood"], rtol=1e-7)
    assert tree.height == 70


@pytest.mark.parametrize(("method", "tolerance"), [("exact", 1e-7), ("nearest", 2e-3)])
def test_likelihood_of_zinc_is_that_of_r(method: str, tolerance: float) -> None:
    data = pd.read_csv(DATA / "meuse.csv")
    data["site"] = [f"s{i:03d}" for i in range(len(data))]
    theta = KNOWN["meuse"]["theta"]
    places = bg.coordinates("x_km", "y_km", "exponential", method).bind(data, "site")
    levels = data["site"].to_numpy(dtype=np.str_)
    K = places.prepare(levels).covariance({"range": theta["range_km"]})
    V = theta["sd_spatial"] ** 2 * K + theta["sd_nugget"] ** 2 * np.eye(len(data))
    X = np.stack([np.ones(len(data)), np.sqrt(data["dist"])], axis=1)
    found = normal(np.log(data["zinc"]), X, np.array(KNOWN["meuse"]["fixed"]), V)
    np.testing.assert_allclose(found, KNOWN["meuse"]["log_likelihood"], rtol=tolerance)


def test_likelihood_of_cells_by_lineage_and_place_is_that_of_r() -> None:
    data = pd.read_csv(DATA / "lineage_sim.csv", dtype={"cell": str})
    theta, levels = KNOWN["lineage_sim"]["theta"], data["cell"].to_numpy(dtype=np.str_)
    A = bg.lineage(DATA / "lineage_sim.nwk").prepare(levels).covariance({})
    places = bg.coordinates("x_um10", "y_um10", "exponential", "exact").bind(data, "cell")
    S = places.prepare(levels).covariance({"range": theta["range"]})
    V = theta["sd_lineage"] ** 2 * A + theta["sd_spatial"] ** 2 * S
    V += theta["sd_residual"] ** 2 * np.eye(len(data))
    X, fixed = np.ones((len(data), 1)), np.array(KNOWN["lineage_sim"]["fixed"])
    found = normal(data["fate_score"], X, fixed, V)
    np.testing.assert_allclose(found, KNOWN["lineage_sim"]["log_likelihood"], rtol=1e-7)


def laplace(y: np.ndarray, eta: np.ndarray, root: np.ndarray) -> tuple[float, np.ndarray]:
    """Return the Laplace approximation for Poisson counts, and the effects at the mode."""
    z = np.zeros(root.shape[1])
    for _ in range(100):
        mean = np.exp(eta + root @ z)
        H = np.eye(len(z)) + root.T @ (mean[:, None] * root)
        step = np.linalg.solve(H, root.T @ (y - mean) - z)
        z += step
        if abs(step).max() < 1e-12:
            break
    value = stats.poisson.logpmf(y, np.exp(eta + root @ z)).sum() - z @ z / 2
    return float(value - np.linalg.slogdet(H)[1] / 2), root @ z


@pytest.mark.parametrize(
    ("label", "model", "sd_name", "mix_name"),
    [
        ("icar_scaled", "icar", "sd_scaled", None),
        ("bym2", "bym2", "sd", "rho"),
        ("proper_car", "car", "sd", "alpha"),
        ("leroux", "leroux", "sd", "lambda"),
    ],
)
def test_likelihood_and_area_effects_of_counties_are_those_of_r(
    label: str, model: str, sd_name: str, mix_name: str | None
) -> None:
    from bayes_glmm.maths.field_maths import NUMPY

    data, known = counties(), KNOWN["nc_sids"][label]
    edges, levels = pd.read_csv(DATA / "nc_sids_edges.csv"), data["county"].to_numpy(dtype=np.str_)
    hyper = {} if mix_name is None else {"mix": known["theta"][mix_name]}
    factor = bg.areal(edges, model).prepare(levels)
    root = factor.effect(np.eye(len(factor.nodes)), hyper, NUMPY)
    sd = known["theta"][sd_name] * _typical(edges, levels, model, hyper)
    X = np.stack([np.ones(len(data)), data["nw10"]], axis=1)[:, : len(known["fixed"])]
    eta = np.log(data["births"].to_numpy()) + X @ known["fixed"]
    value, modes = laplace(data["SID74"].to_numpy(), eta, sd * root)
    np.testing.assert_allclose(value, known["log_likelihood"], atol=2e-6)
    expected = np.array([known["modes"][c] for c in levels.tolist()])
    np.testing.assert_allclose(modes, expected, atol=2e-5)


def _typical(edges: pd.DataFrame, levels: np.ndarray, model: str, hyper: dict) -> float:
    """R's Leroux and CAR are not scaled: return their typical sd."""
    if model in ("icar", "bym2"):
        return 1.0
    n, mix = len(levels), hyper["mix"]
    W = np.zeros((n, n))
    at = {name: i for i, name in enumerate(levels.tolist())}
    for a, b in edges.itertuples(index=False):
        W[at[a], at[b]] = W[at[b], at[a]] = 1
    D = np.diag(W.sum(axis=1))
    Q = D - mix * W if model == "car" else mix * (D - W) + (1 - mix) * np.eye(n)
    return float(np.exp(np.log(np.diag(np.linalg.inv(Q))).mean() / 2))


def assert_posterior(found: dict[str, np.ndarray], known: dict[str, list[float]]) -> None:
    """Within four Monte Carlo errors, ours with the reference's own; ours is small, and as wide."""
    for name, (mean, sd, theirs) in known.items():
        mcse = float(batch_mcse(found[name][..., None])[0])
        assert mcse < 0.1 * sd, (name, mcse / sd)
        assert abs(found[name].mean() - mean) < 4 * np.hypot(mcse, theirs), (
            name,
            found[name].mean(),
            mean,
        )
        np.testing.assert_allclose(found[name].std(), sd, rtol=0.12, err_msg=name)


@pytest.mark.slow
@pytest.mark.fit
@pytest.mark.filterwarnings("ignore")
def test_posterior_of_mammals_is_the_quadrature() -> None:
    """Without an intercept of its own the model takes the reference's priors as they are."""
    given = {
        "one": bg.Prior("Normal", mu=0, sigma=5), "lm": bg.Prior("Normal", mu=0, sigma=2),
        "sd": bg.Prior("HalfNormal", sigma=2), "sigma": bg.Prior("HalfNormal", sigma=2),
    }  # fmt: skip
    tree = bg.fit(
        "lhr ~ 0 + one + lm + (1 | gr(species, T))", mammals().assign(one=1.0), priors=given,
        structures={"T": bg.lineage(DATA / "mammal_homerange.nwk")}, draws=3000, chains=4,
        target_accept=0.98, progress=False,
    )  # fmt: skip
    post = tree["posterior"].to_dataset()
    found = {
        "(Intercept)": post["beta"].values[..., 0],
        "lm": post["beta"].values[..., 1],
        "sd_phylo": post["sd_species"].values[..., 0],
        "sigma": post["sigma"].values,
    }
    assert_posterior(found, KNOWN["mammals"]["posterior"])


@pytest.mark.slow
@pytest.mark.fit
@pytest.mark.filterwarnings("ignore")
def test_posterior_of_counties_is_that_of_brms() -> None:
    given = {
        "intercept": bg.Prior("Normal", mu=0, sigma=2),
        "sd": bg.Prior("HalfNormal", sigma=1),
        "mix": bg.Prior("Beta", alpha=1, beta=1),
    }
    tree = bg.fit(
        "SID74 ~ 1 + (1 | gr(county, M))", counties(), family="poisson", exposure="births",
        structures={"M": bg.areal(pd.read_csv(DATA / "nc_sids_edges.csv"))}, priors=given,
        draws=3000, chains=4, progress=False,
    )  # fmt: skip
    post = tree["posterior"].to_dataset()
    found = {
        "b_Intercept": post["intercept"].values,
        "rhocar": post["mix_county"].values,
        "sdcar": post["sd_county"].values[..., 0],
    }
    assert_posterior(found, KNOWN["nc_sids"]["posterior"])
