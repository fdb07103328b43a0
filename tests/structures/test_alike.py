"""Structures that cannot be told apart: said before the fit, and after it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import bayes_glmm as bg
from bayes_glmm.design.checks.checks_structures import alignment
from bayes_glmm.fitting.prepare import prepare
from tests.structures.test_flow import tree_of

RNG = np.random.default_rng(5)
N = 40
NAMES = [f"c{i:02d}" for i in range(N)]
TEXT = "y ~ 1 + (1 | gr(cell, L)) + (1 | gr(cell, S))"


def matrix(noise: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return a relationship matrix and one that differs from it by noise."""
    root = RNG.normal(size=(N, 6))
    other = root + noise * RNG.normal(size=(N, 6))
    return tuple(pd.DataFrame(r @ r.T + np.eye(N), NAMES, NAMES) for r in (root, other))


def data() -> pd.DataFrame:
    return pd.DataFrame({"cell": NAMES * 2, "y": RNG.normal(size=2 * N)})


def names(findings) -> list[str]:
    return [f.name for f in findings]


@pytest.mark.parametrize(("noise", "said"), [(0.1, True), (3.0, False)])
def test_matrices_that_are_alike_are_named_before_the_fit(noise: float, said: bool) -> None:
    one, other = matrix(noise)
    given = {"L": bg.kinship(one), "S": bg.kinship(other)}
    found = bg.check(TEXT, data(), structures=given)
    assert ("alike_structures" in names(found)) == said
    if said:
        (finding,) = found["alike_structures"]
        upper = np.triu_indices(N, 1)
        expected = np.corrcoef(one.to_numpy()[upper], other.to_numpy()[upper])[0, 1]
        assert finding.figure == pytest.approx(expected)
        assert "'L' of 'cell_L' and 'S' of 'cell_S'" in finding.message


def test_alignment_is_over_rows_where_levels_differ() -> None:
    """Two columns of levels: each covariance is looked up row by row."""
    one, other = matrix(1.0)
    table = data().assign(place=[NAMES[(7 * i) % N] for i in range(2 * N)])
    text = "y ~ 1 + (1 | gr(cell, L)) + (1 | gr(place, S))"
    given = {"L": bg.kinship(one), "S": bg.kinship(other)}
    prepared = prepare(text, table, given)
    found = alignment(*prepared.require()[1].groups, prepared.structures)
    rows = table[["cell", "place"]].drop_duplicates().to_numpy()
    pairs = [(i, j) for i in range(len(rows)) for j in range(i) if (rows[i] != rows[j]).all()]
    a = [one.loc[rows[i][0], rows[j][0]] for i, j in pairs]
    b = [other.loc[rows[i][1], rows[j][1]] for i, j in pairs]
    assert found == pytest.approx(np.corrcoef(a, b)[0, 1])


def test_one_structure_is_not_compared() -> None:
    one, _ = matrix(1.0)
    assert "alike_structures" not in names(
        bg.check(
            "y ~ 1 + (1 | gr(cell, L)) + (1 | cell)", data(), structures={"L": bg.kinship(one)}
        )
    )


@pytest.mark.parametrize(("share", "said"), [(0.95, True), (0.3, False)])
def test_sds_that_trade_off_are_named_after_the_fit(share: float, said: bool) -> None:
    one, _ = matrix(1.0)
    text = "y ~ 1 + (1 | gr(cell, A)) + (1 | cell)"
    tree = tree_of(text, bg.kinship(one), 2000, data=data())
    noise = np.random.default_rng(1).normal(size=(2, 4, 500))
    a = 1 + 0.1 * noise[0]
    b = 1 - 0.1 * (share * noise[0] + np.sqrt(1 - share**2) * noise[1])
    posterior = tree["posterior"].to_dataset()
    tree["posterior"] = posterior.assign(
        sd_cell_A=posterior["sd_cell_A"].copy(data=a[..., None]),
        sd_cell=posterior["sd_cell"].copy(data=b[..., None]),
    )
    found = bg.diagnose(tree)["sds_trade_off"]
    assert bool(found) == said
    if said:
        assert found[0].figure == pytest.approx(-share, abs=0.02)
        assert "sd_cell_A and sd_cell" in found[0].message or "sd_cell and" in found[0].message
