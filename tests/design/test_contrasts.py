from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from formulaic import model_matrix

from bayes_glmm.design.schema import Schema
from bayes_glmm.design.terms.contrasts import contrast_coding
from bayes_glmm.errors import SpecError, UnknownLevelError
from bayes_glmm.spec.model import ModelSpec
from bayes_glmm.spec.sides import Predictor
from bayes_glmm.spec.terms import Call, Number, Term, Text, Variable

A, B, D, X, Z = (Variable(name) for name in "abdxz")


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    n = 80
    return pd.DataFrame(
        {
            "y": rng.normal(size=n),
            "a": rng.choice(list("pqrs"), size=n),
            "b": rng.choice(list("uvw"), size=n),
            "c": rng.choice([1, 2, 10], size=n),
            "d": rng.random(n) > 0.5,
            "x": rng.normal(size=n),
            "z": rng.gamma(2.0, size=n),
        }
    )


def ours(table: pd.DataFrame, *terms: Term, intercept: bool = True) -> pd.DataFrame:
    spec = ModelSpec("y", Predictor(intercept, terms))
    design = Schema.learn(spec, table).apply(table).mu
    return pd.DataFrame(design.X, columns=design.coefficients)


def theirs(table: pd.DataFrame, formula: str) -> np.ndarray:
    found = model_matrix(formula, table)
    return found.drop(columns="Intercept", errors="ignore").to_numpy(dtype=float)


def c(name: str, *words: object, **options: object) -> Call:
    given = tuple((key, value) for key, value in options.items())
    return Call("C", (Variable(name), *words), given)


@pytest.mark.parametrize(
    ("terms", "formula"),
    [
        (((A,),), "a"),
        (((A,), (B,)), "a + b"),
        (((A,), (B,), (A, B)), "a * b"),
        (((A,), (A, B)), "a + a:b"),
        (((A, B),), "a:b"),
        (((X, A),), "x:a"),
        (((X,), (X, A)), "x + x:a"),
        (((X,), (A,), (X, A)), "x * a"),
        (((X,), (Z,), (X, Z)), "x * z"),
        (((X,), (A,), (B,), (X, A), (X, B), (A, B), (X, A, B)), "x * a * b"),
        (((c("c"),),), "C(c)"),
        (((c("a", Variable("sum")),),), "C(a, contr.sum)"),
        (((c("a", Variable("helmert")),),), "C(a, contr.helmert)"),
        (((c("a", Variable("poly")),),), "C(a, contr.poly)"),
        (((c("a", Variable("Treatment"), ref=Text("r")),),), "C(a, contr.treatment('r'))"),
        (((c("a", Variable("sum")),), (X,), (c("a", Variable("sum")), X)), "C(a, contr.sum) * x"),
    ],
)
@pytest.mark.parametrize("intercept", [True, False])
def test_values_and_order_agree_with_formulaic(
    table: pd.DataFrame, terms: tuple, formula: str, intercept: bool
) -> None:
    found = ours(table, *terms, intercept=intercept).to_numpy()
    expected = theirs(table, formula + ("" if intercept else " - 1"))
    if not intercept and "contr.poly" in formula:
        assert np.linalg.matrix_rank(np.hstack([found, expected])) == found.shape[1]
        return
    np.testing.assert_allclose(found, expected, atol=1e-12)


