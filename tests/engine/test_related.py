"""Related levels in the kernel: densities, moved coordinates, latents, and whole fits."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayes_glmm as bg
from bayes_glmm.design.resolve import resolve_spec
from bayes_glmm.engine import choose, run
from bayes_glmm.engine.choose import scales
from bayes_glmm.engine.compiled import compile_model
from bayes_glmm.engine.expand import expand
from bayes_glmm.engine.kernel import log_density, restore
from bayes_glmm.engine.laplace import Problem, approximate_problem
from bayes_glmm.engine.linear import hypers, order_of, reads, scale_size
from bayes_glmm.engine.program import uncovered, write_program
from bayes_glmm.engine.related_levels import Related, Rest, law_of
from bayes_glmm.engine.settings import choose_settings
from bayes_glmm.engine.sparse import fewest_neighbours
from bayes_glmm.engine.taylor import taylor
from bayes_glmm.fitting.prepare import prepare
from bayes_glmm.maths.field_maths import NUMPY
from bayes_glmm.model.default_priors import resolve_priors
from bayes_glmm.model.field import FieldDensity
from bayes_glmm.model.reference import Way
from tests.structures import test_areal
from tests.structures.oracle import random_pedigree
from tests.structures.trees import random_tree

N = 90
AREAS = test_areal.named(16)
CASES = {
    "brownian": ("poisson", {"mu": "c ~ x + (1 | gr(tip, brownian))"}),
    "half-life": ("poisson", {"mu": "c ~ x + (1 | gr(tip, ou))"}),
    "slopes and a share": ("gaussian", {"mu": "y ~ x + (1 + x | gr(tip, pagel))"}),
    "pedigree": ("bernoulli", {"mu": "b ~ x + (1 | gr(animal, pedigree)) + (1 | g)"}),
    "kinship": ("poisson", {"mu": "c ~ (1 + x || gr(animal, kinship))"}),
    "series": ("poisson", {"mu": "c ~ 0 + x + ar(t, g)"}),
    "series of numbers": ("gaussian", {"mu": "y ~ 0 + x + ar(t, g)"}),
    "two": ("poisson", {"mu": "c ~ (1 | gr(tip, brownian)) + (1 | gr(animal, pedigree)) + ar(t, g)"}),
    "spread": ("gaussian", {"mu": "y ~ x + (1 | g)", "sigma": "~ (1 | gr(animal, pedigree))"}),
    "walk": ("poisson", {"mu": "c ~ x + rw(when)"}),
    "map": ("poisson", {"mu": "c ~ x + (1 | gr(area, icar))"}),
    "map and rest": ("poisson", {"mu": "c ~ x + (1 | gr(area, bym2)) + (1 | g)"}),
    "map of numbers": ("gaussian", {"mu": "y ~ x + (1 | gr(area, bym2))"}),
    "waves": ("poisson", {"mu": "c ~ hsgp(x) + (1 | gr(tip, brownian))"}),
    "waves of numbers": ("gaussian", {"mu": "y ~ hsgp(x, w, k=4) + (1 | g)", "sigma": "~ hsgp(w, k=5)"}),
    "waves alone": ("gaussian", {"mu": "y ~ hsgp(w, kernel=\"gaussian\")"}),
    "smooth": ("poisson", {"mu": "c ~ s(x, k=5) + (1 | gr(tip, pagel))"}),
}  # fmt: skip


@cache
def table() -> pd.DataFrame:
    rng = np.random.default_rng(8)
    tips = sorted(set(random_tree(np.random.default_rng(5), 25).names[1:]))
    animals = random_pedigree(np.random.default_rng(6), 6, 20)["animal"].tolist()
    data = pd.DataFrame({"x": rng.normal(1, 1, N), "tip": rng.choice(tips, N)})
    data["animal"], data["g"] = rng.choice(animals[3:], N), np.repeat(list("abcde"), N // 5)
    data["when"] = rng.permutation(N)
    data["w"] = rng.uniform(0, 3, N)
    data["area"] = rng.choice(AREAS[2:], N)
    data["t"] = np.tile(np.cumsum(rng.integers(1, 4, N // 5)), 5)
    data["y"], data["c"], data["b"] = rng.normal(size=N), rng.poisson(2, N), rng.integers(0, 2, N)
    return data


@cache
def structures() -> dict:
    newick = random_tree(np.random.default_rng(5), 25).newick(np.random.default_rng(1))
    pedigree = random_pedigree(np.random.default_rng(6), 6, 20)
    names = pedigree["animal"].tolist()
    W = np.random.default_rng(9).normal(size=(len(names), 2 * len(names)))
    K = pd.DataFrame(W @ W.T / W.shape[1], index=names, columns=names)
    borders = test_areal.borders(np.random.default_rng(7), [16])
    return {
        "brownian": bg.lineage(newick),
        "ou": bg.lineage(newick, "ou"),
        "pagel": bg.lineage(newick, "pagel"),
        "pedigree": bg.pedigree(pedigree),
        "kinship": bg.kinship(K),
        **{model: bg.areal(borders, model, areas=AREAS.tolist()) for model in ("icar", "bym2")},
    }


@cache
def designed(case):
    """The specification, and design and priors in the reference basis."""
    family, formulas = CASES[case]
    used = {k: s for k, s in structures().items() if any(f", {k})" in f for f in formulas.values())}
    spec = resolve_spec(formulas, family=family)
    prepared = prepare(spec, table(), structures=used or None)
    _, design = prepared.require()
    way = Way.of(design, resolve_priors(prepared.spec, design))
    return prepared.spec, way.design, way.priors


def exact(program, x) -> float:
    """The NumPy field's density at coordinates, with the volume of their map."""
    point, priors, volume = expand(program, x), program.priors, 0.0
    for at, group in program.group_starts:
        if not hasattr(group, "index"):  # coefficients of a smooth, at unit scale in the field
            w = x[at + scale_size(group) :][: group.n_levels]
            if group.law is not None:  # waves have their sizes before their standard deviation
                reach = point[group.hyper[0]]
                sizes = group.smooth.scales({"range": reach}, NUMPY)
                w, volume = w / sizes, volume + np.log(reach) - np.log(sizes).sum()
            point[group.smooth.effects][group.places] = w
            volume += np.log(point[group.smooth.sd][group.part])
            continue
        if isinstance(group, Rest) or reads(group):
            continue
        q, first = len(group.terms), at + scale_size(group)
        nodes = np.empty((group.n_levels, q))
        nodes[:, order_of(group)] = x[first : first + nodes.size].reshape(nodes.shape)
        volume += np.log(point[f"sd_{group.name}"]).sum()
        if f"corr_chol_{group.name}" in point:
            L = point[f"corr_chol_{group.name}"]
            nodes = nodes @ L.T
            volume += len(nodes) * np.log(np.diag(L)).sum()
            volume += sum((i + 2) * np.log(L[i, i]) for i in range(1, q))
        if isinstance(group, Related) and group.law.absorbed:
            # with one node held at a standard normal number, contrasts as they are
            volume += -0.5 * nodes[0, 0] ** 2 - 0.5 * np.log(2 * np.pi * len(nodes))
            own = x[first + len(nodes) : first + len(nodes) + group.n_rest]
            nodes = np.concatenate([nodes - nodes.mean(), own[:, None]])
        point[f"u_{group.name}"] = nodes
        for name in hypers(group):
            value = point[name]
            volume += np.log(value * (1 - value) if priors[name].support == "unit" else value)
    volume += sum(np.log(scale) for _, scale in program.locations)
    volume += sum(np.log(point[name]) for name in program.names)
    return FieldDensity(program.design, priors).log_density(point) + float(volume)


