"""Relationships from a pedigree, against the tabular method and published examples."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest

import bayes_glmm as bg
from bayes_glmm.errors import ArgumentError, ArgumentTypeError, UnknownLevelError
from bayes_glmm.maths.field_maths import NUMPY
from bayes_glmm.structures import Structure, read_structure
from tests.structures.oracle import random_pedigree, tabular


def table(*rows: tuple[str, str | None, str | None]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["animal", "sire", "dam"])


def matrix(structure: Structure, levels: list[str]) -> np.ndarray:
    return structure.prepare(np.array(levels)).covariance({})


def test_relationships_of_a_textbook():
    """Mrode (2014), Linear Models for the Prediction of Animal Breeding Values, example 2.1."""
    rows = table(("a6", "a5", "a2"), ("a3", "a1", "a2"), ("a5", "a4", "a3"), ("a4", "a1", None))
    published = [
        [1, 0, 0.5, 0.5, 0.5, 0.25],
        [0, 1, 0.5, 0, 0.25, 0.625],
        [0.5, 0.5, 1, 0.25, 0.625, 0.5625],
        [0.5, 0, 0.25, 1, 0.625, 0.3125],
        [0.5, 0.25, 0.625, 0.625, 1.125, 0.6875],
        [0.25, 0.625, 0.5625, 0.3125, 0.6875, 1.125],
    ]
    np.testing.assert_allclose(
        matrix(bg.pedigree(rows), [f"a{i}" for i in range(1, 7)]), published, atol=1e-15
    )


def test_breeding_values_of_a_textbook():
    """Mrode (2014), example 3.1: pre-weaning gain of five calves, variances 20 and 40."""
    rows = table(
        ("4", "1", None), ("5", "3", "2"), ("6", "1", "2"), ("7", "4", "5"), ("8", "3", "6")
    )
    A = matrix(bg.pedigree(rows), list("12345678"))
    Z = np.eye(8)[3:]
    X = np.array([[1, 0], [0, 1], [0, 1], [1, 0], [1, 0]], float)
    y = np.array([4.5, 2.9, 3.9, 3.5, 5.0])
    V = 20 * Z @ A @ Z.T + 40 * np.eye(5)
    b = np.linalg.solve(X.T @ np.linalg.solve(V, X), X.T @ np.linalg.solve(V, y))
    u = 20 * A @ Z.T @ np.linalg.solve(V, y - X @ b)
    np.testing.assert_allclose(b, [4.358, 3.404], atol=6e-4)
    published = [0.098, -0.019, -0.041, -0.009, -0.186, 0.177, -0.249, 0.183]
    np.testing.assert_allclose(u, published, atol=6e-4)


@pytest.mark.parametrize("seed", range(6))
def test_recursion_is_the_tabular_matrix(seed):
    rng = np.random.default_rng(seed)
    rows = random_pedigree(rng, founders=6, later=60)
    A = tabular(rows)
    found = bg.pedigree(rows)
    assert found.inbreeding.max() > 0.1
    own = np.diag(A.loc[found.labels, found.labels]) - 1
    np.testing.assert_allclose(found.inbreeding, own, atol=1e-12)
    some = rng.choice(found.labels, 15, replace=False)
    factor = found.prepare(some)
    exact = A.loc[some, some].to_numpy()
    np.testing.assert_allclose(factor.covariance({}), exact, atol=1e-12)
    np.testing.assert_allclose(
        factor.mean_variance({}), (np.diag(exact).mean(), exact.mean()), rtol=1e-12
    )


def test_selfing_and_one_unknown_parent():
    rows = table(("p", None, None), ("s1", "p", "p"), ("s2", "s1", "s1"), ("h", "s2", None))
    found = bg.pedigree(rows)
    inbred = dict(zip(found.labels.tolist(), found.inbreeding.tolist(), strict=True))
    assert inbred == {"p": 0.0, "s1": 0.5, "s2": 0.75, "h": 0.0}
    np.testing.assert_allclose(
        matrix(found, ["p", "s1", "s2", "h"]), tabular(rows).loc[["p", "s1", "s2", "h"],
        ["p", "s1", "s2", "h"]], atol=1e-15,
    )  # fmt: skip


def test_order_of_rows_is_not_seen():
    rows = random_pedigree(np.random.default_rng(1), 5, 40)
    one, other = bg.pedigree(rows), bg.pedigree(rows.sample(frac=1, random_state=2))
    assert one.identity() == other.identity()


def test_only_ancestors_take_part():
    rows = table(("c", "a", "b"), ("d", "x", "y"), ("e", "c", "d"))
    assert sorted(bg.pedigree(rows).prepare(np.array(["c"])).nodes) == ["a", "b", "c"]


def test_many_animals_with_shared_ancestors():
    """Full-sib mating for ever: inbreeding follows Wright's recurrence."""
    generations = 60
    rows = [("m0", None, None), ("f0", None, None)]
    for g in range(1, generations):
        rows += [(f"{s}{g}", f"m{g - 1}", f"f{g - 1}") for s in "mf"]
    found = bg.pedigree(table(*rows))
    F = [0.0, 0.0]
    while len(F) < generations:
        F.append(0.25 * (1 + 2 * F[-1] + F[-2]))
    at = {name: i for i, name in enumerate(found.labels.tolist())}
    got = [found.inbreeding[at[f"m{g}"]] for g in range(generations)]
    np.testing.assert_allclose(got[1:], [0.0, *F[2:]][: generations - 1], atol=1e-12)


