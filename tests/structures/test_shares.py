"""Shares of a lineage beside space: a table worked by quadrature, for structures of any scale."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import bayes_glmm as bg
from bayes_glmm.fitting.prepare import prepare
from bayes_glmm.model.default_priors import resolve_priors
from bayes_glmm.results.fit import make_tree

VARIANCE = {"cell_L": 0.64, "cell_S": 0.36, "plate": 0.20}
WORKED = {
    ("poisson", "latent"): (0.391, 0.220, 0.122),
    ("poisson", "data"): (0.312, 0.151, 0.077, 0.268),
    ("bernoulli", "latent"): (0.143, 0.080, 0.045),
    ("bernoulli", "data"): (0.094, 0.052, 0.029, 0.007),
}
"""Shares of lineage, space and the plain effect, and of their interaction on the data scale."""


def shares_of(family: str, scale: str) -> pd.Series:
    """Every draw is the truth; a structure's effects sum to zero, with the stated variance."""
    rng = np.random.default_rng(5)
    n = 24
    cells = [f"c{i:02d}" for i in range(n)]
    data = pd.DataFrame({"cell": rng.permutation(cells), "plate": np.repeat(list("abcd"), 6)})
    data["y"] = np.tile([0, 1], n // 2)
    root = rng.normal(size=(n, n))
    root -= root.mean(axis=0)
    K = pd.DataFrame(root @ root.T, cells, cells)
    given = {
        "L": bg.kinship(K, jitter=1e-9),
        "S": bg.areal(pd.DataFrame({"a": cells[:-1], "b": cells[1:]}), "icar"),
    }
    prepared = prepare(
        "y ~ 1 + (1 | gr(cell, L)) + (1 | gr(cell, S)) + (1 | plate)", data, family=family,
        structures=given,
    )  # fmt: skip
    schema, design = prepared.require()
    draws = {"intercept": np.full((1, 4), 0.0 if family == "poisson" else -1.0)}
    for group in design.groups:
        among = 1.0
        if group.factor is not None:
            K = group.factor.covariance({})
            among = np.diag(K).mean() - K.mean()
            draws[f"z_{group.name}"] = np.zeros((1, 4, len(group.factor.nodes), 1))
        draws[f"sd_{group.name}"] = np.full((1, 4, 1), np.sqrt(VARIANCE[group.name] / among))
        draws[f"u_{group.name}"] = np.zeros((1, 4, group.n_levels, 1))
    stats = {"diverging": np.zeros((1, 4), bool)}
    info = {"seed": 1, "settings": {"draws": 4}, "versions": {}, "data_hash": "0"}
    tree = make_tree(
        draws, stats, prepared.spec, schema, design, data, resolve_priors(prepared.spec, design),
        info, given,
    )  # fmt: skip
    return bg.variance_partition(tree, scale).set_index("component")["mean"]


@pytest.mark.parametrize(("family", "scale"), list(WORKED))
def test_shares_are_those_of_the_worked_table(family: str, scale: str) -> None:
    found = shares_of(family, scale)
    names = [*VARIANCE, "interaction"][: len(WORKED[family, scale])]
    np.testing.assert_allclose(found[names], WORKED[family, scale], atol=6e-4)
