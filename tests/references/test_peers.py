"""Weak priors and the peers' tables: the same answers, within stated tolerances."""

from __future__ import annotations

import pytest

from tests.references.cases import CASES, peers
from tests.references.compare import compare, fit_case

PEERS = peers()
QUICK = {"sleepstudy_random_slope", "cbpp_binomial", "epil_poisson"}
FIXED_SE, SD_RELATIVE, CORRELATION = 0.15, 0.10, 0.99


@pytest.mark.parametrize(
    "case",
    [pytest.param(c, marks=() if c.name in QUICK else pytest.mark.slow, id=c.name) for c in CASES],
)
def test_agrees_with_the_peer(case):
    tree = fit_case(case, chains=4, draws=2000, seed=11)
    rows = compare(case, tree, PEERS[case.name])
    exceptions = EXCEPTIONS.get(case.name, {})
    for row in rows:
        if row.kind == "fixed":
            limit = exceptions.get(row.parameter, FIXED_SE)
        elif row.kind == "sd mode":
            limit = exceptions.get(row.parameter, SD_RELATIVE)
        elif row.kind == "effects":
            limit = 1 - CORRELATION
        else:
            continue
        assert abs(row.gap) <= limit, row


EXCEPTIONS: dict[str, dict[str, float]] = {}