def hold_to_the_field(program, n, apart):
    """Hold a program's density at some points, and its gradient at the last, to the field's."""
    rng, h = np.random.default_rng(3), 1e-5
    for _ in range(n):
        x = program.start + rng.normal(0, apart, program.n_dim)
        gradient = np.empty_like(x)
        value = log_density(program.buffer, x, gradient)
        assert value == pytest.approx(exact(program, x), rel=1e-11, abs=1e-9)
    for i in range(len(x)):
        step = h * (np.arange(len(x)) == i)
        slope = (exact(program, x + step) - exact(program, x - step)) / (2 * h)
        assert gradient[i] == pytest.approx(slope, rel=1e-6, abs=2e-5)


@pytest.mark.parametrize("case", CASES)
def test_the_density_and_its_gradient_are_the_fields(case):
    _, design, priors = designed(case)
    assert uncovered(design, priors) is None
    hold_to_the_field(write_program(design, priors), 4, 0.4)


def placed(case, kind):
    """A case's program in its own coordinates, and in others."""
    plain = write_program(*designed(case)[1:])
    found = approximate_problem(Problem.of(plain))
    assert found is not None
    plan = {
        "adaptive": lambda: choose.adaptive(found, fold=False),
        "taylor": lambda: taylor(found, *choose.scales(found, fold=False)[:2]),
        "collapsed": lambda: choose.collapsed(found, fold=False),
    }[kind]()
    return plain, choose.planned(plain, plan, kind).program


