"""Calibration finds out labels that were moved, by the effects' quadratic form."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import bayes_glmm as bg
from tests.ranks import contradicted

N, EACH = 20, 4
NAMES = [f"l{i:02d}" for i in range(N)]
LINE = np.arange(N) // 5
K = 0.9 * (LINE[:, None] == LINE) + 0.1 * np.eye(N)
PRIORS = {
    "intercept": bg.Prior("Normal", mu=0, sigma=1),
    "sd": bg.Prior("HalfNormal", sigma=1),
    "sigma": bg.Prior("HalfNormal", sigma=1),
}


def simulate(rng: np.random.Generator):
    """Draw effects of four inbred lines, label by label."""
    intercept, sd, sigma = rng.normal(), abs(rng.normal()), abs(rng.normal())
    u = dict(zip(NAMES, sd * rng.multivariate_normal(np.zeros(N), K), strict=True))
    eta = intercept + np.array([u[name] for name in np.repeat(NAMES, EACH)])
    truth = {"intercept": intercept, "sd_level": [sd], "sigma": sigma, "u_level": u}
    return truth, rng.normal(eta, sigma)


def quadratic(variables) -> np.ndarray:
    u = variables["u_level"][..., 0] / variables["sd_level"]
    return np.einsum("di,ij,dj->d", u, np.linalg.inv(K), u) / N


@pytest.mark.slow
@pytest.mark.fit
@pytest.mark.filterwarnings("ignore")
def test_moved_labels_are_found_out_and_right_ones_are_not() -> None:
    """The same simulations, once with every label moved by seven places of the matrix."""
    data = pd.DataFrame({"level": np.repeat(NAMES, EACH)})
    data["y"] = simulate(np.random.default_rng(1))[1]

    def run(n, seed, moved=0):
        names = np.roll(NAMES, -moved).tolist()
        return bg.calibrate(
            "y ~ 1 + (1 | gr(level, K))", data, n=n, priors=PRIORS, simulator=simulate, seed=seed,
            structures={"K": bg.kinship(pd.DataFrame(K, names, names))},
            quantities={"quadratic": quadratic}, draws=200, tune=300, progress=False,
        )  # fmt: skip

    fault = contradicted(run, 60)
    assert not fault, fault
    wrong = run(60, 1, moved=7)
    assert not wrong.passed
    quadratics = wrong.table.set_index("quantity").loc["quadratic"]
    assert quadratics["p_value"] < 3e-4  # 1 / 5001 is the least there is
