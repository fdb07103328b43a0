"""A structure through the whole flow: arguments, draws, answers, files."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayes_glmm as bg
from bayes_glmm.errors import (
    ArgumentError,
    ArgumentTypeError,
    DataError,
    DesignError,
    EngineError,
    ResultError,
    SpecError,
    UnknownLevelError,
)
from bayes_glmm.fitting.prepare import prepare
from bayes_glmm.model.default_priors import resolve_priors
from bayes_glmm.results.fit import Fit, make_tree
from bayes_glmm.studies.prior_predictive import draw_parameters
from tests.structures.oracle import random_pedigree, tabular

TEXT = "y ~ x + (1 | gr(animal, A))"
ROWS = random_pedigree(np.random.default_rng(1), 6, 24)
A = tabular(ROWS)
WITH_DATA = sorted(A.index)[::2]


def table(seed: int = 2, ids=WITH_DATA, each: int = 3) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    animal = np.repeat(np.asarray(ids, dtype=object), each)
    n = len(animal)
    return pd.DataFrame({"animal": animal, "x": rng.normal(size=n), "y": rng.normal(size=n)})


def tree_of(formula: str, structure, draws: int = 4000, data=None, **options):
    """Make a result whose draws are those of the prior: every law of it is known."""
    prepared = prepare(formula, table() if data is None else data, {"A": structure}, **options)
    schema, design = prepared.require()
    priors = resolve_priors(prepared.spec, design)
    drawn = draw_parameters(design, priors, draws, np.random.default_rng(3))
    stats_of = {"diverging": np.zeros((4, draws // 4), bool)}
    info = {
        "seed": 1, "settings": {"draws": draws}, "versions": {}, "data_hash": "0",
        "structures": {"A": structure.identity()},
    }  # fmt: skip
    return make_tree(
        {k: v.reshape(4, draws // 4, *v.shape[1:]) for k, v in drawn.items()}, stats_of,
        prepared.spec, schema, design, prepared.data, priors, info, prepared.structures,
    )  # fmt: skip


@pytest.fixture(scope="module", params=["pedigree", "kinship"])
def structure(request):
    return bg.pedigree(ROWS) if request.param == "pedigree" else bg.kinship(A)


@pytest.fixture(scope="module")
def tree(structure):
    return tree_of(TEXT, structure, family="bernoulli", data=table().assign(y=[0, 1, 1] * 15))


def effects(tree) -> tuple[np.ndarray, np.ndarray]:
    u = tree["posterior"]["u_animal"].values[..., 0].reshape(-1, len(WITH_DATA))
    return u, tree["posterior"]["sd_animal"].values.reshape(-1, 1)


def test_prior_draws_have_the_matrix_as_covariance(tree):
    """Quadratic forms by the tabular matrix are chi-square with as many degrees as levels."""
    u, sd = effects(tree)
    K = A.loc[WITH_DATA, WITH_DATA].to_numpy()
    form = np.einsum("di,ij,dj->d", u / sd, np.linalg.inv(K), u / sd)
    assert stats.kstest(form, stats.chi2(len(WITH_DATA)).cdf).pvalue > 1e-3
    np.testing.assert_allclose(np.cov((u / sd).T), K, atol=0.12)


def test_answers_name_levels_and_parameters(tree):
    names = bg.summary(tree)["parameter"].tolist()
    assert names == ["intercept", "x", "sd_animal[intercept]"]
    assert bg.random_effects(tree, "animal")["level"].tolist() == WITH_DATA
    assert bg.coefficients(tree, "animal").shape[0] == len(WITH_DATA)
    assert tree["posterior"]["z_animal"].dims == ("chain", "draw", "animal_node", "animal_term")


def test_population_has_the_mean_variance_of_the_levels(tree):
    """By a plain average over many draws of a level with the mean of the diagonal."""
    new = pd.DataFrame({"x": [0.5]})
    got = bg.predictions(tree, new, groups="population", draws=True).values.reshape(-1)
    post = tree["posterior"]
    eta = (post["intercept"] + 0.5 * post["beta"][..., 0]).values.reshape(-1, 1)
    _, sd = effects(tree)
    wide = np.sqrt(np.diag(A.loc[WITH_DATA, WITH_DATA]).mean())
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    exact = (1 / (1 + np.exp(-(eta + sd * wide * nodes)))) @ (weights / weights.sum())
    some = sd[:, 0] < 3
    np.testing.assert_allclose(got[some], exact[some], atol=1e-4)
    typical = bg.predictions(tree, new, groups="typical", draws=True).values.reshape(-1)
    np.testing.assert_allclose(typical, 1 / (1 + np.exp(-eta[:, 0])), rtol=1e-12)


def new_effects(tree, rows: pd.DataFrame) -> np.ndarray:
    """Return what new levels add, on the link scale, shape (n_draws, n_rows)."""
    rows = rows.assign(x=0.0)
    p = bg.predictions(tree, rows, groups="new", draws=True).values.reshape(-1, len(rows))
    none = bg.predictions(tree, rows, groups="typical", draws=True).values.reshape(-1, len(rows))
    with np.errstate(divide="ignore"):
        return np.log(p / (1 - p)) - np.log(none / (1 - none))


def conditional(K: pd.DataFrame, wanted: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return the regression of some levels on those with data, and what it leaves open."""
    given = K.loc[WITH_DATA, WITH_DATA].to_numpy()
    across = K.loc[WITH_DATA, wanted].to_numpy()
    slope = np.linalg.solve(given, across).T
    return slope, K.loc[wanted, wanted].to_numpy() - slope @ across


