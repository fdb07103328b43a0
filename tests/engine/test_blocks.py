"""Tables of more rows than the kernel takes at once, beside the graph."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from bayes_glmm.design.schema import Schema
from bayes_glmm.engine.program import write_program
from bayes_glmm.engine.records import GROUP, PROGRAM
from bayes_glmm.families import get_family
from bayes_glmm.spec.formula.parsing import parse
from tests.basis import in_basis
from tests.engine.test_interpreted import USER
from tests.engine.test_kernel import held_to_the_graph

N = 2_500
"""Two blocks of rows and a part of a third; not a multiple of a strip either."""
RESPONSES = {
    "yes or no": ("yes", "bernoulli"),
    "counts": ("count", "zero_inflated_poisson"),
    "weighted numbers": ("gauss | weights(w)", "gaussian"),
    "a family of a user": ("size | weights(w)", USER),
}


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    """Rows whose parts differ much, so that none can stand for another."""
    rng = np.random.default_rng(4)
    x, group = rng.normal(size=N), rng.integers(0, 9, N)
    eta = 0.5 + 0.3 * x + np.linspace(-1, 1, N)
    return pd.DataFrame(
        {"x": x, "g": group.astype(str), "gauss": rng.normal(eta), "yes": rng.random(N) < eta,
         "count": rng.poisson(np.exp(eta)), "size": rng.gamma(3, np.exp(eta) / 3),
         "w": np.where(np.arange(N) < N // 2, 0.5, 2.0)}
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "sorted_rows"), [*((name, False) for name in RESPONSES), ("counts", True)]
)
def test_all_rows_count_once(table, name, sorted_rows):
    response, family = RESPONSES[name]
    data = table.sort_values("g", kind="stable") if sorted_rows else table
    spec = parse(f"{response} ~ x + (1 + x | g)", family=get_family(family).name)
    program = write_program(*in_basis(spec, Schema.learn(spec, data).apply(data)))
    at = int(PROGRAM.read(program.buffer, "at_groups"))
    starts = GROUP.read(program.buffer[at : at + GROUP.width], "at_starts")
    assert (starts > 0) == sorted_rows
    assert len(list(held_to_the_graph(spec, program, 2))) == 2
