"""The density of a model with its numbers far away is that of the model with centred ones.

The oracle's tables have centred numbers. Here each family and link is held against that at
another origin and unit, at the same coordinates of the sampler.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import bayes_glmm as bg
from tests.graph.support import LINKS, MORE, table

A, B = 2000.0, 2.5
CASES = [(family, link) for family, links in {**LINKS, **MORE}.items() for link in links]
QUICK = [("poisson", "log"), ("weibull", "log")]


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


def _table(n: int = 24) -> pd.DataFrame:
    rng = np.random.default_rng(6)
    data = pd.DataFrame(
        {
            "x": rng.normal(size=n), "z": rng.normal(size=n), "t": rng.integers(0, 2, n),
            "a": list("pqrs") * (n // 4), "b": list("uvw") * (n // 3),
            "k": ["p", "q", "r", "s", "q", "r"] * (n // 6), "dose": rng.integers(1, 4, n),
            "y": rng.normal(size=n), "count": rng.poisson(3, n),
            "grade": pd.Categorical(rng.choice(list("lmh"), n), list("lmh"), ordered=True),
            "kind": rng.choice(list("ABC"), n),
        }
    )  # fmt: skip
    data["half"] = np.where(data["a"].isin(["p", "q"]), "one", "two")
    data["w"] = data["x"] + rng.normal(size=n)
    return data


def _matrix() -> pd.DataFrame:
    names = list("pqrs")
    return pd.DataFrame(0.3 + 0.7 * np.eye(4), index=names, columns=names)


TERMS = {
    "student": ("y ~ x + (1 + x | gr(a, dist='student'))", {}),
    "by": ("y ~ x + (1 + x | gr(a, by=half))", {}),
    "members": ("count ~ x + (1 + x | mm(a, k))", {"family": "poisson"}),
    "kinship": ("y ~ x + (1 + x | gr(a, A))", {"structures": {"A": _matrix}}),
    "shared": ({"mu": "y ~ x + (1 + x |p| a)", "sigma": "~ x + (1 |p| a)"}, {}),
    "own formula": ({"mu": "count ~ t", "dispersion": "~ t * x"}, {"family": "negative_binomial"}),
    "thresholds": ("grade ~ t * x + (1 + x | a)", {"family": "cumulative"}),
    "boundaries": ("grade ~ t * x + cs(z)", {"family": "sequential"}),
    "categories": ("kind ~ t * x", {"family": "categorical"}),
    "missing": ({"mu": "y ~ mi(w) * x", "w": "w ~ x * z"}, {}),
    "monotonic": ("y ~ mo(dose) * x", {}),
    "given": ("y ~ t * x * z", {"priors": {"beta[t:x:z]": bg.Prior("StudentT", nu=3, mu=0, sigma=1)}}),
    "no intercept": ("y ~ 0 + b + x + b:x", {}),
}  # fmt: skip
OFTEN = ("kinship", "thresholds", "missing")


@pytest.mark.parametrize(
    "case", [pytest.param(c, marks=[pytest.mark.slow] * (c not in OFTEN)) for c in TERMS]
)
def test_density_does_not_depend_on_origin_with_every_term(case) -> None:
    formula, options = TERMS[case]
    options = dict(options)
    if "structures" in options:
        options["structures"] = {"A": bg.kinship(_matrix())}
    near = _table()
    if case == "missing":
        near.loc[[3, 8], "w"] = np.nan
    moved = {"x": 300.0, "w": -40.0} if case != "given" else {"x": 300.0}
    far = near.assign(**{name: near[name] + shift for name, shift in moved.items()})
    one, two = (bg.build_model(formula, d, **options) for d in (near, far))
    first, second = (m.compile_logp(mode="FAST_COMPILE") for m in (one, two))
    rng, point = np.random.default_rng(1), one.initial_point()
    assert list(point) == list(two.initial_point())
    assert any(name.startswith("reference_") for name in point)
    for _ in range(4):
        drawn = {k: np.asarray(v + rng.normal(0, 0.05, np.shape(v))) for k, v in point.items()}
        there = {k: v.copy() for k, v in drawn.items()}
        if "mi_w" in there:  # missing values are on the scale of their column
            there["mi_w"] = there["mi_w"] + moved["w"]
        value = float(first(drawn))
        assert np.isfinite(value)
        assert float(second(there)) == pytest.approx(value, rel=1e-8)
