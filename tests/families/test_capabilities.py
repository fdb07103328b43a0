"""What families, links and terms say that they cannot do, and that answers refuse in these words."""

from __future__ import annotations

import ast
import inspect
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bayes_glmm as bg
from bayes_glmm.answers.require import able, observed
from bayes_glmm.errors import ArgumentError
from bayes_glmm.families import FAMILIES, get_family
from bayes_glmm.families.capabilities import NAMES, NEEDS, OFFERED
from bayes_glmm.maths.link_reading import FACTS, LACKS
from bayes_glmm.maths.links import LINKS
from bayes_glmm.results.fit import Fit
from tests import every
from tests.canned import tree_of

PACKAGE = Path(inspect.getfile(bg)).parent


class Compass(bg.Family):
    """Numbers that a reader must not average."""

    name, support, links = "compass", "real numbers", ("identity",)
    lacks = {"average": "Readings of {family} are on a dial: predict row by row."}
    location = "bearing"

    def density(self, m, y, mean, own, trials):
        return -0.5 * (y - mean.value) ** 2 - 0.5 * np.log(2 * np.pi)

    def variance(self, mu, parameters, trials=None):
        return np.ones_like(mu)

    def simulate(self, rng, mu, parameters, trials=None):
        return rng.normal(mu, 1.0)


@pytest.fixture(scope="module")
def compass():
    rng = np.random.default_rng(1)
    data = pd.DataFrame({"x": rng.normal(size=40), "g": list("abcd") * 10})
    data["y"] = rng.normal(0.5 + 0.4 * data["x"], 1.0)
    assert not bg.check("y ~ x + (1 | g)", data, family=Compass()).errors
    truth = {"intercept": 0.5, "beta": [0.4], "sd_g": [0.2], "u_g": np.zeros((4, 1))}
    return tree_of("y ~ x + (1 | g)", data, truth, family="compass")


def test_every_name_is_one_that_families_links_and_terms_may_lack():
    stated = {name for family in FAMILIES for name in family.lacks}
    assert stated | set(OFFERED) | set(LACKS) | set(NEEDS) <= set(NAMES)
    assert FACTS.keys() == LINKS.keys()


@pytest.mark.parametrize("family", FAMILIES, ids=lambda f: f.name)
def test_what_is_missing_has_a_reason_and_a_way_out(family):
    for part in (family, *(LINKS[name] for name in family.links)):
        for capability in NAMES:
            why = part.lack(capability)
            if why is not None and capability not in ("residual", "intercept"):
                assert why[0].isupper() or "(" in why, why
                assert ":" in why and why.endswith(".") and "{" not in why, why


@pytest.mark.parametrize(
    "call",
    [
        lambda tree: bg.comparisons(tree, "x"),
        lambda tree: bg.slopes(tree, "x"),
        lambda tree: bg.predictions(tree, by=True),
        lambda tree: bg.predictions(tree, groups="population"),
        lambda tree: bg.variance_partition(tree),
        lambda tree: bg.rank(tree, "g", threshold=0.0),
    ],
    ids=["comparisons", "slopes", "by", "population", "variance", "rank"],
)
def test_answers_refuse_a_family_of_ones_own_in_its_own_words(compass, call):
    with pytest.raises(ArgumentError, match=r"needs means .*Readings of compass are on a dial"):
        call(compass)


def test_other_answers_know_a_family_of_ones_own(compass, tmp_path):
    found = bg.predictions(compass, groups="typical")
    post = compass["posterior"]
    x = Fit.of(compass).data["x"].to_numpy()
    mu = post["intercept"].values.ravel()[:, None] + post["beta"].values.reshape(-1, 1) * x
    np.testing.assert_allclose(found["mean"], mu.mean(axis=0), rtol=1e-10)
    assert len(bg.residuals(compass)) == 40
    page = bg.report(compass, tmp_path / "page.html").read_text("utf-8")
    assert "its bearing on the identity link" in page and "The bearing changes with x" in page


def test_censored_responses_say_so_whatever_their_family():
    tree = every.tree("weibull", modifier="cens(status)")
    fit = Fit.of(tree)
    assert able(fit.family, "rank") and not able(fit, "rank")
    assert observed(fit).lack("pairs") == fit.family.lack("pairs")
    with pytest.raises(ArgumentError, match=r"residuals\(\) needs .* Censored responses"):
        bg.residuals(tree)


@cache
def texts_of(path: Path) -> set[str]:
    """Text constants of a file."""
    nodes = ast.walk(ast.parse(path.read_text("utf-8")))
    return {n.value for n in nodes if isinstance(n, ast.Constant) and type(n.value) is str}


@pytest.mark.parametrize(
    "family", [f for f in FAMILIES if "_" in f.name or f.name in ("poisson", "binomial")],
    ids=lambda f: f.name,
)  # fmt: skip
def test_nothing_outside_the_families_names_one(family):
    naming = {path for path in PACKAGE.rglob("*.py") if family.name in texts_of(path)}
    outside = {p for p in naming if p.parent.name not in ("families", "engine")}
    assert not outside, f"{family.name} is named in {sorted(map(str, outside))}"


def test_wrapped_families_have_the_capabilities_of_what_they_wrap():
    plain, y = get_family("poisson"), np.arange(5.0)
    from bayes_glmm.families.censoring import observe

    seen = observe(plain, {"weights": np.ones(5)}, y)
    assert {c for c in NAMES if seen.lack(c)} == {c for c in NAMES if plain.lack(c)}
