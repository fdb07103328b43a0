"""Families whose rows are printed, sampled by the kernel and on the graph."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import bayes_glmm as bg
from bayes_glmm.families import get_family
from bayes_glmm.results.fit import Fit
from tests.engine.test_engines import agree

OWN = {
    "generalized_poisson": {"dispersion": 1.6},
    "skew_normal": {"sigma": 0.7, "skew": 3.0},
    "asymmetric_laplace": {"sigma": 0.3, "quantile": 0.5},
    "asymmetric_laplace(quantile=0.8)": {"sigma": 0.3, "quantile": 0.8},
    "student_t(nu=4)": {"sigma": 0.5, "nu": 4.0},
    "von_mises": {"concentration": 4.0},
    "zero_one_inflated_beta": {"dispersion": 6.0, "zoi": 0.3, "coi": 0.4},
    "ordered_beta": {"dispersion": 6.0, "lower": -1.0, "gap": 2.5},
}
"""Without Tweedie's, whose graph is too slow to sample: ``test_kernel`` holds its density."""

DRAWS = {"skew_normal": 12_000}
"""Where intercept and effects mix so slowly that 2,000 draws say little of their own error."""


def simulated(family: str, n: int = 240) -> pd.DataFrame:
    rng = np.random.default_rng(8)
    x, group = rng.normal(size=n), rng.integers(0, 12, n)
    eta = 0.4 + 0.3 * x + 0.4 * rng.normal(size=12)[group]
    known = get_family(family)
    mu = known.link().inverse(eta)
    own = {name: np.asarray(value) for name, value in OWN[family].items()}
    y = known.simulate(rng, mu, own)
    return pd.DataFrame({"y": y, "x": x, "g": group.astype(str)})


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("family", OWN)
def test_the_kernel_and_the_graph_agree(family):
    data, draws = simulated(family), DRAWS.get(family, 2000)
    given = {"family": family, "progress": False, "chains": 4, "draws": draws}
    ours = bg.fit("y ~ x + (1 | g)", data, seed=3, **given)
    assert Fit.of(ours).info["settings"]["path"] in ("plain", "frozen", "adaptive")
    graph = bg.fit("y ~ x + (1 | g)", data, seed=5, engine="nuts", target_accept=0.95, **given)
    agree(graph, ours)
