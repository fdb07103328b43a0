"""What a check lets pass, a fit takes: the same limits of models in both."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import bayes_glmm as bg
from bayes_glmm.errors import BayesGLMMError, PriorError, SpecError


def table(n: int) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    data = pd.DataFrame(rng.normal(size=(400, n)), columns=[f"x{i}" for i in range(n)])
    return data.assign(y=rng.normal(size=400), g=rng.choice(list("abcdef"), 400))


def crossed(n: int) -> str:
    return "(" + " + ".join(f"x{i}" for i in range(n)) + ")^2"


LONG = "x" * 150
MODELS = {
    "expands": f"y ~ {crossed(15)}",
    "expands in a group": f"y ~ 1 + (1 + {crossed(15)} || g)",
    "expands elsewhere": {"mu": "y ~ 1", "sigma": f"~ {crossed(15)}"},
    "expands by a product": "y ~ (x0 + x1 + x2 + x3 + x4) * (x5 + x6 + x7) * (x8 + x9 + x10)",
    "long names": f"y ~ ({LONG}0 + {LONG}1 + {LONG}2 + {LONG}3)^2",
    "nested": f"y ~ x0 / x1 / {crossed(12)}",
}


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_a_model_that_a_fit_cannot_keep_is_refused_by_every_call(model) -> None:
    data = table(15).assign(**{f"{LONG}{k}": np.linspace(0, 1, 400) ** (k + 1) for k in range(4)})
    for call in (bg.check, bg.priors, bg.build_model, bg.fit, bg.prior_predictive):
        with pytest.raises(SpecError, match="cannot be written as a formula"):
            call(model, data)


def test_a_spec_made_by_hand_has_the_same_limits() -> None:
    terms = tuple(f"x{i}" for i in range(600))
    spec = bg.ModelSpec("y", bg.Predictor(terms=terms))
    with pytest.raises(SpecError, match="cannot be written"):
        bg.check(spec, table(2))
    normal = bg.Prior("Normal", mu=0.123456789, sigma=1.23456789)
    priors = {f"beta[x{i}]": normal for i in range(40)}
    wide = bg.ModelSpec("y", bg.Predictor(terms=terms[:40]), priors=priors)
    assert bg.check(wide, table(40)).errors == ()


@pytest.mark.slow
def test_just_below_the_limit_a_model_is_checked_and_kept() -> None:
    data, model = table(14), f"y ~ {crossed(14)}"
    assert bg.check(model, data).passed
    tree = bg.fit(model, data, engine="laplace", draws=20, progress=False)
    assert tree["posterior"].sizes["coefficient"] == 14 + 14 * 13 // 2


@pytest.mark.parametrize(
    "priors",
    [
        {"sd_zzz": bg.Prior("HalfNormal", sigma=1)},
        {"beta[zz]": bg.Prior("Normal", mu=0, sigma=1)},
        {"sigma": bg.Prior("Normal", mu=0, sigma=1)},
        {"corr": bg.Prior("Normal", mu=0, sigma=1)},
    ],
)
def test_priors_that_a_fit_refuses_are_refused_by_the_check(priors) -> None:
    data = table(2)
    with pytest.raises(PriorError) as checked:
        bg.check("y ~ x0 + (1 + x1 | g)", data, priors=priors)
    with pytest.raises(BayesGLMMError) as fitted:
        bg.fit("y ~ x0 + (1 + x1 | g)", data, priors=priors)
    assert str(checked.value) == str(fitted.value)