def test_parents_without_a_row_are_founders_and_told():
    found = bg.pedigree(table(("c", "a", "b")))
    assert found.notes() == ("2 parents without a row became founders: 'a', 'b'.",)
    assert bg.pedigree(table(("a", None, None))).notes() == ()


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([("a", "b", None), ("b", "c", None), ("c", "a", "d")], ["loop of 3", "'a'", "'b'", "'c'"]),
        ([("a", "a", None)], ["'a' is its own parent"]),
        ([("a", None, None), ("a", None, None)], ["'a'", "more than once"]),
        ([("a", "0", "0"), ("b", "0", None)], ["'0'", "missing values"]),
        ([("a", "NA", None)], ["'NA'", "missing values"]),
        ([("a", "", None)], ["blank"]),
        ([("a1", "A1", None)], ["'a1' and 'A1'", "case"]),
        ([("01", None, None), ("1", None, None)], ["'01' and '1'", "leading zeros"]),
        ([("a", "b ", None), ("b", None, None)], ["'b' and 'b '"]),
    ],
)
def test_bad_pedigrees_are_refused_with_names(rows, words):
    with pytest.raises(ArgumentError) as caught:
        bg.pedigree(table(*rows))
    for word in words:
        assert word in str(caught.value)


def test_what_is_no_id_is_refused():
    with pytest.raises(ArgumentTypeError, match=r"dtype=str"):
        bg.pedigree(pd.DataFrame({"animal": [1.5, 2], "sire": [None, 2], "dam": [None, None]}))
    with pytest.raises(ArgumentTypeError, match="list"):
        bg.pedigree([("a", "b", "c")])
    with pytest.raises(ArgumentError, match=r"'father'.*id=, sire= and dam="):
        bg.pedigree(table(("a", None, None)), sire="father")


