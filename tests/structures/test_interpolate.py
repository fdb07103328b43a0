"""Effects and variances at every draw, by interpolation: the same as one by one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import bayes_glmm as bg
from bayes_glmm.maths.field_maths import NUMPY
from bayes_glmm.maths.interpolate import over_draws
from bayes_glmm.model.blocks.factor import effect_draws, variance_draws
from tests.structures.test_areal import borders
from tests.structures.trees import random_tree

RNG = np.random.default_rng(8)
TREE = random_tree(RNG, 30, zero=0.0)
BORDERS = borders(RNG, [20, 9])
PLACES = pd.DataFrame({"site": [f"s{i:03d}" for i in range(45)], "e": RNG.uniform(size=45),
                       "n": RNG.uniform(size=45)})  # fmt: skip
NARROW = {"mix": (0.2, 0.9), "signal": (0.2, 0.9), "halflife": (0.2, 3.0), "range": (0.1, 0.6)}


def places(kernel: str, method: str):
    return bg.coordinates("e", "n", kernel, method).bind(PLACES, "site")


CASES = {
    "bym2": lambda: bg.areal(BORDERS),
    "leroux": lambda: bg.areal(BORDERS, "leroux"),
    "car": lambda: bg.areal(BORDERS, "car"),
    "ou": lambda: bg.lineage(TREE.newick(RNG), "ou"),
    "pagel": lambda: bg.lineage(TREE.newick(RNG), "pagel"),
    "exact": lambda: places("matern32", "exact"),
    "nearest": lambda: places("exponential", "nearest"),
    "hsgp": lambda: places("matern52", "hsgp"),
}


@pytest.mark.parametrize("name", list(CASES))
def test_all_draws_at_once_are_the_draws_one_by_one(name: str) -> None:
    structure = CASES[name]()
    factor = structure.prepare(structure.labels)
    (hyper,) = structure.hyper
    rng = np.random.default_rng(1)
    draws = rng.uniform(*NARROW[hyper.stem], 300)
    z = rng.normal(size=(300, len(factor.nodes), 2))
    found = effect_draws(factor, z, {hyper.stem: draws})
    one = np.stack([factor.effect(z[d], {hyper.stem: draws[d]}, NUMPY) for d in range(300)])
    np.testing.assert_allclose(found, one, atol=1e-7 * np.abs(one).max())
    variances = np.array([factor.mean_variance({hyper.stem: v}) for v in draws])
    np.testing.assert_allclose(
        variance_draws(factor, {hyper.stem: draws}).T, variances, atol=1e-7 * variances.max()
    )


def test_functions_that_are_not_smooth_are_left_to_the_loop() -> None:
    draws = np.random.default_rng(2).uniform(0.1, 3, 400)

    def step(value: float) -> np.ndarray:
        return np.array([np.abs(value - 1.0)])

    assert over_draws(lambda v: step(v)[None], draws, lambda v, _: step(v)) is None
    found = over_draws(lambda v: np.array([[np.sin(v)]]), draws, lambda v, _: np.array([np.sin(v)]))
    assert found is not None
    np.testing.assert_allclose(found[:, 0], np.sin(draws), atol=1e-8)


def test_few_draws_and_equal_draws_are_no_trouble() -> None:
    assert over_draws(lambda v: np.ones((1, 1)), np.ones(10), lambda v, _: np.ones(1)) is None
    same = np.full(100, 0.4)
    found = over_draws(lambda v: np.array([[v]]), same, lambda v, _: np.array([v]))
    assert found is not None
    np.testing.assert_allclose(found[:, 0], 0.4, rtol=1e-9)
