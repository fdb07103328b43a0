"""Lineages: readers, covariances against paths, grafts against the whole tree."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bayes_glmm.errors import BayesGLMMError
from bayes_glmm.maths.field_maths import NUMPY, pytensor_maths
from bayes_glmm.structures import read_structure
from bayes_glmm.structures.lineage import lineage
from bayes_glmm.structures.newick import read_newick
from tests.structures.trees import Plain, random_tree

MODELS = [("brownian", {}), ("ou", {"halflife": 0.37}), ("pagel", {"signal": 0.62})]


def text(*levels: str) -> np.ndarray:
    return np.array(levels, dtype=np.str_)


def dense(plain: Plain, levels, model: str, hyper: dict) -> np.ndarray:
    return plain.covariance(list(levels), model, *hyper.values())


@pytest.mark.parametrize(("model", "hyper"), MODELS)
@pytest.mark.parametrize("seed", range(6))
def test_covariance_is_that_of_the_paths(model: str, hyper: dict, seed: int) -> None:
    rng = np.random.default_rng(seed)
    plain = random_tree(rng, 40)
    found = lineage(plain.newick(rng), model)
    levels = rng.choice(plain.names, 25, replace=False).astype(np.str_)
    factor = found.prepare(levels)
    expected = dense(plain, levels, model, hyper)
    np.testing.assert_allclose(factor.covariance(hyper), expected, atol=1e-12)
    means = expected.diagonal().mean(), expected.mean()
    np.testing.assert_allclose(factor.mean_variance(hyper), means, atol=1e-12)
    assert len(set(factor.nodes.tolist())) == len(factor.nodes)


@pytest.mark.parametrize(("model", "hyper"), MODELS)
@pytest.mark.parametrize("seed", range(4))
def test_levels_prepared_later_keep_what_was_sampled(model: str, hyper: dict, seed: int) -> None:
    rng = np.random.default_rng(100 + seed)
    plain = random_tree(rng, 50)
    found = lineage(plain.newick(rng), model)
    order = rng.permutation(plain.names).astype(np.str_)
    first, later = order[:12], order[12:40]
    before = found.prepare(first)
    after = found.prepare(np.concatenate([first, later]), before.nodes)
    assert after.nodes[: len(before.nodes)].tolist() == before.nodes.tolist()
    z = rng.standard_normal((len(after.nodes), 2))
    known = before.effect(z[: len(before.nodes)], hyper, NUMPY)
    np.testing.assert_allclose(after.effect(z, hyper, NUMPY)[:12], known, atol=1e-12)
    expected = dense(plain, order[:40], model, hyper)
    np.testing.assert_allclose(after.covariance(hyper), expected, atol=1e-11)


@pytest.mark.parametrize(("model", "hyper"), MODELS)
def test_grafted_levels_have_the_covariance_of_the_whole_tree(model: str, hyper: dict) -> None:
    rng = np.random.default_rng(7)
    whole = random_tree(rng, 40, zero=0.0)
    tall = max(whole.tips, key=whole.depth)
    new = [t for t in whole.tips if t != tall and whole.parent[t] != whole.root][:4]
    kept = {c: p for c, p in whole.parent.items() if c not in new}
    old = Plain(kept, whole.length, whole.root)
    found = lineage(old.newick(rng), model, parent="on", length="by")
    levels = text(*rng.permutation([t for t in whole.tips if t not in new]))
    before = found.prepare(levels)
    table = pd.DataFrame(
        {"who": new, "on": [whole.parent[t] for t in new], "by": [whole.length[t] for t in new]}
    )
    larger = found.extend(text(*new), table, "who")
    both = np.concatenate([levels, text(*new)])
    after = larger.prepare(both, before.nodes)
    np.testing.assert_allclose(
        after.covariance(hyper), dense(whole, both, model, hyper), atol=1e-11
    )


@pytest.mark.parametrize(("model", "hyper"), MODELS)
def test_graph_and_arrays_agree_with_gradient(model: str, hyper: dict) -> None:
    import pytensor
    import pytensor.tensor as pt

    rng = np.random.default_rng(3)
    plain = random_tree(rng, 30)
    factor = lineage(plain.newick(rng), model).prepare(text(*plain.names))
    z = rng.standard_normal((len(factor.nodes), 2))
    weights = rng.standard_normal((len(factor.levels), 2))
    symbols = {k: pt.dscalar(k) for k in hyper}
    latent = pt.dmatrix("z")
    total = (factor.effect(latent, symbols, pytensor_maths()) * weights).sum()
    wrt = [latent, *symbols.values()]
    run = pytensor.function(wrt, [total, *pytensor.grad(total, wrt)], mode="FAST_COMPILE")

    def value(z, *values):
        return (factor.effect(z, dict(zip(hyper, values, strict=True)), NUMPY) * weights).sum()

    at, slopes_z, *slopes = run(z, *hyper.values())
    np.testing.assert_allclose(at, value(z, *hyper.values()), rtol=1e-12)
    step = np.zeros_like(z)
    step[2, 1] = 1e-6
    numeric = (value(z + step, *hyper.values()) - value(z - step, *hyper.values())) / 2e-6
    np.testing.assert_allclose(slopes_z[2, 1], numeric, rtol=1e-6, atol=1e-8)
    for slope, given_ in zip(slopes, hyper.values(), strict=True):
        assert np.isfinite(slope)
        numeric = (value(z, given_ + 1e-6) - value(z, given_ - 1e-6)) / 2e-6
        np.testing.assert_allclose(slope, numeric, rtol=1e-6)


def test_order_of_branches_changes_nothing() -> None:
    rng = np.random.default_rng(5)
    plain = random_tree(rng, 60)
    bare = frozenset(set(plain.names[::3]) - set(plain.tips))
    one, two = (lineage(plain.newick(rng, bare)) for _ in range(2))
    assert one.identity() == two.identity()
    rows = [(c, p, plain.length[c]) for c, p in plain.parent.items()]
    table = pd.DataFrame(rows, columns=["node", "parent", "length"])
    named = lineage(plain.newick(rng))
    assert lineage(table.sample(frac=1, random_state=1)).identity() == named.identity()
    assert one.identity() != named.identity()


def test_quotes_comments_stem_and_annotations_are_understood(tmp_path) -> None:
    written = "(('it''s a':1[&rate=[2]],b_1:2e0)90:1,[x](c:3.5,d:1)90:0):7;\n"
    path = tmp_path / "tree.nwk"
    path.write_text(written, "utf-8")
    found = lineage(path)
    assert found.labels.tolist() == ["b_1", "c", "d", "it's a"]
    assert found.height == 3.5
    assert any("'90'" in note for note in found.notes())
    assert any("7 above the root" in note for note in found.notes())
    K = found.prepare(text("it's a", "b_1", "c", "d")).covariance({}) * 3.5
    expected = [[2, 1, 0, 0], [1, 3, 0, 0], [0, 0, 3.5, 0], [0, 0, 0, 1]]
    np.testing.assert_allclose(K, expected, atol=1e-12)


def test_stored_arrays_bring_the_structure_back() -> None:
    found = lineage("((a:1,b:1):1,c:3)r;", "ou", parent="p", length="l")
    again = read_structure("lineage", found.to_arrays())
    assert again.identity() == found.identity()
    assert (again.parent, again.length, again.height) == ("p", "l", 3.0)


def test_quadratic_form_of_simulated_walks_is_chi_squared() -> None:
    """Walk along every path by hand; the package's covariance must whiten the result."""
    from scipy import stats

    rng = np.random.default_rng(11)
    plain = random_tree(rng, 30, zero=0.0)
    levels = plain.tips
    K = lineage(plain.newick(rng)).prepare(text(*levels)).covariance({})
    forms = []
    for _ in range(400):
        value = {plain.root: 0.0}
        for name in plain.parent:
            scale = np.sqrt(plain.length[name] / plain.height)
            value[name] = value[plain.parent[name]] + scale * rng.standard_normal()
        u = np.array([value[t] for t in levels])
        forms.append(u @ np.linalg.solve(K, u))
    assert stats.kstest(forms, stats.chi2(len(levels)).cdf).pvalue > 0.01