def assert_conditional(tree, rows, K, wanted):
    u, sd = effects(tree)
    slope, left = conditional(K, wanted)
    fine = (sd[:, 0] > 0.2) & (sd[:, 0] < 2) & (np.abs(u).max(axis=1) < 6)
    rest = ((new_effects(tree, rows) - u @ slope.T) / sd)[fine]
    assert np.isfinite(rest).all()
    n = len(rest)
    assert n > 1000
    np.testing.assert_allclose(rest.mean(axis=0), 0, atol=5 * np.sqrt(np.diag(left).max() / n))
    np.testing.assert_allclose(np.cov(rest.T).reshape(left.shape), left, atol=6 / np.sqrt(n))
    apart = np.corrcoef(np.hstack([rest, u[fine]]).T)[: len(wanted), len(wanted) :]
    assert np.abs(apart).max() < 5.5 / np.sqrt(n)


def test_levels_without_data_are_predicted_from_their_relatives(tree):
    """Mean and covariance are those of the conditional normal, by the tabular matrix."""
    wanted = sorted(set(A.index) - set(WITH_DATA))[:4]
    assert_conditional(tree, pd.DataFrame({"animal": wanted}), A, wanted)


def test_a_new_animal_is_predicted_from_its_parents():
    tree = tree_of(
        TEXT, bg.pedigree(ROWS), family="bernoulli", data=table().assign(y=[0, 1, 1] * 15)
    )
    a, b = WITH_DATA[0], WITH_DATA[3]
    pup = pd.DataFrame({"animal": ["pup"], "sire": [a], "dam": [b]})
    assert_conditional(tree, pup, tabular(pd.concat([ROWS, pup])), ["pup"])
    with pytest.raises(ArgumentError, match="'sire'"):
        bg.predictions(tree, pd.DataFrame({"animal": ["pup"], "x": [0.0]}), groups="new")


def test_a_matrix_refuses_levels_it_does_not_hold():
    tree = tree_of(TEXT, bg.kinship(A), draws=40)
    rows = pd.DataFrame({"animal": ["stranger"], "x": [0.0]})
    with pytest.raises(ArgumentError, match=r"'stranger' is related.*groups='population'"):
        bg.predictions(tree, rows, groups="new")
    with pytest.raises(UnknownLevelError, match="stranger"):
        bg.predictions(tree, rows, groups="known")


def test_known_rows_beside_new_ones_keep_their_effects(tree):
    unseen = sorted(set(A.index) - set(WITH_DATA))[0]
    rows = pd.DataFrame({"animal": [WITH_DATA[1], unseen, WITH_DATA[0]], "x": [0.0, 0.0, 0.0]})
    both = bg.predictions(tree, rows, groups="new", draws=True).values
    known = bg.predictions(tree, rows.iloc[[0, 2]], groups="known", draws=True).values
    np.testing.assert_array_equal(both[..., [0, 2]], known)


