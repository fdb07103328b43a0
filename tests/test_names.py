"""A column may have any name: the answers are those of the same table with plain names."""

from __future__ import annotations

import functools

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import bayes_glmm as bg
from bayes_glmm.errors import BayesGLMMError
from tests.canned import tree_of

FEW = {"draws": 20, "tune": 30, "chains": 1, "progress": False}
pytestmark = pytest.mark.filterwarnings("ignore::bayes_glmm.errors.UnconvergedWarning")
TAKEN = [
    "beta", "sigma", "intercept", "y", "offset", "X", "response", "mu", "chain", "draw", "sample",
    "coefficient", "observation", "intercept_prior", "site_term", "sd_site", "u_site", "index_site",
    "corr_site", "Z_site", "site_term_other",
]  # fmt: skip
HOSTILE = [
    "a b",
    "a/b",
    "a.b",
    "Größe",
    "_x",
    "1",
    "12ab",
    "x" * 300,
    " ",
    "µ",
    "\t",
    "'",
    '"',
    "a\\b",
]
COLUMNS = [
    "mean", "sd", "eti89_lb", "row", "rows", "chain", "draw", "variable", "contrast", "measure",
    "category", "level", "observed", "fitted", "mcse", "observation", "column_0", "a/b", "intercept",
]  # fmt: skip


QUICK = ("beta", "y", "site_term", "a/b", "mean", "rows", "draw", "contrast")


def marked(names):
    """The names, most of them for the long run alone."""
    return [pytest.param(n, marks=() if n in QUICK else pytest.mark.slow) for n in names]


@functools.cache
def table():
    rng = np.random.default_rng(3)
    n = 120
    return pd.DataFrame({
        "k": rng.poisson(3, n), "x": rng.normal(size=n), "f": rng.choice(list("uv"), n),
        "ward": np.repeat(list("abcdef"), 20), "site": np.tile(list("klmno"), 24),
    })  # fmt: skip


def named(formula, data, **options):
    """Return all that has a name in the graph."""
    model = bg.build_model(formula, data, **options)
    return [*model.named_vars, *model.coords]


@functools.cache
def names_of_plain():
    data = table().assign(k=table()["k"] * 1.5)
    return len(named("k ~ x + (1 + x | ward) + (1 + x | site)", data))


@pytest.mark.parametrize("name", marked([*TAKEN, "reference_beta", *HOSTILE]))
def test_variables_and_dimensions_of_the_graph_have_names_of_their_own(name):
    data = table().rename(columns={"ward": name}).assign(k=table()["k"] * 1.5)
    names = named(f"k ~ x + (1 + x | `{name}`) + (1 + x | site)", data)
    assert len(names) == len(set(names)) == names_of_plain()


@pytest.mark.parametrize(
    "first",
    [
        "beta_zi",
        *(pytest.param(n, marks=pytest.mark.slow) for n in ("beta", "zi", "X_zi", "Z_site_zi")),
    ],
)
def test_so_have_those_of_further_formulas(first):
    data = table().rename(columns={"ward": first})
    formula = {"mu": f"k ~ x + (1 | `{first}`) + (1 + x | site)", "zi": "~ x + (1 + x | site)"}
    names = named(formula, data, family="zero_inflated_poisson")
    assert len(names) == len(set(names))


def test_names_that_are_free_stay():
    data = table().rename(columns={"ward": "status", "site": "trials"})
    names = named("k ~ x + (1 | status) + (1 | trials)", data, family="poisson")
    assert {"u_status", "u_trials"} <= set(names)


def test_two_groups_that_would_have_one_name_are_refused_with_both_columns():
    data = table().rename(columns={"ward": "a b", "site": "a_b"})
    (error,) = bg.check("k ~ x + (1 | `a b`) + (1 | a_b)", data, family="poisson").errors
    assert "'a b' and 'a_b'" in error.message and "rename" in error.message


def test_two_ordered_covariates_of_one_name_are_refused():
    data = table().assign(**{"a b": np.arange(120) % 3, "a_b": np.arange(120) % 4})
    (error,) = bg.check("k ~ mo(`a b`) + mo(a_b)", data, family="poisson").errors
    assert "mo(a b)" in error.message and "mo(a_b)" in error.message


def everything(formula, data, group, path):
    """Fit, answer, save, load and report: the draws and the levels' effects."""
    tree = bg.fit(formula, data, family="poisson", **FEW)
    bg.summary(tree)
    bg.diagnose(tree)
    loaded = bg.load(bg.save(tree, path / "fit.nc"))
    assert loaded.identical(tree)
    effects = bg.random_effects(loaded, group)
    known = bg.predictions(loaded, data, groups="known")
    numbers = [v.values.ravel() for v in tree["posterior"].data_vars.values()]
    numbers += [effects["mean"], known["mean"], bg.rank(loaded, group)["expected_rank"]]
    return np.concatenate(numbers), loaded


