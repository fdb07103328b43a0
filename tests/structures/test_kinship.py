"""Known matrices: what is taken, what is refused with names, and its square root."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import bayes_glmm as bg
from bayes_glmm.errors import ArgumentError, ArgumentTypeError, UnknownLevelError
from bayes_glmm.structures import read_structure
from tests.structures.oracle import random_pedigree, tabular

NAMES = ["ann", "bob", "cyd", "dan"]


def square(values=None, names=NAMES) -> pd.DataFrame:
    given = np.eye(len(names)) if values is None else values
    return pd.DataFrame(given, list(names), list(names))


def related(n: int = 30) -> pd.DataFrame:
    return tabular(random_pedigree(np.random.default_rng(0), 6, n - 6))


def test_square_root_gives_the_matrix_of_any_levels():
    K = related()
    found = bg.kinship(K)
    some = np.random.default_rng(1).choice(found.labels, 12, replace=False)
    np.testing.assert_allclose(found.prepare(some).covariance({}), K.loc[some, some], atol=1e-12)
    np.testing.assert_allclose(
        found.prepare(some).mean_variance({}),
        (np.diag(K.loc[some, some]).mean(), K.loc[some, some].to_numpy().mean()), rtol=1e-12,
    )  # fmt: skip


def test_sampled_nodes_keep_their_meaning_when_levels_are_added():
    K = related()
    found = bg.kinship(K)
    some, all_of_them = found.labels[5:15], found.labels
    first = found.prepare(some)
    later = found.prepare(all_of_them, first.nodes)
    z = np.random.default_rng(2).standard_normal((len(later.nodes), 1))
    places = [later.nodes.tolist().index(node) for node in first.nodes]
    np.testing.assert_allclose(first.root @ z[places], (later.root @ z)[5:15], atol=1e-12)
    np.testing.assert_allclose(later.covariance({}), K.loc[all_of_them, all_of_them], atol=1e-12)


def test_order_of_rows_and_columns_is_not_seen():
    K, rng = related(), np.random.default_rng(3)
    mixed = K.loc[rng.permutation(K.index), rng.permutation(K.columns)]
    dims = xr.DataArray(mixed, dims=("left", "right"))
    assert bg.kinship(K).identity() == bg.kinship(mixed).identity() == bg.kinship(dims).identity()


def test_deficient_rank_is_taken_as_it_is():
    """A centred matrix: its rows sum to zero, and one latent fewer than levels is enough."""
    root = np.random.default_rng(4).normal(size=(9, 40))
    root -= root.mean(axis=0)
    names = [f"line{i}" for i in range(9)]
    factor = bg.kinship(square(root @ root.T / 40, names)).prepare(np.array(names))
    assert factor.root.shape == (9, 8)
    np.testing.assert_allclose(factor.covariance({}), root @ root.T / 40, atol=1e-12)
    low = root[:, :3] @ root[:, :3].T
    assert bg.kinship(square(low, names)).prepare(np.array(names)).root.shape == (9, 3)


def test_jitter_is_added_and_told():
    found = bg.kinship(square(), jitter=0.25)
    np.testing.assert_array_equal(np.diag(found.matrix), 1.25)
    assert found.notes() == ("0.25 was added to the diagonal.",)
    twins = square([[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
    assert bg.kinship(twins, jitter=1e-6).jitter == 1e-6


def test_rounding_in_a_file_is_no_negative_eigenvalue():
    root = np.random.default_rng(5).normal(size=(20, 5))
    names = [f"n{i}" for i in range(20)]
    rounded = (root @ root.T).round(10)
    assert np.linalg.eigvalsh(rounded)[0] < 0
    found = bg.kinship(square(rounded, names)).prepare(np.array(names))
    np.testing.assert_allclose(found.covariance({}), rounded, atol=1e-8)


def changed(**cells: float) -> np.ndarray:
    values = np.eye(4)
    for place, value in cells.items():
        values[int(place[1]), int(place[2])] = value
    return values


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (changed(c01=0.3), ["not symmetric", "'ann'", "'bob'"]),
        (changed(c23=np.nan, c32=np.nan), ["2 missing", "'cyd'", "'dan'"]),
        (changed(c22=np.inf), ["'cyd'"]),
        (changed(c11=0.0), ["'bob'", "no variance"]),
        (changed(c01=1.0, c10=1.0), ["'ann' and 'bob'", "twins", "jitter="]),
        (changed(c01=-1.0, c10=-1.0), ["'ann' and 'bob'"]),
        (changed(c01=0.9, c10=0.9, c12=0.9, c21=0.9), ["smallest eigenvalue is -0.273"]),
    ],
)  # fmt: skip
def test_what_is_no_covariance_is_refused(values, words):
    with pytest.raises(ArgumentError) as caught:
        bg.kinship(square(values))
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("rows", "columns", "words"),
    [
        (["a", "a", "c"], ["a", "b", "c"], ["'a'", "more than once"]),
        (["a", "b", "c"], ["a", "b", "d"], ["'c'", "not among its columns"]),
        (["01", "1", "c"], ["01", "1", "c"], ["'01' and '1'"]),
        (["a", "a ", "c"], ["a", "a ", "c"], ["'a' and 'a '"]),
        (["a", "A", "c"], ["a", "A", "c"], ["'a' and 'A'", "case"]),
        (["a", " ", "c"], ["a", " ", "c"], ["blank"]),
    ],
)
def test_labels_that_could_be_mistaken_are_refused(rows, columns, words):
    with pytest.raises(ArgumentError) as caught:
        bg.kinship(pd.DataFrame(np.eye(3), rows, columns))
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize("bare", [np.eye(3), [[1.0]], xr.DataArray(np.eye(2)), None, "K.csv"])
def test_a_matrix_without_labels_is_refused(bare):
    with pytest.raises(ArgumentTypeError, match="labels"):
        bg.kinship(bare)


def test_labels_are_text():
    with pytest.raises(ArgumentTypeError, match="dtype=str"):
        bg.kinship(pd.DataFrame(np.eye(3)))
    with pytest.raises(ArgumentTypeError, match="numbers"):
        bg.kinship(square([["x"] * 4] * 4))
    with pytest.raises(ArgumentError, match="jitter"):
        bg.kinship(square(), jitter=-1)


def test_unknown_levels_are_named():
    with pytest.raises(UnknownLevelError, match=r"lacks 1 of 2 levels, 'Bob'.*'Bob' for 'bob'"):
        bg.kinship(square()).prepare(np.array(["ann", "Bob"]))


def test_arrays_bring_back_the_same_matrix():
    found = bg.kinship(related(), jitter=0.01)
    again = read_structure("kinship", found.to_arrays())
    assert again.identity() == found.identity()
    assert again.notes() == found.notes()


@pytest.mark.parametrize("cases", [150, pytest.param(2000, marks=pytest.mark.slow)])
def test_random_matrices_end_in_our_errors_only(cases):
    """Labels and values with every fault at once: refused by us, or taken and right."""
    rng = np.random.default_rng(6)
    pool = ["a", "b", "c", "A", "1", "01", " ", "", "d ", "d", "x:y", 3, None, 2.5, np.nan]
    taken = 0
    for _ in range(cases):
        n = int(rng.integers(0, 5))
        names = [pool[i] for i in rng.integers(0, len(pool), n)]
        if rng.random() < 0.4:
            names = list("pqrst")[:n]
        root = rng.normal(size=(n, max(1, n - int(rng.integers(0, 2)))))
        values = root @ root.T
        if n and rng.random() < 0.5:
            values[rng.integers(n), rng.integers(n)] = rng.choice([np.nan, np.inf, -1, 0, 1e300])
        began = time.process_time()
        try:
            found = bg.kinship(pd.DataFrame(values, names, names))
        except bg.errors.BayesGLMMError:
            continue
        finally:
            assert time.process_time() - began < 1
        taken += 1
        got = found.prepare(np.array(names)).covariance({})
        np.testing.assert_allclose(got, values, atol=1e-8 * np.abs(values).max())
    assert 0.05 < taken / cases < 0.95


def test_a_structure_is_shown_in_one_line():
    names = [f"a{i}" for i in range(5)]
    K = bg.kinship(pd.DataFrame(np.eye(5), names, names))
    assert repr(K) == "<kinship structure of 5 levels: 'a0', 'a1', 'a2' and 2 more>"
    assert repr(bg.coordinates("x", "y")) == "<coordinates structure of 0 levels>"