@pytest.mark.parametrize(
    "terms",
    [
        ((A, B),),
        ((A,), (B,), (D,), (A, B, D)),
        ((A,), (B, D), (A, B, D)),
        ((A, B), (A, D), (B, D), (A, B, D)),
        ((A, B, D),),
    ],
)
@pytest.mark.parametrize("numeric", [(), (X,)])
@pytest.mark.parametrize("intercept", [True, False])
def test_interactions_without_margins_span_every_cell_once(
    table: pd.DataFrame, terms: tuple, numeric: tuple, intercept: bool
) -> None:
    large = pd.concat([table] * 4, ignore_index=True).assign(x=np.arange(320.0) % 53)
    found = ours(large, *((*numeric, *term) for term in terms), intercept=intercept).to_numpy()
    if intercept:
        found = np.column_stack([np.ones(len(found)), found])
    factors = sorted({f.name for f in terms[-1]})
    cells = pd.get_dummies(large[factors].astype(str).agg("-".join, axis=1)).to_numpy(dtype=float)
    if numeric:
        cells = cells * large[["x"]].to_numpy()
        cells = np.column_stack([np.ones(len(cells)), cells]) if intercept else cells
    assert found.shape[1] == np.linalg.matrix_rank(found) == cells.shape[1]
    assert np.linalg.matrix_rank(np.hstack([found, cells])) == cells.shape[1]


def test_successive_differences_are_differences_of_neighbouring_means(table: pd.DataFrame) -> None:
    coded = ours(table, (c("a", Variable("diff")),))
    assert list(coded) == ["a[q-p]", "a[r-q]", "a[s-r]"]
    design = np.column_stack([np.ones(len(coded)), coded])
    fitted = np.linalg.lstsq(design, table["y"], rcond=None)[0]
    means = table.groupby("a")["y"].mean()
    np.testing.assert_allclose(fitted, [means.mean(), *np.diff(means)], atol=1e-12)


@pytest.mark.parametrize("kind", ["treatment", "sum", "helmert", "poly", "diff"])
@pytest.mark.parametrize("n", [2, 3, 7])
def test_every_contrast_spans_the_levels_with_the_constant(kind: str, n: int) -> None:
    matrix, names = contrast_coding(kind, [f"l{i}" for i in range(n)])
    assert matrix.shape == (n, n - 1) and len(set(names)) == n - 1
    assert np.linalg.matrix_rank(np.column_stack([np.ones(n), matrix])) == n
    if kind != "treatment":
        np.testing.assert_allclose(matrix.sum(axis=0), 0, atol=1e-12)


def test_poly_contrast_has_the_tabled_scores() -> None:
    matrix, names = contrast_coding("poly", list("abc"))
    root2, root6 = np.sqrt(2), np.sqrt(6)
    expected = [[-1 / root2, 1 / root6], [0, -2 / root6], [1 / root2, 1 / root6]]
    np.testing.assert_allclose(matrix, expected, atol=1e-12)
    assert names == ("linear", "quadratic")


def test_labels(table: pd.DataFrame) -> None:
    d = Variable("d")
    assert list(ours(table, (c("c"),), (d,))) == ["c[2]", "c[10]", "d[True]"]
    assert list(ours(table, (d, X))) == ["d[False]:x", "d[True]:x"]
    assert list(ours(table, (c("a", Variable("sum")),))) == ["a[p-mean]", "a[q-mean]", "a[r-mean]"]
    assert list(ours(table, (c("c", ref=Number(10.0)),))) == ["c[1]", "c[2]"]
    assert list(ours(table, (B,), (X,), (B, X)))[-2:] == ["b[v]:x", "b[w]:x"]


def test_category_order_is_level_order() -> None:
    values = pd.Categorical(["lo", "hi", "lo", "mid"], ["lo", "mid", "hi", "never"])
    table = pd.DataFrame({"y": [1.0, 2, 3, 4], "a": values})
    assert list(ours(table, (A,))) == ["a[mid]", "a[hi]"]


def test_wrong_references_and_contrasts_are_named(table: pd.DataFrame) -> None:
    with pytest.raises(UnknownLevelError, match="'P' is not in the data. Did you mean 'p'"):
        ours(table, (c("a", ref=Text("P")),))
    with pytest.raises(SpecError, match="'summ'.*'sum'"):
        ours(table, (c("a", Variable("summ")),))
    with pytest.raises(SpecError, match="no reference"):
        ours(table, (c("a", Variable("sum"), ref=Text("p")),))
    with pytest.raises(SpecError, match="takes the name of a column"):
        ours(table, (Call("C", (Number(1.0),)),))
