"""A small fitted tree of every family, without sampling: moderate truths, responses drawn from them."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd

from bayes_glmm.design.groups.structure_matching import bound_structures, with_factors
from bayes_glmm.design.schema import Schema
from bayes_glmm.families import FAMILIES, LINKS, get_family
from bayes_glmm.model.default_priors import resolve_priors
from bayes_glmm.results.fit import make_tree
from bayes_glmm.spec.formula.parsing import parse
from bayes_glmm.studies.prior_predictive import draw_parameters
from tests.canned import tree_of

NAMES = tuple(family.name for family in FAMILIES)
CATEGORIES = ["low", "mid", "high"]
OWN = {"sigma": 0.5, "dispersion": 3.0, "shape": 3.0, "nu": 6.0, "zi": 0.3, "hurdle": 0.3,
       "power": 1.5, "kappa": 2.0, "alpha": 1.5, "asymmetry": 0.3}  # fmt: skip
N, DRAWS = 48, 25
MODIFIED = ("gaussian", "lognormal", "weibull", "exponential", "poisson", "geometric",
            "negative_binomial")  # fmt: skip
"""Families with a distribution function, which cens() and trunc() need."""


def table(family: str, seed: int = 0) -> pd.DataFrame:
    """Rows with a response that the family can have."""
    rng, kind = np.random.default_rng(seed), get_family(family)
    data = pd.DataFrame(
        {
            "x": np.round(rng.normal(0, 1, N), 3),
            "f": np.tile(["a", "b"], N // 2),
            "g": np.repeat([f"g{i}" for i in range(8)], N // 8),
            "n": 12,
        }
    )
    if family in ("bernoulli",):
        data["y"] = rng.binomial(1, 0.5, N)
    elif family == "multinomial":
        counts = rng.multinomial(12, [0.3, 0.3, 0.4], N)
        data[CATEGORIES] = counts
    elif family == "dirichlet":
        data[CATEGORIES] = rng.dirichlet([2, 3, 4], N)
    elif kind.response != "number":
        data["y"] = pd.Categorical(np.array(CATEGORIES)[np.arange(N) % 3], CATEGORIES,
                                   ordered=kind.response == "ordered")  # fmt: skip
    elif kind.has_trials:
        data["y"] = rng.binomial(12, 0.4, N)
    elif kind.discrete:
        data["y"] = rng.poisson(3.0, N)
        data.loc[::6, "y"] = 0
    elif family in ("beta", "zero_one_inflated_beta", "ordered_beta"):
        data["y"] = rng.beta(2, 3, N)
        if family != "beta":
            data.loc[::8, "y"], data.loc[1::8, "y"] = 0.0, 1.0
    elif family == "von_mises":
        data["y"] = rng.vonmises(0.3, 2.0, N)
    else:
        data["y"] = rng.gamma(3.0, 1.0, N)
        if "hurdle" in family or family == "tweedie":
            data.loc[::6, "y"] = 0.0
    return data


def response(family: str) -> str:
    """The left side of a formula of the family."""
    kind = get_family(family)
    if kind.response == "columns":
        return f"cbind({', '.join(CATEGORIES)})"
    return "y | trials(n)" if kind.has_trials else "y"


def formula(family: str, right: str, modifier: str = "", **own: str):
    """A formula, or one for each parameter that has its own."""
    left = response(family)
    if modifier:
        left = f"{left} + {modifier}" if "|" in left else f"{left} | {modifier}"
    mu = f"{left} ~ {right}"
    return {"mu": mu, **own} if own else mu


@cache
def _tree(family: str, right: str, modifier: str, own: tuple, options: tuple):
    data = table(family)
    if "cens" in modifier:
        data["status"] = np.where(np.arange(N) % 4 == 0, "right", "none")
    text = formula(family, right, modifier, **dict(own))
    spec = parse(text, family=family, **dict(options))
    schema = Schema.learn(spec, data)
    design = schema.apply(data)
    rng = np.random.default_rng(5)
    kind = get_family(family)
    drawn = draw_parameters(design, resolve_priors(spec, design), 1, rng)
    link = kind.link(design.link)
    truth = {}
    for name, value in drawn.items():
        if name.startswith("reference_"):
            continue
        value = value[0]
        own_parameter = {p.name: p for p in kind.parameters}.get(name)
        if name.startswith("intercept"):
            other = name.removeprefix("intercept_")
            of = {p.name: p for p in kind.parameters}.get(other)
            if of is not None:
                truth[name] = float(LINKS[of.link].forward(np.asarray(OWN.get(other, 0.5))))
            elif kind.response in ("unordered", "columns"):
                truth[name] = 0.2
            else:
                middle = kind.start(np.asarray(design.response, float), design.trials, np.ones(N))
                truth[name] = float(link.forward(np.asarray(middle)))
        elif name.startswith("beta"):
            truth[name] = np.full(np.shape(value), 0.15)
        elif name.startswith("sd_"):
            truth[name] = np.full(np.shape(value), 0.3)
        elif name.startswith(("u_", "z_")):
            truth[name] = rng.normal(0, 0.3, np.shape(value))
        elif name.startswith("corr_"):
            truth[name] = np.eye(len(value))
        elif name.startswith("nu_"):
            truth[name] = 6.0
        elif own_parameter is not None and own_parameter.vector:
            k = len(value)
            truth[name] = np.linspace(-0.7, 0.7, k)
        else:
            truth[name] = OWN.get(name, np.asarray(value, float))
    return tree_of(text, data, truth, spread=0.01, draws=DRAWS, family=family, **dict(options))


def tree(family: str, right: str = "x + f + (1 | g)", modifier: str = "", link=None, **own: str):
    """A tree of a family; ``own`` are formulas of other parameters."""
    options = () if link is None else (("link", link),)
    return _tree(family, right, modifier, tuple(own.items()), options)


def from_priors(formula, data, structures=None, **options):
    """A tree of any model whose draws are those of its priors."""
    spec = parse(formula, **options)
    schema = Schema.learn(spec, data)
    bound = bound_structures(schema, data, structures or {})
    design = with_factors(schema.apply(data), bound)
    priors = resolve_priors(spec, design)
    drawn = draw_parameters(design, priors, 4 * DRAWS, np.random.default_rng(0))
    posterior = {k: np.asarray(v).reshape(4, DRAWS, *v.shape[1:]) for k, v in drawn.items()}
    stats = {"diverging": np.zeros((4, DRAWS), bool)}
    record = {"seed": 1, "settings": {}, "versions": {}, "data_hash": "0"}
    return make_tree(posterior, stats, spec, schema, design, data, priors, record, bound)
