"""Printed rows beside NumPy's density and the tape's derivatives, for every family, link and body."""

from __future__ import annotations

import numpy as np
import pytest

from bayes_glmm.families import FAMILIES, get_family
from bayes_glmm.families.density_family import Written
from bayes_glmm.families.recorded import record_density
from bayes_glmm.maths.tape_derivatives import gradient, hessian
from bayes_glmm.maths.tape_values import evaluate
from bayes_glmm.native.rows_printed import printed_rows, row_data
from bayes_glmm.native.rows_table import FAMILY_NUMBERS
from tests.maths.support import density, rows
from tests.native.bodies import LEVELS, body

CASES = [(name, link) for name in FAMILY_NUMBERS for link in get_family(name).links]
N = 601  # two blocks and a part of one


@pytest.fixture(params=LEVELS)
def level(request):
    with body(request.param):
        yield


def one_number_each(family, inputs: dict) -> dict:
    """The inputs with the family's own parameters as one number for all rows, held ones too."""
    own = {
        p.name: p.fixed if p.fixed is not None else float(inputs[p.name][0])
        for p in family.parameters
    }
    return inputs | own


class Wanted:
    """Values and derivatives row by row: NumPy's density, and the tape's slopes and curvatures."""

    def __init__(self, family, link: str, inputs: dict) -> None:
        found = record_density(family, family.link(link))
        self.names = [node.data for node in found.predictors + found.parameters]
        by = found.predictors + found.parameters
        slopes, curvatures = gradient(found.value, by), hessian(found.value, by)
        of_link = family.link(link)
        n = len(inputs["eta"])

        def each(nodes):
            return np.array([np.broadcast_to(v, n) for v in evaluate(nodes, inputs)])

        with np.errstate(all="ignore"):
            given = {k: np.broadcast_to(v, n) for k, v in inputs.items()}
            self.value = density(family, of_link, given)
        self.first = dict(zip(self.names, each(slopes), strict=True))
        self.second = {
            (a, b): value
            for a, row in zip(self.names, curvatures, strict=True)
            for b, value in zip(self.names, each(row), strict=True)
        }


def check(found, want: Wanted, own: list[str], value=1e-12, slope=1e-10, weights=1.0) -> None:
    """Hold rows in C to what is wanted; sums are held to the sizes of what is added."""

    def summed(got, each, tolerance):
        each = weights * each
        assert np.isfinite(each).all()
        assert abs(got - each.sum()) <= tolerance * np.abs(each).sum() + 1e-300

    def by_row(got, each, tolerance):
        each = weights * each
        scale = np.maximum(np.abs(each), 1e-3 * np.abs(each).max())
        assert (np.abs(got - each) <= tolerance * scale + 1e-300).all()

    summed(found.total, want.value, value)
    by_row(found.d_eta, want.first["eta"], slope)
    for k, name in enumerate(own):
        if name in want.first:
            summed(found.d_own[k], want.first[name], slope)
    if found.h_eta is None:
        return
    by_row(found.h_eta, want.second["eta", "eta"], slope)
    for k, name in enumerate(own):
        if name in want.first:
            by_row(found.mixed[k], want.second["eta", name], slope)
        for j, other in enumerate(own):
            if {name, other} <= want.first.keys():
                summed(found.h_own[k, j], want.second[name, other], slope)


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize(("name", "link"), CASES)
def test_rows_and_their_derivatives(level, name, link, seed):
    family = get_family(name)
    own = [p.name for p in family.parameters]
    inputs = one_number_each(family, rows(family, link, seed=seed, n=N))
    want = Wanted(family, link, inputs)
    data = row_data(name, inputs["y"], inputs.get("trials"))
    for second in (False, True):
        found = printed_rows(data, link, inputs["eta"], [inputs[p] for p in own], second)
        check(found, want, own)


@pytest.mark.parametrize("name", FAMILY_NUMBERS)
def test_weights(level, name):
    family = get_family(name)
    link = family.links[0]
    own = [p.name for p in family.parameters]
    inputs = one_number_each(family, rows(family, link, seed=2, n=N))
    weights = np.random.default_rng(3).uniform(0.2, 3.0, N)
    weights[::7] = 0.0
    data = row_data(name, inputs["y"], inputs.get("trials"), weights)
    found = printed_rows(data, link, inputs["eta"], [inputs[p] for p in own], second=True)
    check(found, Wanted(family, link, inputs), own, weights=weights)


def test_every_family_with_one_predictor_is_printed():
    assert set(FAMILY_NUMBERS) == {f.name for f in FAMILIES if isinstance(f, Written)}


def test_no_family_or_link_beyond_the_last(level):
    data = row_data("poisson", [1.0, 2.0])
    from bayes_glmm.native import rows_printed

    run, at = rows_printed._entry(), np.array([data.columns.ctypes.data], np.int64)
    x = np.zeros(2)
    for family, link, own in (
        (-1, 0, 0),
        (99, 0, 0),
        (4, -1, 0),
        (4, 99, 0),
        (4, 0, 4),
        (4, 0, -1),
    ):
        out = run(
            family,
            link,
            0,
            2,
            at.ctypes.data,
            None,
            *[x.ctypes.data] * 2,
            own,
            *[x.ctypes.data] * 5,
        )
        assert np.isnan(out)