@pytest.mark.parametrize("kind", ["adaptive", "taylor", "collapsed"])
@pytest.mark.parametrize("case", CASES)
def test_moved_coordinates_have_the_same_density(case, kind):
    """Up to the volume of their map, by differences of it; with the exact gradient."""
    _, design, priors = designed(case)
    if kind == "collapsed" and not choose.collapses(design, priors):
        return
    plain, moved = placed(case, kind)
    hold_to_the_plain(moved, plain)


def hold_to_the_plain(moved, plain):
    """Hold a moved density's gradient to its differences, and its value to the plain one's."""
    rng, h = np.random.default_rng(2), 1e-5
    z = rng.normal(0, 0.5, moved.n_sampled)
    gradient, room = np.empty_like(z), np.empty_like(z)
    value = log_density(moved.buffer, z, gradient)
    for i in range(len(z)):
        step = h * (np.arange(len(z)) == i)
        ends = [log_density(moved.buffer, z + s, room) for s in (step, -step)]
        assert gradient[i] == pytest.approx((ends[0] - ends[1]) / (2 * h), rel=1e-6, abs=2e-5)
    if moved.n_sampled < moved.n_dim:
        return  # effects are integrated out
    at = restored(moved, z)
    columns = [
        (restored(moved, z + h * e) - restored(moved, z - h * e)) / (2 * h) for e in np.eye(len(z))
    ]
    expected = log_density(plain.buffer, at, np.empty_like(at))
    expected += np.linalg.slogdet(np.stack(columns, 1))[1]
    expected -= np.linalg.slogdet(moved.plan.factor)[1]  # a constant, which is left out
    assert value == pytest.approx(expected, abs=1e-6)


def restored(program, z):
    out = np.empty((1, program.n_dim))
    restore(program.buffer, z[None].copy(), None, out)
    return out[0]


@pytest.mark.parametrize("case", ["slopes and a share", "series of numbers"])
def test_what_is_integrated_out_is_the_dense_integral(case):
    """Differences of the collapsed density are those of the response's dense normal density."""
    plain, moved = placed(case, "collapsed")
    rng, found = np.random.default_rng(4), []
    for _ in range(4):
        z = rng.normal(0, 0.5, moved.n_sampled)
        x = np.empty((1, moved.n_dim))
        restore(moved.buffer, z[None].copy(), np.zeros((1, moved.plan.pattern.symbolic.n)), x)
        # p(y, theta) = p(y, theta, w) / p(w | y, theta) at any w: here the one that was restored
        joint = log_density(plain.buffer, x[0], np.empty(plain.n_dim))
        conditional = at_its_mode(plain, x[0])
        found.append(log_density(moved.buffer, z, np.empty_like(z)) - (joint - conditional))
    np.testing.assert_allclose(found, found[0], atol=1e-7)


def at_its_mode(program, x) -> float:
    """The conditional log-density of everything linear at its mode: by second differences."""
    linear, h = program.linear, 1e-3
    gradient = lambda p: (log_density(program.buffer, p, g := np.empty_like(p)), g)[1]  # noqa: E731
    assert np.abs(gradient(x)[linear]).max() < 1e-5
    rows = []
    for i in linear:
        step = h * (np.arange(len(x)) == i)
        rows.append((gradient(x - step) - gradient(x + step))[linear] / (2 * h))
    size = len(linear) * np.log(2 * np.pi)
    return 0.5 * (np.linalg.slogdet(np.stack(rows))[1] - size)


