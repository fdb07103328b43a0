"""The density of a model with its numbers far away is that of the model with centred ones.

The oracle's tables have centred numbers. Here each family and link is held against that at
another origin and unit, at the same coordinates of the sampler.
"""

from __future__ import annotations

import numpy as np
import pytest

import bayes_glmm as bg
from tests.graph.support import LINKS, MORE, table

A, B = 2000.0, 2.5
CASES = [(family, link) for family, links in {**LINKS, **MORE}.items() for link in links]
QUICK = [("gaussian", "identity"), ("poisson", "log"), ("binomial", "probit"), ("weibull", "log")]


@pytest.mark.parametrize(
    ("family", "link"),
    [pytest.param(*c, marks=[pytest.mark.slow] * (c not in QUICK)) for c in CASES],
)
def test_density_does_not_depend_on_origin_and_unit(family, link) -> None:
    near = table(family)
    far = near.assign(x=A + B * near["x"], z=near["z"] / B - 50)
    response = "y | trials(n)" if family.endswith("binomial") and "neg" not in family else "y"
    formula = f"{response} ~ z * x + (1 + x | a)"
    one, two = (bg.build_model(formula, d, family=family, link=link) for d in (near, far))
    free = [v.name for v in two.free_RVs]
    assert "reference_beta" in free and "reference_sd_a" in free
    assert {"beta", "intercept", "sd_a", "corr_a", "u_a"} <= {v.name for v in two.deterministics}
    first, second = (m.compile_logp(mode="FAST_COMPILE") for m in (one, two))
    rng, point = np.random.default_rng(1), one.initial_point()
    named = {name.removeprefix("reference_"): name for name in two.initial_point()}
    # z * x has a margin of z at the mean of x alone, so that the centred table has one basis too
    ours = {name.removeprefix("reference_"): name for name in point}
    assert named.keys() == ours.keys()
    for _ in range(5):
        drawn = {
            k: np.asarray(point[ours[k]] + rng.normal(0, 0.05, np.shape(point[ours[k]])))
            for k in ours
        }
        there = {named[k]: v.copy() for k, v in drawn.items()}
        there[named["sd_a_log__"]][1] -= np.log(B)
        value = float(first({ours[k]: v for k, v in drawn.items()}))
        assert np.isfinite(value)
        assert float(second(there)) == pytest.approx(value, rel=1e-8)
