"""Marginal likelihoods beside lme4's, glmmTMB's and exact quadrature's.

lme4 stops its inner iterations early in some models: where its likelihood differs
from ours by more than rounding, its estimates bind less. glmmTMB's never do.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayes_glmm as bg
from tests.conftest import DATA
from tests.references.cases import CASES

PEERS = json.loads((Path(__file__).parent / "likelihood.json").read_text())
BY_NAME = {c.name: c for c in CASES}
# nodes at which a quadrature peer has converged
NODES = {"AGQ25": 25, "AGQ50": 50, "exact_quadrature_ML": 75}
FITS = [(name, k) for name, fits in PEERS.items() for k in range(len(fits))]
STOPPED_EARLY = 5e-5


@pytest.mark.parametrize(("name", "k"), FITS, ids=[f"{n}-{PEERS[n][k]['label']}" for n, k in FITS])
def test_maximum_equals_the_peers(name, k):
    case, peer = BY_NAME[name], PEERS[name][k]
    table = bg.maximum_likelihood(
        case.formula, case.data(), family=case.family, link=case.link, exposure=case.exposure,
        quadrature=NODES.get(peer["label"], 1),
    )  # fmt: skip
    gain = table.attrs["log_likelihood"] - peer["logLik"]
    assert gain > -1e-3
    assert gain < 2e-2, "not the same likelihood"
    early = abs(gain) > STOPPED_EARLY
    assert not (early and "glmmTMB" in peer["peer"])
    estimates = table.set_index("parameter")
    fixed = estimates[estimates.index.str.startswith(("intercept", "beta"))]
    assert len(fixed) == len(peer["fixed"])
    for value, se in peer["fixed"].values():
        nearest = fixed.iloc[(fixed.estimate - value).abs().argmin()]
        assert abs(nearest.estimate - value) < (0.025 if early else 1e-3) * se
        if name != "pbcseq_within_between_slope":
            assert nearest.se == pytest.approx(se, rel=0.1 if early else 0.01)
    ours = estimates[estimates.index.str.startswith("sd_")].estimate
    for _, _, sds in peer["sd"]:
        for sd in sds:
            assert (ours - sd).abs().min() < (0.01 if early or sd < 0.2 else 1e-3) * sd


def test_nodes_converge_to_the_exact_likelihood():
    """Toenail, where Laplace's method is far off: 4.56 at one node against 4.00."""
    case = BY_NAME["toenail_random_intercept"]
    values = {}
    for nodes in (1, 15, 75):
        table = bg.maximum_likelihood(
            case.formula, case.data(), family=case.family, quadrature=nodes
        )
        values[nodes] = table.set_index("parameter").estimate["sd_patientID[intercept]"]
    assert values[1] == pytest.approx(4.56, abs=0.03)
    assert values[75] == pytest.approx(4.00, abs=0.01)
    assert abs(values[15] - values[75]) < 0.06


def test_quadrature_needs_one_scalar_effect():
    case = BY_NAME["sleepstudy_random_slope"]
    with pytest.raises(bg.errors.EngineError, match="one random effect per level"):
        bg.maximum_likelihood(case.formula, case.data(), quadrature=5)


def test_simple_regression_needs_no_integral():
    case = BY_NAME["surgical_hospital_ranking"]
    data = case.data()
    table = bg.maximum_likelihood("deaths | trials(operations) ~ 1", data, family="binomial")
    p = data.deaths.sum() / data.operations.sum()
    assert table.estimate[0] == pytest.approx(np.log(p / (1 - p)), abs=1e-5)
    exact = stats.binom.logpmf(data.deaths, data.operations, p).sum()
    assert table.attrs["log_likelihood"] == pytest.approx(exact, abs=1e-8)
    assert table.se[0] == pytest.approx((data.operations.sum() * p * (1 - p)) ** -0.5, rel=1e-3)


def test_a_parameter_that_runs_off_has_no_standard_error():
    """Groups have the same mean: the likelihood rises until their sd is zero and t is normal."""
    y = np.tile(stats.norm.ppf((np.arange(50) + 0.5) / 50), 6)
    data = pd.DataFrame({"y": y, "g": np.repeat(list("abcdef"), 50)})
    normal = bg.maximum_likelihood("y ~ 1 + (1 | g)", data).set_index("parameter")
    assert normal.se.isna().to_dict() == {
        "intercept": False,
        "sd_g[intercept]": True,
        "sigma": False,
    }
    assert normal.se["intercept"] == pytest.approx(y.std() / 300**0.5, rel=1e-4)
    assert normal.se["sigma"] == pytest.approx(y.std() / 600**0.5, rel=1e-3)
    student = bg.maximum_likelihood("y ~ 1 + (1 | g)", data, family="student_t")
    student = student.set_index("parameter")
    assert list(student.index[student.se.isna()]) == ["sd_g[intercept]", "nu"]
    assert student.se["intercept"] == pytest.approx(normal.se["intercept"], rel=1e-3)


def test_ordered_categories_equal_the_peers():
    """The bitterness of wine of Randall (1989), by clmm of the R package ordinal, Laplace's method [1].

    [1] Christensen (2019), A tutorial on fitting cumulative link mixed models with clmm2.
    """
    data = pd.read_csv(DATA / "wine.csv")
    table = bg.maximum_likelihood(
        "rating ~ temp + contact + (1 | judge)", data, family="cumulative"
    ).set_index("parameter")
    peer = {
        "beta[temp[warm]]": (3.063, 0.595),
        "beta[contact[yes]]": (1.835, 0.513),
        "threshold[1|2]": (-1.624, 0.682),
        "threshold[2|3]": (1.513, 0.604),
        "threshold[3|4]": (4.229, 0.809),
        "threshold[4|5]": (6.089, 0.972),
    }
    assert table.attrs["log_likelihood"] == pytest.approx(-81.57, abs=0.005)
    assert table.estimate["sd_judge[intercept]"] == pytest.approx(1.28**0.5, abs=0.002)
    for name, (estimate, se) in peer.items():
        assert table.estimate[name] == pytest.approx(estimate, abs=2e-3)
        assert table.se[name] == pytest.approx(se, abs=2e-3)