@pytest.mark.parametrize("case", CASES)
def test_latents_give_the_effects(case):
    """By the map of the structure, which predicts new levels with them."""
    _, design, priors = designed(case)
    program = write_program(design, priors)
    x = program.start + np.random.default_rng(7).normal(0, 0.4, (3, program.n_dim))
    out = expand(program, x)
    for group in (g for p in design.predictors.values() for g in p.groups if g.structure):
        for draw in range(3):
            hyper = {h.stem: out[group.hyper_name(h)][draw] for h in group.hyper}
            unit = group.factor.effect(out[group.latents][draw], hyper, NUMPY)
            L = out[f"corr_chol_{group.name}"][draw] if group.wide else np.eye(len(group.terms))
            effects = unit @ (out[f"sd_{group.name}"][draw][:, None] * L).T
            np.testing.assert_allclose(out[f"u_{group.name}"][draw], effects, atol=1e-10)


@pytest.mark.parametrize("name", ["ou", "pagel", "brownian", "pedigree", "kinship"])
def test_entries_of_laws_are_those_of_the_field(name):
    structure = structures()[name]
    column = "tip" if structure.kind == "lineage" else "animal"
    factor = structure.prepare(np.unique(table()[column].to_numpy(np.str_)))
    law, field = law_of(factor), factor.field()
    assert law is not None
    for value in (0.1, 0.6, 0.95):
        hyper = {h.stem: value for h in structure.hyper}
        exact = field.precision.matrix(hyper).toarray()
        np.testing.assert_allclose(
            law.matrix(law.at(np.array(value))).toarray(), exact, rtol=1e-9, atol=1e-11
        )


def test_neighbours_decide_the_order_of_elimination():
    """A star's centre goes after its points, and late columns go last as they are."""
    points = np.arange(1, 8)
    order = fewest_neighbours(10, points, np.zeros(7, np.int64), np.array([9, 8]))
    assert order.tolist().index(0) >= 6
    assert order.tolist()[-2:] == [9, 8]
    assert sorted(order.tolist()) == list(range(10))


def test_the_price_of_a_factor_decides_the_coordinates(monkeypatch):
    """Cheap ones are computed at each gradient, dear ones interpolated, dearer ones left to the graph."""
    spec, design, priors = designed("brownian")
    levels = design.groups[0].index
    effects = np.random.default_rng(1).normal(1, 1.5, levels.max() + 1)
    counts = np.random.default_rng(2).poisson(np.exp(effects[levels])).astype(float)
    design = replace(design, response=counts)
    assert compile_model(spec, design, priors, "auto").path == "adaptive"
    monkeypatch.setattr(choose, "PER_UNIT_ADAPTIVE", -np.inf)
    monkeypatch.setattr(choose, "ROUGHER", np.inf)
    assert compile_model(spec, design, priors, "auto").path == "taylor"
    monkeypatch.setattr(
        choose, "scales", lambda found, fold: (*scales(found, fold)[:2], {"sd": 1.0})
    )
    assert choose.choose_coordinates(design, priors).kind == "adaptive"  # with a mirror image
    monkeypatch.setattr(choose, "PER_UNIT", -np.inf)
    assert choose.choose_coordinates(design, priors).kind == "plain"


def test_a_level_at_the_root_stays_on_the_graph():
    """Its effect is zero, and no node's."""
    structure = bg.lineage("(a:1,b:2)root;")
    assert law_of(structure.prepare(structure.labels)) is None
    related = law_of(structure.prepare(np.array(["a", "b"])))
    assert related is not None
    assert related.size == 2


