"""Vectorised diagnostics against ArviZ's own, variable by variable."""

from __future__ import annotations

import numpy as np
import pytest
from arviz_stats.base import array_stats

from bayes_glmm.answers.diagnose.rhat_ess import diagnostics


def autoregressive(phi: float, draws: int, rng: np.random.Generator) -> np.ndarray:
    noise, x = rng.normal(size=(4, draws)), np.zeros((4, draws))
    for t in range(1, draws):
        x[:, t] = phi * x[:, t - 1] + noise[:, t]
    return x


@pytest.mark.parametrize("draws", [1000, 1001, 250, 53, 10])
def test_equal_to_arviz(draws):
    rng = np.random.default_rng(draws)
    columns = [autoregressive(phi, draws, rng) for phi in (0, 0.5, 0.9, 0.99, -0.5, -0.9)]
    columns += [rng.standard_t(1.5, (4, draws)), np.exp(columns[2]), np.round(columns[1])]
    columns.append(columns[0] + np.arange(4)[:, None])
    cube = np.stack(columns, axis=2)
    found = diagnostics(cube)
    expected = {
        "r_hat": array_stats.rhat(cube, chain_axis=0, draw_axis=1),
        "ess_bulk": array_stats.ess(cube, chain_axis=0, draw_axis=1),
        "ess_tail": array_stats.ess(
            cube, chain_axis=0, draw_axis=1, method="tail", prob=(0.05, 0.95)
        ),
    }
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, rtol=1e-10, err_msg=name)


def test_constants_and_short_chains_have_no_verdict():
    assert np.isnan(diagnostics(np.ones((4, 100, 1)))["r_hat"]).all()
    assert np.isnan(diagnostics(np.random.default_rng(0).normal(size=(4, 3, 2)))["ess_bulk"]).all()
