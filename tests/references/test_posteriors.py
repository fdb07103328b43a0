"""The same model, data and priors as a published posterior: the same answers.

The peer (brms 2.18.0 on rstan 2.21.7, ``posteriors.json``) put its priors on the raw
intercept, so the intercept is a column of ones here and nothing is centred.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bayes_glmm as bg
from bayes_glmm.answers.answer_tables import batch_mcse

HERE = Path(__file__).parent
PEER = json.loads((HERE / "posteriors.json").read_text())
MODELS = {
    "sleepstudy_random_slope": (
        "sleepstudy", "Reaction ~ 0 + one + Days + (1 + Days | Subject)", "gaussian",
        {"beta[one]": bg.Prior("Normal", mu=250, sigma=100), "beta[Days]": bg.Prior("Normal", sigma=25),
         "sd_Subject[intercept]": bg.Prior("HalfNormal", sigma=50),
         "sd_Subject[Days]": bg.Prior("HalfNormal", sigma=20), "corr": bg.Prior("LKJ", eta=2),
         "sigma": bg.Prior("HalfNormal", sigma=50)},
    ),
    "surgical_hospital_ranking": (
        "surgical", "deaths | trials(operations) ~ 0 + one + (1 | hospital)", "binomial",
        {"beta[one]": bg.Prior("Normal", mu=-2.5, sigma=1.5), "sd": bg.Prior("HalfNormal", sigma=1)},
    ),
    "toenail_random_intercept": (
        "toenail", "outcome ~ 0 + one + arm + time + arm_time + (1 | patientID)", "bernoulli",
        {"beta": bg.Prior("Normal", sigma=5), "sd": bg.Prior("HalfNormal", sigma=5)},
    ),
    "owls_zinb": (
        "owls", "SiblingNegotiation ~ 0 + one + fed + male + arrival + fed_male + (1 | Nest)",
        "zero_inflated_negative_binomial",
        {"beta": bg.Prior("Normal", sigma=2.5), "sd": bg.Prior("HalfNormal", sigma=1),
         "dispersion": bg.Prior("Gamma", alpha=2, beta=0.5), "zi": bg.Prior("Beta", alpha=1, beta=1)},
    ),
    "wine_clmm": (
        "wine", "rating ~ warm + yes + (1 | judge)", "cumulative",
        {"threshold": bg.Prior("Normal", sigma=5), "beta": bg.Prior("Normal", sigma=2.5),
         "sd": bg.Prior("Exponential", lam=1)},
    ),
}  # fmt: skip


def draws_of(tree, name: str) -> np.ndarray:
    stem, _, label = name.partition("[")
    variable = tree["posterior"][stem]
    labels = label.rstrip("]").split(", ") if label else []
    for dim, wanted in zip(variable.dims[2:], labels, strict=False):
        variable = variable.sel({dim: wanted})
    return np.asarray(variable.values, float)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", MODELS)
def test_within_four_monte_carlo_errors(name):
    table, formula, family, priors = MODELS[name]
    data = pd.read_csv(HERE.parent / "data" / f"{table}.csv").assign(one=1.0)
    if table == "toenail":
        arm = (data.treatment == "terbinafine").astype(float)
        data = data.assign(arm=arm, arm_time=arm * data.time)
    given = {}
    if table == "wine":
        data = data.assign(warm=(data.temp == "warm") * 1.0, yes=(data.contact == "yes") * 1.0)
    if table == "owls":
        fed, male = (data.FoodTreatment == "Satiated") * 1.0, (data.SexParent == "Male") * 1.0
        arrival = data.ArrivalTime - data.ArrivalTime.mean()
        data = data.assign(fed=fed, male=male, arrival=arrival, fed_male=fed * male)
        given["exposure"] = "BroodSize"
    tree = bg.fit(
        formula, data, family=family, priors=priors, draws=4000, progress=False, seed=2, **given
    )
    for parameter, (mean, mcse) in PEER[name].items():
        values = draws_of(tree, parameter)
        own = float(batch_mcse(values[..., None])[0])
        assert abs(values.mean() - mean) <= 4 * np.hypot(own, mcse), (
            parameter,
            values.mean(),
            mean,
        )