def test_the_likelihood_of_waves_is_the_dense_normal():
    """At its maximum by SciPy, from the columns and their sizes."""
    x = np.random.default_rng(3).uniform(0, 6, 70)
    data = pd.DataFrame({"x": x, "y": np.sin(x) + np.random.default_rng(4).normal(0, 0.3, 70)})
    found = bg.maximum_likelihood("y ~ hsgp(x, k=8)", data)
    at = found.set_index("parameter")["estimate"]
    prepared = prepare(resolve_spec("y ~ hsgp(x, k=8)"), data)
    smooth = prepared.require()[1].mu.smooths[0]
    sd = next(value for name, value in at.items() if name.startswith("sd_hsgp_x"))
    sizes = sd * smooth.scales({"range": at["range_hsgp_x"]}, NUMPY)
    K = (smooth.basis * sizes**2) @ smooth.basis.T + at["sigma"] ** 2 * np.eye(70)
    exact = stats.multivariate_normal(np.full(70, at["intercept"]), K).logpdf(data["y"])
    assert found.attrs["log_likelihood"] == pytest.approx(exact, abs=1e-6)


def test_coordinates_that_diverge_give_way(monkeypatch):
    """To dearer ones at the same acceptance; a note says so."""
    spec, design, priors = designed("brownian")
    monkeypatch.setattr(choose, "PER_UNIT_ADAPTIVE", -np.inf)
    monkeypatch.setattr(choose, "ROUGHER", np.inf)
    monkeypatch.setattr(choose, "scales", lambda found, fold: scales(found, False))
    monkeypatch.setattr(run, "_divergences", lambda chains: 3)
    settings = choose_settings(draws=50, tune=50, chains=1, seed=2, progress=False)
    drawn = run.sample(spec, design, priors, settings, {})
    assert (drawn.path, drawn.target_accept) == ("adaptive", 0.8)
    assert "3 divergences" in drawn.notes[0] and "factor for every gradient" in drawn.notes[0]


def test_a_fit_says_how_it_was_sampled():
    """And predicts levels without rows from its latents."""
    data, formula = table(), "c ~ x + (1 | gr(area, bym2))"
    given = {"family": "poisson", "structures": {"bym2": structures()["bym2"]}, "seed": 1}
    tree = bg.fit(formula, data, draws=1_000, chains=4, progress=False, **given)
    assert tree.attrs["mode"] == "adaptive"
    far = data.head(1).assign(area=AREAS[0])
    assert AREAS[0] not in set(data["area"])
    found = bg.predictions(tree, far, groups="new")
    assert np.isfinite(found["mean"]).all()


@pytest.mark.slow
@pytest.mark.parametrize("case", sorted(set(CASES) - {"series of numbers"}))
def test_fits_are_those_of_the_graph(case):
    """Means and spreads of all that is sampled, by both engines.

    Of a series of numbers with as much noise the graph diverges where the noise is near zero. Spreads
    of waves of high frequency, a ten-thousandth of others, are those of the range's far tail.
    """
    family, formulas = CASES[case]
    used = {k: s for k, s in structures().items() if any(f", {k})" in f for f in formulas.values())}
    given = {"family": family, "structures": used or None, "seed": 3, "progress": False}
    fits = [
        bg.fit(formulas, table(), engine=e, chains=2, draws=2_000, **given)
        for e in ("auto", "nuts")
    ]
    a, b = (fit["posterior"].to_dataset() for fit in fits)
    assert set(a.data_vars) == set(b.data_vars)
    for name in a.data_vars:
        if name.startswith("z_"):
            continue
        x, y = (v[name].values.reshape(2, 2_000, -1) for v in (a, b))
        errors = [
            v.reshape(2, 20, 100, -1).mean(axis=2).std(axis=(0, 1)) / np.sqrt(40) for v in (x, y)
        ]
        apart = np.abs(x.mean(axis=(0, 1)) - y.mean(axis=(0, 1))) / np.hypot(*errors).clip(1e-12)
        assert apart.max() < 5, (name, apart.max())
        spans = [np.diff(np.quantile(v, [0.25, 0.75], axis=(0, 1)), axis=0)[0] for v in (x, y)]
        wide = spans[1] > max(1e-9, 0.02 * spans[1].max())
        spread = spans[0][wide] / spans[1][wide]
        assert ((spread > 0.8) & (spread < 1.25)).all(), (name, spread)