def test_a_saved_result_holds_its_structure(tree, structure, tmp_path):
    again = bg.load(bg.save(tree, tmp_path / "fit.nc"))
    assert Fit.of(again).structures["A"].identity() == structure.identity()
    wanted = pd.DataFrame({"animal": sorted(set(A.index) - set(WITH_DATA))[:2], "x": 0.0})
    pd.testing.assert_frame_equal(
        bg.predictions(again, wanted, groups="new"), bg.predictions(tree, wanted, groups="new")
    )


def test_a_file_without_its_structure_is_refused(tmp_path):
    tree = tree_of(TEXT, bg.kinship(A), draws=40)
    path = bg.save(tree, tmp_path / "fit.nc")
    other = bg.kinship(A, jitter=0.1)
    changed = tree.copy()
    record = json.loads(changed.attrs["bayes_glmm"])
    record["structures"]["A"]["hash"] = other.identity()["hash"]
    changed.attrs["bayes_glmm"] = json.dumps(record)
    with pytest.raises(ResultError, match="not the one that was fitted"):
        bg.load(bg.save(changed, path))
    del tree["structures"]
    with pytest.raises(ResultError, match="structure 'A' is missing"):
        bg.load(bg.save(tree, path))


def test_the_graph_makes_the_same_effects_from_the_latents(structure):
    """PyMC's own function on the posterior, against the effects that NumPy made."""
    import pymc as pm
    from pytensor.compile.mode import Mode

    data = table()
    tree = tree_of("y ~ 1 + (1 + x | gr(animal, A))", structure, draws=40, data=data)
    model = bg.build_model("y ~ 1 + (1 + x | gr(animal, A))", data, structures={"A": structure})
    given = tree["posterior"].to_dataset()
    found = pm.compute_deterministics(
        given.drop_vars(["u_animal", "corr_animal"]), model=model, var_names=["u_animal"],
        compile_kwargs={"mode": Mode(linker="py", optimizer="fast_compile")}, progressbar=False,
    )  # fmt: skip
    np.testing.assert_allclose(found["u_animal"], given["u_animal"], atol=1e-12)


def test_simulated_effects_have_the_matrix_as_covariance(structure):
    """Without noise, levels are the intercept plus effects whose form is chi-square."""
    data = table(each=1)
    K = A.loc[WITH_DATA, WITH_DATA].to_numpy()
    truth = {"intercept": 1.0, "beta": [0.0], "sd_animal": 2.0, "sigma": 1e-9}
    forms = []
    for seed in range(100):
        y = bg.simulate(TEXT, data, truth, seed, structures={"A": structure})["y"].to_numpy()
        forms.append((y - 1) @ np.linalg.solve(4 * K, y - 1))
    assert stats.kstest(forms, stats.chi2(len(K)).cdf).pvalue > 1e-3


def test_prior_predictive_takes_structures(structure):
    drawn = bg.prior_predictive(TEXT, table(), draws=20, structures={"A": structure})
    assert {"z_animal", "u_animal", "sd_animal"} <= set(drawn["prior"].data_vars)


def test_priors_and_checks_take_structures(structure):
    listed = bg.priors(TEXT, table(), structures={"A": structure})
    assert "sd_animal[intercept]" in listed["parameter"].tolist()
    assert not bg.check(TEXT, table(), structures={"A": structure}).errors


def test_names_must_agree():
    K = bg.kinship(A)
    with pytest.raises(SpecError, match=r"structure 'A'.*Did you mean 'a'"):
        bg.check(TEXT, table(), structures={"a": K})
    with pytest.raises(SpecError, match=r"structures=\{'A'"):
        bg.build_model(TEXT, table())
    with pytest.raises(ArgumentError, match="'B'.*no term"):
        bg.check(TEXT, table(), structures={"A": K, "B": K})
    with pytest.raises(ArgumentTypeError, match=r"bg\.kinship"):
        bg.check(TEXT, table(), structures={"A": A})
    with pytest.raises(ArgumentTypeError, match="Kinship"):
        bg.check(TEXT, table(), structures=K)