def test_new_animals_are_appended_by_their_parents():
    rows = random_pedigree(np.random.default_rng(4), 5, 30)
    known = bg.pedigree(rows)
    a, b = known.labels[3], known.labels[-1]
    new = pd.DataFrame({"pup": ["n1", "n2"], "sire": [a, "n1"], "dam": [b, None], "x": [1, 2]})
    longer = known.extend(np.array(["n1", "n2"]), new, "pup")
    whole = tabular(pd.concat([rows, table(("n1", a, b), ("n2", "n1", None))]))
    levels = ["n1", "n2", a, b]
    np.testing.assert_allclose(matrix(longer, levels), whole.loc[levels, levels], atol=1e-12)
    with pytest.warns(UserWarning, match="'stray'.*founder"):
        known.extend(np.array(["n1"]), new.assign(dam="stray"), "pup")
    with pytest.raises(ArgumentError, match="'sire'"):
        known.extend(np.array(["n1"]), new[["pup"]], "pup")


def test_unknown_levels_are_named_with_what_was_meant():
    found = bg.pedigree(table(("Bella", None, None), ("007", "Bella", None)))
    with pytest.raises(UnknownLevelError, match=r"'bella' for 'Bella'"):
        found.prepare(np.array(["bella", "007"]))
    with pytest.raises(UnknownLevelError, match=r"'7' for '007'"):
        found.prepare(np.array(["7"]))


def test_arrays_bring_back_the_same_pedigree():
    found = bg.pedigree(random_pedigree(np.random.default_rng(0), 4, 20))
    again = read_structure("pedigree", found.to_arrays())
    assert again.identity() == found.identity()
    assert again.notes() == found.notes()


@pytest.mark.parametrize("cases", [150, pytest.param(2000, marks=pytest.mark.slow)])
def test_random_pedigrees_end_in_our_errors_only(cases):
    """Every fault at once: refused by us, or taken and equal to the tabular method."""
    rng = np.random.default_rng(12)
    pool = ["a", "b", "c", "d", "e", "f"]
    odd = ["A", "0", "01", "1", "", " ", "NA", "a ", 3, 2.5, np.nan, None, "x:y"]
    taken = 0
    for number in range(cases):
        n = int(rng.integers(0, 6))
        names = rng.permutation(pool)[:n].tolist()
        rows = [
            (k, *(None if rng.random() < 0.5 else pool[rng.integers(6)] for _ in "sd"))
            for k in names
        ]
        cells = np.array([*rows, (None,) * 3], dtype=object)[:-1]
        for _ in range(int(rng.integers(0, 3)) if n and number % 2 else 0):
            cells[rng.integers(n), rng.integers(3)] = odd[rng.integers(len(odd))]
        frame = pd.DataFrame(cells.tolist(), columns=["animal", "sire", "dam"])
        began = time.process_time()
        try:
            found = bg.pedigree(frame)
        except bg.errors.BayesGLMMError:
            continue
        finally:
            assert time.process_time() - began < 1
        taken += 1
        A = tabular(frame)
        np.testing.assert_allclose(matrix(found, list(A.index)), A, atol=1e-14)
    assert 0.1 < taken / cases < 0.9


def test_twenty_thousand_animals():
    """Deep and random mating, all related, in time and memory of a sparse method."""
    rng = np.random.default_rng(8)
    n, founders = 20_000, 400
    low = np.maximum(0, np.arange(founders, n) - 2000)
    sires, dams = (rng.integers(low, np.arange(founders, n)) for _ in range(2))
    none = [None] * founders
    rows = pd.DataFrame(
        {"animal": [f"a{i}" for i in range(n)], "sire": none + [f"a{i}" for i in sires],
         "dam": none + [f"a{i}" for i in dams]}
    )  # fmt: skip
    found = bg.pedigree(rows)
    factor = found.prepare(found.labels)
    z = rng.standard_normal((n, 1))
    mean, _ = factor.mean_variance({})
    u = factor.effect(z, {}, NUMPY)[:, 0]
    solved = u - np.where(factor.parents >= 0, 0.5 * u[factor.parents], 0).sum(axis=1)
    np.testing.assert_allclose(solved / np.sqrt(factor.own), z[factor.rows.argsort()][:, 0])
    assert mean == pytest.approx(1 + found.inbreeding.mean())