@functools.cache
def as_plain(path):
    return everything("k ~ x + (1 | ward) + (1 | site)", table(), "ward", path)[0]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("names")


@pytest.mark.parametrize("name", marked([*TAKEN, *HOSTILE]))
def test_a_group_of_any_name_gives_the_same_draws_and_is_found_by_it(name, folder):
    data = table().rename(columns={"ward": name})
    found, tree = everything(f"k ~ x + (1 | `{name}`) + (1 | site)", data, name, folder)
    np.testing.assert_allclose(found, as_plain(folder), rtol=1e-9)
    if name == "beta":
        assert bg.report(tree, folder / "page.html").stat().st_size > 10_000


@functools.cache
def canned(x="x", f="f"):
    data = table().rename(columns={"x": x, "f": f})
    truth = {"intercept": 1.0, "beta": [0.2, -0.3], "sd_ward": [0.4], "u_ward": np.zeros((6, 1))}
    return tree_of(f"k ~ `{x}` + `{f}` + (1 | ward)", data, truth, family="poisson"), data


@pytest.mark.parametrize("name", marked(COLUMNS))
def test_covariates_named_as_columns_of_answers_stay_beside_them(name):
    mpl.use("Agg")
    plain, _ = canned()
    number, data = canned(x=name)
    factor, _ = canned(f=name)
    pairs = [
        (bg.predictions(number, data), bg.predictions(plain)),
        (bg.predictions(factor, by=name), bg.predictions(plain, by="f")),
        (bg.comparisons(number, name, by="f"), bg.comparisons(plain, "x", by="f")),
        (bg.comparisons(factor, "x", by=[name]), bg.comparisons(plain, "x", by=["f"])),
        (bg.slopes(factor, "x", by=name), bg.slopes(plain, "x", by="f")),
    ]
    for found, expected in pairs:
        assert found.shape == expected.shape and found.columns.is_unique
        np.testing.assert_allclose(found["mean"], expected["mean"])
        np.testing.assert_allclose(found["sd"], expected["sd"])
    by = pairs[1][0].iloc[:, 0]
    assert by.tolist() == ["u", "v"] and by.name in (name, f"{name}_column")
    assert bg.comparisons(factor, "x", by=name, draws=True).sizes["row"] == 2
    found, expected = bg.residuals(number), bg.residuals(plain)
    np.testing.assert_allclose(found["residual"], expected["residual"])
    lines = [
        bg.plot_predictions(t, v).lines[0].get_ydata() for t, v in ((number, name), (plain, "x"))
    ]
    np.testing.assert_allclose(*lines)
    bg.plot_predictions(factor, "x", by=name)
    bg.plot_trajectories(number, name, "ward", by="f", n=3)
    plt.close("all")


def test_integer_names_and_an_index_named_as_a_column():
    data = table().rename(columns={"x": 1})
    data.index = pd.Index(np.arange(120) + 500, name="f")
    truth = {"intercept": 1.0, "beta": [0.2, -0.3]}
    tree = tree_of("k ~ `1` + f", data.reset_index(drop=True), truth, family="poisson")
    found = bg.predictions(tree, data, by="f")
    np.testing.assert_allclose(found["mean"], bg.predictions(tree, by="f")["mean"])
    assert bg.predictions(tree, data)["row"].tolist()[:2] == [500, 501]
    assert not bg.check("k ~ `1` + f", data, family="poisson").errors


def test_two_columns_that_are_one_as_text_are_refused():
    data = table().assign(**{"1": 0.0}).rename(columns={"x": 1})
    with pytest.raises(BayesGLMMError, match="2 columns named '1'"):
        bg.build_model("k ~ `1`", data, family="poisson")


def test_times_beside_effects_of_rows():
    """Rows with the identifiers and values of training rows are these rows, times included."""
    data = table().assign(day=pd.date_range("2024-01-01", periods=6).repeat(20))
    days = data["day"].nunique()
    truth = {
        "intercept": 1.0, "beta": [0.2], "sd_day": [0.3], "u_day": np.zeros((days, 1)),
        "sd_observation": [0.5], "u_observation": np.linspace(-1, 1, 120)[:, None],
    }  # fmt: skip
    tree = tree_of("k ~ x + (1 | day) + (1 | observation)", data, truth, family="poisson")
    known = bg.predictions(tree, groups="known")["mean"].to_numpy()
    np.testing.assert_allclose(bg.predictions(tree, data, groups="known")["mean"], known)
    moved = data.assign(day=data["day"].iloc[::-1].to_numpy())
    with pytest.raises(BayesGLMMError, match="new row"):
        bg.predictions(tree, moved, groups="known")
