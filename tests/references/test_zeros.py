"""Formulas for the share of zeros, beside glmmTMB's estimates of the same models."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayes_glmm as bg
from tests.references.compare import mode

HERE = Path(__file__).parent
PEERS = json.loads((HERE / "zeros.json").read_text())
FAMILIES = {
    "owls_zinb_food": ("zero_inflated_negative_binomial", "zi"),
    "owls_hurdle_poisson": ("hurdle_poisson", "hurdle"),
    "owls_hurdle_nb2": ("hurdle_negative_binomial", "hurdle"),
}
MU = "SiblingNegotiation ~ FoodTreatment * SexParent + cArrival + (1 | Nest)"
NAMES = {
    "(Intercept)": "intercept",
    "FoodTreatmentSatiated": "FoodTreatment[Satiated]",
    "SexParentMale": "SexParent[Male]",
    "cArrival": "cArrival",
    "FoodTreatmentSatiated:SexParentMale": "FoodTreatment[Satiated]:SexParent[Male]",
}


def peak(tree, parameter: str) -> float:
    """Mode of a parameter's posterior, from a kernel density."""
    stem, _, label = parameter.partition("[")
    variable = tree["posterior"][stem]
    if label:
        variable = variable.sel({variable.dims[-1]: label.removesuffix("]")})
    draws = variable.values.ravel()
    grid = np.linspace(draws.min(), draws.max(), 4001)
    return float(grid[stats.gaussian_kde(draws)(grid).argmax()])


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", FAMILIES)
def test_agrees_with_glmmtmb(name):
    """Fixed effects within 0.15 standard errors, the sd's mode within 10 %.

    Of the share of zeros the modes are compared: a maximum is what the peer gives, and the
    logit of a small probability has a posterior that is skewed (-0.6 here), its mean 0.3
    standard errors from its mode.
    """
    family, zeros = FAMILIES[name]
    data = pd.read_csv(HERE.parent / "data" / "owls.csv")
    data = data.assign(cArrival=data.ArrivalTime - data.ArrivalTime.mean())
    # no inflation at all is a tail without an end on the logit scale, where chains get lost
    # under a prior as wide as 100; at 5 it moves the mode by 0.02 standard errors
    wide, firm = bg.Prior("Normal", sigma=100), bg.Prior("Normal", sigma=5)
    priors = {
        "intercept": wide, "beta": wide, f"intercept_{zeros}": firm, f"beta_{zeros}": firm,
        "sd": bg.Prior("HalfNormal", sigma=100),
    }  # fmt: skip
    if "negative" in family:
        priors["dispersion"] = bg.Prior("HalfNormal", sigma=100)
    tree = bg.fit(
        {"mu": MU, zeros: "~ FoodTreatment"}, data, family=family, exposure="BroodSize",
        priors=priors, chains=4, draws=2000, seed=3, progress=False,
    )  # fmt: skip
    found = bg.summary(tree).set_index("parameter")["mean"]
    peer = PEERS[name]
    for term, (estimate, se) in peer["fixed"].items():
        assert abs(found[NAMES[term]] - estimate) <= 0.15 * se, term
    for term, (estimate, se) in peer["zeros"].items():
        ours = f"intercept_{zeros}" if term == "(Intercept)" else f"beta_{zeros}[{NAMES[term]}]"
        assert abs(peak(tree, ours) - estimate) <= 0.15 * se, term
    sd = tree["posterior"]["sd_Nest"].values.ravel()
    assert mode(sd) == pytest.approx(peer["sd"], rel=0.10)
