"""The same answers however a model and its table are written: random ones, law by law."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest

import bayes_glmm as bg
from tests.metamorphic.answers import FIT, Answers, ask, densities, equal, from_tree
from tests.metamorphic.laws import LAWS, Changed, objects
from tests.metamorphic.specs import Case, draw

SPECS = 24
QUICK = ("far_origin", "rows", "columns", "order")

pytestmark = pytest.mark.filterwarnings("ignore")


@lru_cache(maxsize=32)
def drawn(seed: int) -> Case:
    return draw(seed)


@lru_cache(maxsize=32)
def asked(seed: int) -> Answers:
    return ask(drawn(seed))


def hold(law: str, seed: int) -> None:
    """Hold one law on one model and table."""
    keep(LAWS[law](drawn(seed), np.random.default_rng([21, seed, *map(ord, law)])), seed)


def keep(made: Changed, seed: int) -> None:
    changed, way = made
    if way.graph:
        assert way.base is not None
        np.testing.assert_allclose(densities(changed), densities(way.base), rtol=1e-9)
        return
    old = asked(seed) if way.base is None else ask(way.base)
    equal(old, ask(changed), way)


@pytest.mark.parametrize("place", range(len(QUICK)))
def test_laws_on_a_sample(place: int) -> None:
    hold(QUICK[place], 2 * place)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("law", "seed"),
    [(law, 100 * i + k) for i, law in enumerate(LAWS) for k in range(SPECS)],
)
def test_laws(law: str, seed: int) -> None:
    """Every case has a model and a table of its own."""
    hold(law, seed)


def test_averages_are_over_what_rows_stand_for() -> None:
    hold("standing", 3)


def test_numbers_among_objects_are_numbers() -> None:
    keep(objects(drawn(0), np.random.default_rng(1)), 0)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(0, SPECS, 2))
def test_saved_results_answer_as_they_did(seed: int, tmp_path) -> None:
    case = drawn(seed)
    tree = bg.fit(case.formula, case.data, **case.options, **FIT)
    known = {
        "findings": [], "priors": {}, "estimates": {}, "errors": {}, "log_likelihood": 0.0
    }  # fmt: skip
    one, two = (
        from_tree(t, case, **known) for t in (tree, bg.load(bg.save(tree, tmp_path / "fit.nc")))
    )
    assert one.verdicts == two.verdicts
    assert one.elpd == two.elpd
    for figures in ("draws", "expected", "spread"):
        first, second = getattr(one, figures), getattr(two, figures)
        assert set(first) == set(second)
        for name in first:
            np.testing.assert_array_equal(first[name], second[name], err_msg=name)