@pytest.mark.parametrize(
    ("newick", "says"),
    [
        ("(a:1,b:1", "cut short"),
        ("(a:1,b:1));", "no opening"),
        ("(a b:1,c:2);", "quotes"),
        ("(a:1,b);", "no length"),
        ("(a:1,b:-1);", "not negative"),
        ("(a:1,b:1e999);", "finite"),
        ("('a:1,b:1);", "not closed"),
        ("(a:1,b:1[x;", "not closed"),
        ("(a:one,b:1);", "must be a number"),
        ("(a:1,b:1);(c:1,d:1);", "one tree"),
        ("(a:1,a:1);", "one name"),
        ("(a:1,:1);", "no name"),
        ("((a:1,b:1)c:1,c:1);", "share names"),
        ("(a:0,b:0);", "no height"),
        ("(1:1,01:1);", "leading zeros"),
        ("no such file", "neither Newick"),
    ],
)
def test_malformed_trees_are_refused_with_the_reason(newick: str, says: str) -> None:
    with pytest.raises(BayesGLMMError, match=says):
        lineage(newick)


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([("a", "b", 1), ("b", "a", 1)], "loop"),
        ([("a", "r", 1), ("b", "c", 1), ("c", "b", 1)], "own ancestors"),
        ([("a", "r", 1), ("b", "q", 1)], "one root"),
        ([("a", "r", 1), ("a", "q", 1)], "several rows"),
        ([("a", "r", np.nan), ("b", "r", 1)], "no length"),
        ([(1.5, "r", 1), ("b", "r", 1)], "text"),
    ],
)
def test_malformed_tables_are_refused_with_the_reason(rows, says: str) -> None:
    with pytest.raises(BayesGLMMError, match=says):
        lineage(pd.DataFrame(rows, columns=["node", "parent", "length"]))


