"""Fitted trees of every family and term, from draws of narrow priors: nothing is sampled."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np

import bayes_glmm as bg
from bayes_glmm.design.groups.structure_matching import bound_structures, with_factors
from bayes_glmm.design.schema import Schema
from bayes_glmm.model.default_priors import resolve_priors
from bayes_glmm.model.design import Design
from bayes_glmm.results.fit import make_tree
from bayes_glmm.spec.formula.parsing import parse
from bayes_glmm.studies.prior_predictive import draw_parameters
from tests.matrix.laws import LAWS, TRIALS
from tests.matrix.rows import MIDDLE, OTHERS, PARTS, structures, table
from tests.matrix.terms import TERMS, Term
from tests.matrix.world import World

CHAINS, DRAWS = 4, 20
Prior = bg.Prior
NARROW = {
    "sigma": Prior("LogNormal", mu=math.log(0.5), sigma=0.1),
    "nu": Prior("LogNormal", mu=math.log(6.0), sigma=0.1),
    "skew": Prior("Normal", mu=1.0, sigma=0.2),
    "lower": Prior("Normal", mu=-1.5, sigma=0.1),
    "gap": Prior("LogNormal", mu=1.0, sigma=0.1),
    "power": Prior("OnePlusBeta", alpha=50, beta=50),
    "threshold": Prior("Normal", mu=0.0, sigma=0.7),
    "sd": Prior("LogNormal", mu=math.log(0.4), sigma=0.1),
    "beta": Prior("Normal", mu=0.2, sigma=0.1),
    "unit": Prior("Beta", alpha=30, beta=60),
    "positive": Prior("LogNormal", mu=0.0, sigma=0.1),
    "shape": Prior("LogNormal", mu=math.log(3.0), sigma=0.1),
}


def formula(family: str, term: Term, modifier: str = "") -> str | dict[str, str]:
    """Write a model as a user does."""
    left = f"cbind({', '.join(PARTS)})" if family in ("multinomial", "dirichlet") else "y"
    beside = ["trials(n)"] if family in TRIALS and family != "multinomial" else []
    beside += [m for m in (modifier, term.modifier) if m]
    left += f" | {' + '.join(beside)}" if beside else ""
    found = {"mu": f"{left} ~ {term.mu.text}"}
    if term.own:
        found[next(iter(LAWS[family].own))] = term.own.text
    if term.covariate:
        found[term.covariate] = f"{term.covariate} ~ x"
    return found if len(found) > 1 else found["mu"]


def priors(family: str, names: Any) -> Iterator[tuple[str, Prior]]:
    """Yield a narrow prior for every parameter that has a default one, by its name."""
    law = LAWS[family]
    for name, default in names.items():
        plain = name.removeprefix("reference_").partition("[")[0]
        stem, _, rest = plain.partition("_")
        if default.name in ("LKJ", "Dirichlet"):
            continue
        if stem == "intercept":
            link = law.own.get(rest)
            middle = OTHERS[link] if link else 0.2 if rest.startswith("mu_") else MIDDLE[law.link]
            middle = {"sigma": -0.7, "m": 1.0, "lower": -1.5}.get(rest, middle)
            yield name.removeprefix("reference_"), Prior("Normal", mu=middle, sigma=0.1)
        elif plain in ("dispersion", "shape", "concentration"):
            yield name, NARROW["shape"]
        else:
            known = NARROW.get(stem) or NARROW[default.support]
            yield name.removeprefix("reference_"), known


@cache
def cell(family: str, term: str, modifier: str = "") -> World:
    """Return a model of the matrix with its canned draws.

    Raises
    ------
    BayesGLMMError
        There is no such model.
    """
    kind, data = TERMS[term], table(family)
    text = formula(family, kind, modifier)
    options = {"family": family, **kind.options}
    spec = parse(text, **options)
    used = {e.structure for _, p in spec.predictors for e in p.random if e.structure}
    chosen = {name: structures()[name] for name in sorted(used)}
    bg.check(text, data, structures=chosen, **options).raise_errors()
    schema = Schema.learn(spec, data)
    bound = bound_structures(schema, data, chosen)

    def design(schema: Schema) -> Design:
        return with_factors(schema.apply(data), bound)

    narrow = dict(priors(family, resolve_priors(spec, design(schema))))
    spec = parse(text, priors=narrow, **options)
    schema = Schema.learn(spec, data)
    final = design(schema)
    resolved = resolve_priors(spec, final)
    drawn = draw_parameters(final, resolved, CHAINS * DRAWS, np.random.default_rng(4))
    posterior = {k: v.reshape(CHAINS, DRAWS, *v.shape[1:]) for k, v in drawn.items()}
    stats = {"diverging": np.zeros((CHAINS, DRAWS), bool)}
    record = {
        "seed": 1, "settings": {"draws": DRAWS}, "versions": {}, "data_hash": "0",
        "structures": {name: s.identity() for name, s in bound.items()},
    }  # fmt: skip
    json.dumps(record)
    tree = make_tree(posterior, stats, spec, schema, final, data, resolved, record, bound)
    return World(tree, family, kind, data, modifier)
