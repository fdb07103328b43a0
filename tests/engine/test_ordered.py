"""Ordered categories in the kernel: thresholds climb, and groups have their own."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import bayes_glmm as bg
from bayes_glmm.design.schema import Schema
from bayes_glmm.engine.merge import arrange_rows
from bayes_glmm.engine.own import climbing, from_climbing
from bayes_glmm.engine.program import write_program
from bayes_glmm.results.fit import Fit
from bayes_glmm.spec.formula.parsing import parse
from tests.basis import in_basis
from tests.engine.test_kernel import hold_to_the_oracle

RANDOM = {
    "none": "",
    "intercept": " + (1 | a)",
    "slope": " + (1 + x | a)",
    "crossed": " + (1 | a) + (1 | item)",
}
RESPONSES = {"y": "y", "thres": "y | thres(gr=item)"}
PRIORS = {"threshold": bg.Prior("Normal", mu=0.5, sigma=1.7)}


def table(n=60):
    """Four categories, of which one item has the first three, and one the outer two."""
    rng = np.random.default_rng(3)
    data = pd.DataFrame({"x": rng.normal(2, 1, n), "a": rng.choice(list("pqrstu"), n)})
    data["item"] = rng.choice(["i1", "i2", "i3"], n)
    allowed = {"i1": [0, 1, 2, 3], "i2": [0, 1, 2], "i3": [0, 3]}
    data["y"] = pd.Categorical(
        [f"k{rng.choice(allowed[item])}" for item in data["item"]],
        [f"k{k}" for k in range(4)],
        ordered=True,
    )
    return data


def designed(response, random, link="logit", priors=PRIORS):
    data = table()
    text = f"{RESPONSES[response]} ~ x{RANDOM[random]}"
    spec = parse(text, family="cumulative", link=link, priors=priors)
    return spec, in_basis(spec, Schema.learn(spec, data).apply(data))


CASES = [(response, "slope", link) for response in RESPONSES for link in ("logit", "cloglog")]
CASES += [("y", random, "probit") for random in RANDOM]


@pytest.mark.parametrize(("response", "random", "link"), CASES)
def test_the_density_is_the_oracles(response, random, link):
    """Sorted rows too: their groups' thresholds go with them."""
    _, (design, priors) = designed(response, random, link)
    for rows in (None, arrange_rows(design)):
        hold_to_the_oracle(write_program(design, priors, rows=rows), design, priors)


def test_coordinates_of_ladders_and_back():
    prior, ladders = bg.Prior("StudentT", nu=3, mu=1, sigma=2), (slice(0, 3), slice(3, 4))
    values = np.array([-0.3, 0.4, 2.5, 7.0])
    x = climbing(prior, values, ladders)
    np.testing.assert_allclose(x, [-0.65, np.log(0.7), np.log(2.1), 3.0])
    np.testing.assert_allclose(from_climbing(prior, np.stack([x, x]), ladders), [values, values])


@pytest.mark.fit
@pytest.mark.parametrize("response", ["y", "thres"])
def test_a_fit_is_the_graphs(response):
    """Means of thresholds and coefficients within four standard errors of Monte Carlo."""
    formula = f"{RESPONSES[response]} ~ x + (1 | a)"
    settings = {"family": "cumulative", "chains": 2, "seed": 5, "progress": False}
    ours = bg.fit(formula, table(), draws=2000, **settings)
    theirs = bg.fit(formula, table(), draws=1000, engine="nuts", **settings)
    paths = [Fit.of(tree).info["settings"]["path"] for tree in (ours, theirs)]
    assert paths == ["adaptive", "graph"]
    a, b = (bg.summary(r).set_index("parameter") for r in (ours, theirs))
    assert list(a.index) == list(b.index)
    assert (np.abs(a["mean"] - b["mean"]) <= 4 * np.hypot(a["mcse"], b["mcse"])).all()
    assert (ours.posterior["threshold"].diff("boundary").values > 0).all() or response == "thres"