def test_unknown_levels_name_what_was_probably_meant() -> None:
    found = lineage("(Panthera_leo:1,Canis_lupus:1);")
    with pytest.raises(BayesGLMMError, match="Panthera_leo"):
        found.prepare(text("panthera_leo", "Canis_lupus"))
    with pytest.raises(BayesGLMMError, match="put all levels in the tree"):
        found.extend(text("x"), pd.DataFrame({"s": ["x"]}), "s")


@settings(max_examples=150, deadline=1000)
@given(st.lists(st.sampled_from(["(", ")", ",", ":", ";", "a", "b1", "1", "0", "'", "[", "]", " ",
                                 "-", "e9", "\n", "(a:1,b:1)", "''"]), max_size=14))  # fmt: skip
def test_any_text_gives_a_tree_or_our_error(pieces: list[str]) -> None:
    try:
        lineage("".join(pieces) + ";")
    except BayesGLMMError:
        pass


@pytest.mark.parametrize("cases", [850, pytest.param(4000, marks=pytest.mark.slow)])
def test_damaged_copies_of_a_tree_give_our_errors_at_once(cases: int) -> None:
    rng = np.random.default_rng(2)
    whole = random_tree(rng, 25).newick(rng)
    refused = 0
    for _ in range(cases):
        letters = list(whole)
        for _ in range(int(rng.integers(1, 4))):
            place = int(rng.integers(len(letters)))
            letters[place : place + int(rng.integers(0, 3))] = rng.choice(list("(),:;'[]a0-. "))
        began = time.process_time()
        try:
            lineage("".join(letters))
        except BayesGLMMError:
            refused += 1
        assert time.process_time() - began < 1
    assert refused > 100


@pytest.mark.parametrize("cases", [300, pytest.param(3000, marks=pytest.mark.slow)])
def test_random_tables_give_a_tree_or_our_error_at_once(cases: int) -> None:
    """Loops, two roots, strange names and lengths; what is taken has the table's depths."""
    rng = np.random.default_rng(3)
    odd = ["A", " a", "01", "1", "", " ", None, np.nan, 3, 2.5]
    taken = 0
    for _ in range(cases):
        n = int(rng.integers(0, 7))
        names = list("abcdefg")[:n]
        above = [None if not k else names[rng.integers(k)] for k in range(n)]
        whole = [*zip(names, above, rng.exponential(size=n), strict=True), (None,) * 3]
        rows = np.array(whole, dtype=object)[:-1]
        for _ in range(int(rng.integers(0, 3)) if n else 0):
            column = rng.integers(3)
            wrong = [-1.0, 0.0, np.nan, np.inf, "2"] if column == 2 else [*odd, *names]
            rows[rng.integers(n), column] = wrong[rng.integers(len(wrong))]
        rng.shuffle(rows)
        began = time.process_time()
        try:
            found = lineage(pd.DataFrame(rows.tolist(), columns=["node", "parent", "length"]))
            found.prepare(found.labels)
        except BayesGLMMError:
            continue
        finally:
            assert time.process_time() - began < 1
        taken += 1
        plain = np.where(rows[:, :2] == 3, "3", rows[:, :2])
        up = {n: (p, float(x or 0)) for (n, p), x in zip(plain.tolist(), rows[:, 2], strict=True)}
        for name, depth in zip(found.tree.names, found.tree.depth * found.height, strict=True):
            total, at = 0.0, name
            while at in up and isinstance(up[at][0], str) and up[at][0].strip():
                total, at = total + up[at][1], up[at][0]
            assert depth == pytest.approx(total), rows
    assert 0.1 < taken / cases < 0.9


def test_a_tree_of_ten_thousand_tips_is_read_and_prepared_in_seconds() -> None:
    rng = np.random.default_rng(1)
    names = [f"t{i}" for i in range(10_000)]
    comb = "(" * 9_999 + names[0] + ":1" + "".join(f",{t}:1):1" for t in names[1:])
    began = time.process_time()
    factor = lineage(comb[:-2] + ";").prepare(text(*rng.permutation(names)))
    assert time.process_time() - began < 10
    assert len(factor.nodes) == 2 * len(names) - 2
    assert read_newick(comb[:-2] + ";").depth.max() == 9_999
