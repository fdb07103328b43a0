"""Heritabilities: of simulated animals whose truth is known, and of mice others have analysed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bayes_glmm as bg
from bayes_glmm.answers.answer_tables import batch_mcse
from tests.structures.oracle import random_pedigree, tabular

HERE = Path(__file__).parent
KNOWN = json.loads((HERE / "mouse_hs.json").read_text())


def mice() -> tuple[pd.DataFrame, pd.DataFrame]:
    folder = HERE.parent / "data"
    data = pd.read_csv(folder / "mouse_hs.csv", dtype={"id": str})
    loci = pd.read_csv(folder / "mouse_hs_geno.csv", dtype={"id": str}).set_index("id")
    return data.assign(one=1.0, male=(data["sex"] == "M") * 1.0), loci


def centred(loci: pd.DataFrame) -> pd.DataFrame:
    """Return the matrix of GEMMA's -gk 1: no scaling but the number of loci."""
    z = loci - loci.mean()
    return z @ z.T / loci.shape[1]


def test_genomic_is_the_peers_matrix_on_another_scale():
    _, loci = mice()
    found = bg.genomic(loci)
    p = loci.mean() / 2
    K = centred(loci) * loci.shape[1] / (2 * p * (1 - p)).sum()
    np.testing.assert_allclose(found.matrix, K.loc[found.labels, found.labels], atol=1e-12)
    assert found.n_snps == 590


@pytest.mark.parametrize("trait", ["cd8", "mch"])
def test_heritability_of_mice_by_restricted_likelihood(trait):
    """With the structure's factor, GEMMA's estimates are where the likelihood is stationary."""
    data, loci = mice()
    factor = bg.kinship(centred(loci)).prepare(data["id"].to_numpy(np.str_))
    K, (diagonal, _) = factor.covariance({}), factor.mean_variance({})
    X, y = data[["one", "male"]].to_numpy(), data[trait].to_numpy()

    def deviance(theta):
        V = np.exp(theta[0]) * K + np.exp(theta[1]) * np.eye(len(y))
        inner = X.T @ np.linalg.solve(V, X)
        r = y - X @ np.linalg.solve(inner, X.T @ np.linalg.solve(V, y))
        return np.linalg.slogdet(V)[1] + np.linalg.slogdet(inner)[1] + r @ np.linalg.solve(V, r)

    peer = KNOWN[trait]["REML"]
    genetic, residual = peer["var_genetic"], peer["var_residual"]
    at, h = np.log([genetic, residual]), 1e-2
    for step in h * np.eye(2):
        low, middle, high = deviance(at - step), deviance(at), deviance(at + step)
        assert abs(high - low) / (2 * h) < 1e-3 * (high - 2 * middle + low) / h**2
    pve = genetic * diagonal / (genetic * diagonal + residual)
    assert pve == pytest.approx(peer["pve"], abs=1e-4)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("trait", ["cd8", "mch"])
def test_heritability_of_mice_equals_the_exact_posterior(trait):
    """Within four Monte Carlo errors of quadrature, with its priors on the raw intercept."""
    data, loci = mice()
    structure = bg.kinship(centred(loci))
    tree = bg.fit(
        f"{trait} ~ 0 + one + male + (1 | gr(id, K))", data, structures={"K": structure},
        priors={"beta": bg.Prior("Normal", sigma=2), "sd": bg.Prior("HalfNormal", sigma=1),
                "sigma": bg.Prior("HalfNormal", sigma=1)},
        draws=2000, progress=False,
    )  # fmt: skip
    post = tree["posterior"]
    diagonal = structure.prepare(structure.labels).mean_variance({})[0]
    sd, sigma = post["sd_id"].values[..., 0], post["sigma"].values
    found = {
        "(Intercept)": post["beta"].values[..., 0], "sexM": post["beta"].values[..., 1],
        "sd_genetic": sd, "sigma": sigma,
        "pve": sd**2 * diagonal / (sd**2 * diagonal + sigma**2),
    }  # fmt: skip
    for name, values in found.items():
        mean, spread = KNOWN[trait][name]
        mcse = float(batch_mcse(values[..., None])[0])
        assert mcse < 0.1 * spread, name
        assert abs(values.mean() - mean) < 4 * mcse, (name, values.mean(), mean)
        assert values.std() == pytest.approx(spread, rel=0.12), name


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("family", ["gaussian", "poisson"])
def test_a_simulated_heritability_comes_back(family):
    """Breeding values by a dense factor of the tabular matrix; and a wrong order does not."""
    rng = np.random.default_rng(11)
    rows = random_pedigree(rng, 60, 300)
    A = tabular(rows)
    u = 0.9 * np.linalg.cholesky(A + 1e-10 * np.eye(len(A))) @ rng.normal(size=len(A))
    data = pd.DataFrame({"animal": np.repeat(A.index.to_numpy(), 2)})
    eta = 0.5 + np.repeat(u, 2)
    y = {"gaussian": rng.normal(eta, 0.6), "poisson": rng.poisson(np.exp(eta))}
    tree = bg.fit(
        "y ~ 1 + (1 | gr(animal, A))", data.assign(y=y[family]), family=family,
        structures={"A": bg.pedigree(rows)}, draws=500, progress=False,
    )  # fmt: skip
    sd = tree["posterior"]["sd_animal"].values.ravel()
    assert abs(sd.mean() - 0.9) < 3 * sd.std()
    assert sd.std() < 0.15
    found = bg.random_effects(tree, "animal").set_index("level")["mean"]
    assert np.corrcoef(found[A.index], u)[0, 1] > 0.85
