"""Printed rows of ordered categories beside the tape's values and derivatives, on every body."""

from __future__ import annotations

import numpy as np
import pytest

from bayes_glmm.families import get_family
from bayes_glmm.families.recorded import record_density
from bayes_glmm.maths.tape_derivatives import gradient, hessian
from bayes_glmm.maths.tape_values import evaluate
from bayes_glmm.native.rows_ordinal import category_data, cumulative_rows
from bayes_glmm.native.rows_table import CUMULATIVE_LINKS
from tests.maths.support import rows
from tests.maths.test_tape_exact import CASES, POINTS
from tests.native.bodies import LEVELS, body
from tests.native.test_printed_exact import check_point

N = 601
FAMILY = get_family("cumulative")


@pytest.fixture(params=LEVELS)
def level(request):
    with body(request.param):
        yield


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("n_categories", [2, 3, 5])
@pytest.mark.parametrize("link", CUMULATIVE_LINKS)
def test_ordered_categories(level, link, n_categories, weighted):
    """Of the value, the slopes and all curvatures; the discrimination is a parameter here."""
    found = record_density(
        FAMILY,
        FAMILY.link(link),
        n_categories=n_categories,
        formulas=("discrimination",),
    )
    inputs = rows(FAMILY, link, n_categories, seed=4, n=N)
    names = [f"threshold[{k}]" for k in range(n_categories - 1)]
    numbers = {name: float(inputs[name][0]) for name in names}
    size = 1.3
    inputs |= numbers | {"eta_discrimination": np.log(size)}
    weights = np.random.default_rng(1).uniform(0, 2, N) if weighted else np.ones(N)
    weights[::5] *= 0.0 if weighted else 1.0
    by = [*found.predictors, *found.parameters]
    assert [node.data for node in by] == ["eta", *names, "eta_discrimination"]

    def each(nodes):
        return weights * np.array([np.broadcast_to(v, N) for v in evaluate(nodes, inputs)])

    (value,) = each([found.value])
    first, second = (
        each(gradient(found.value, by)),
        np.array([each(r) for r in hessian(found.value, by)]),
    )
    # of the discrimination itself, and not of its log
    first[-1] /= size
    second[-1, :-1] /= size
    second[:-1, -1] /= size
    second[-1, -1] = second[-1, -1] / size**2 - first[-1] / size
    data = category_data(inputs["y"], n_categories, weights if weighted else None)
    own = [*numbers.values(), size]
    got = cumulative_rows(data, link, inputs["eta"], own, second=True)
    alike = cumulative_rows(data, link, inputs["eta"], own)
    for one in (got, alike):
        assert one.total == pytest.approx(value.sum(), rel=1e-12)
        np.testing.assert_allclose(one.d_eta, first[0], rtol=1e-10, atol=1e-13)
        np.testing.assert_allclose(one.d_own, first[1:].sum(axis=1), rtol=1e-10, atol=1e-11)
    np.testing.assert_allclose(got.h_eta, second[0, 0], rtol=1e-10, atol=1e-13)
    np.testing.assert_allclose(got.mixed, second[0, 1:], rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(got.h_own, second[1:, 1:].sum(axis=2), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("link", [link for name, link in CASES if name == "cumulative"])
def test_categories_far_out(level, link):
    """Thresholds and predictors to 300 on either side, beside hundreds of digits."""
    points = [p for p in POINTS if (p["family"], p["link"]) == ("cumulative", link)]
    points = [p for p in points if np.isfinite(p["value"])]
    assert points
    for point in points:
        own = [v for name, v in point["at"].items() if name.startswith("threshold")]
        data = category_data([point["y"]], len(own) + 1)
        got = cumulative_rows(data, link, [point["at"]["eta"]], [*own, 1.0], second=True)
        lower = [got.h_eta[0]]
        for k in range(len(own)):
            lower += [got.mixed[k, 0], *got.h_own[k, : k + 1]]
        check_point(point, np.array([got.total, got.d_eta[0], *got.d_own[:-1], *lower]))


def test_codes_beyond_the_last_category_and_links_there_are_none_of(level):
    data = category_data([0, 1, 2], 3)
    data.columns[1:] = [[-5.0, -np.inf, np.nan], [7.0, np.inf, -np.inf]]
    got = cumulative_rows(data, "logit", np.zeros(3), [-1.0, 1.0, 1.0], second=True)
    assert np.isfinite(got.total)