def test_levels_must_be_in_the_structure():
    K = bg.kinship(A)
    rows = table()
    rows.loc[4, "animal"] = rows.loc[4, "animal"].upper()
    found = bg.check(TEXT, rows, structures={"A": K})["structure_levels"]
    assert len(found) == 1
    assert repr(rows.loc[4, "animal"]) in found[0].message
    with pytest.raises(DesignError, match="It looks like"):
        bg.build_model(TEXT, rows, structures={"A": K})
    numbered = rows.assign(animal=pd.factorize(rows["animal"])[0])
    with pytest.raises(DesignError, match="lacks .* '0'"):
        bg.build_model(TEXT, numbered, structures={"A": K})
    with pytest.raises(DataError, match="dtype=str"):
        bg.build_model(TEXT, numbered.assign(animal=numbered["animal"] + 0.5), structures={"A": K})


def test_maximum_likelihood_refuses():
    with pytest.raises(EngineError, match=r"gr\(\)"):
        bg.maximum_likelihood(TEXT, table())


def test_every_parameter_may_have_related_levels(structure, tmp_path):
    """Effects on the mean and on the spread, each with latents of its own."""
    both = {"mu": TEXT, "sigma": "~ 1 + (1 | gr(animal, A))"}
    given = {"structures": {"A": structure}}
    names = {v.name for v in bg.build_model(both, table(), **given).free_RVs}
    assert {"z_animal", "z_sigma_animal", "sd_animal", "sd_sigma_animal"} <= names
    tree = bg.load(bg.save(tree_of(both, structure, draws=2000), tmp_path / "fit.nc"))
    post = tree["posterior"]
    unit = (post["u_sigma_animal"] / post["sd_sigma_animal"].values[..., None, :]).values
    form = unit.reshape(-1, len(WITH_DATA))
    K = A.loc[WITH_DATA, WITH_DATA].to_numpy()
    np.testing.assert_allclose(np.cov(form.T), K, atol=0.17)
    truth = {"intercept": 1.0, "beta": [0.0], "sd_animal": 0.0, "sd_sigma_animal": 1.0}
    rows = table(each=400)
    y = bg.simulate(both, rows, truth | {"intercept_sigma": 0.0}, seed=1, **given)["y"]
    spread = np.log(y.groupby(rows["animal"]).std())
    assert 0.4 < spread.std() < 2.5


def test_rows_without_ids_have_no_structure():
    with pytest.raises(DataError, match="add them as a column"):
        bg.build_model("y ~ x + (1 | gr(observation, A))", table(), structures={"A": bg.kinship(A)})


def test_an_engine_of_independent_levels_refuses():
    pytest.importorskip("jax")
    with pytest.raises(EngineError, match=r"gr\(\)"):
        bg.fit(
            TEXT, table().assign(y=[0, 1, 3] * 15), family="poisson",
            structures={"A": bg.kinship(A)}, engine="jax", progress=False,
        )  # fmt: skip


@pytest.mark.slow
def test_a_fit_has_the_graphs_variables_and_remembers_the_structure():
    """A short run in the kernel, and what the record says."""
    pedigree = bg.pedigree(ROWS)
    given = {"structures": {"A": pedigree}, "family": "poisson"}
    truth = {"intercept": 1.0, "beta": [0.5], "sd_animal": 0.7}
    data = bg.simulate(TEXT, table(each=4), truth, seed=1, **given)
    tree = bg.fit(TEXT, data, **given, draws=100, tune=200, chains=2, progress=False)
    record = json.loads(tree.attrs["bayes_glmm"])
    assert record["settings"]["path"] == "adaptive"
    kept = record["structures"]["A"]
    assert kept == {**pedigree.identity(), "notes": list(pedigree.notes())}
    assert {"kind", "first", "last", "hash"} <= set(kept)
    post = tree["posterior"]
    model = bg.build_model(TEXT, data, **given)
    assert set(post.data_vars) == {v.name for v in [*model.free_RVs, *model.deterministics]}
    unit = Fit.of(tree).design.mu.groups[0].factor.covariance({})
    np.testing.assert_allclose(unit, A.loc[WITH_DATA, WITH_DATA], atol=1e-12)
    assert abs(float(post["beta"].mean()) - 0.5) < 0.2
