"""Counts of equal rows say what the rows say, and what cannot be counted is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayes_glmm as bg
from bayes_glmm.engine import merge
from bayes_glmm.engine.kernel import log_density
from bayes_glmm.engine.program import write_program
from bayes_glmm.errors import DataError, MissingDataError, SpecError
from bayes_glmm.fitting.prepare import prepare
from bayes_glmm.studies import row_counting
from tests.basis import in_basis

N = 20_000


def rows(seed=0, n=N):
    rng = np.random.default_rng(seed)
    age = pd.Categorical(rng.choice(["young", "old"], n), ["young", "old"], ordered=True)
    table = pd.DataFrame({"age": age, "dose": rng.integers(0, 4, n) / 2})
    table["site"] = rng.choice([f"s{i}" for i in range(7)], n)
    table["eta"] = -0.5 + 0.4 * (age == "old") - 0.3 * table["dose"]
    table["days"] = rng.uniform(0.5, 20, n)
    table["yes"] = rng.binomial(1, 1 / (1 + np.exp(-table["eta"])))
    table["n"] = rng.integers(1, 9, n)
    table["k"] = rng.binomial(table["n"], 1 / (1 + np.exp(-table["eta"])))
    table["events"] = rng.poisson(np.exp(table["eta"]) * table["days"])
    table["weight"] = 70 + 3 * table["eta"] + rng.normal(0, 2, n)
    return table


def eta_of(data, at):
    u = dict(zip([f"s{i}" for i in range(7)], at[3:10], strict=True))
    old = (data["age"].astype(str) == "old").to_numpy()
    return at[0] + at[1] * old + at[2] * data["dose"].to_numpy() + data["site"].map(u).to_numpy()


def row_density(family, data, at):
    eta = eta_of(data, at)
    p = 1 / (1 + np.exp(-eta))
    match family:
        case "bernoulli":
            return stats.bernoulli.logpmf(data["yes"], p).sum()
        case "binomial":
            return stats.binom.logpmf(data["k"], data["n"], p).sum()
        case "poisson":
            return stats.poisson.logpmf(data["events"], np.exp(eta) * data["days"]).sum()
        case "gaussian":
            return stats.norm.logpdf(data["weight"], eta, 2.5).sum()
    raise AssertionError(family)


def cell_density(family, data, at):
    eta = eta_of(data, at)
    p = 1 / (1 + np.exp(-eta))
    match family:
        case "bernoulli":
            return stats.binom.logpmf(data["yes"], data["rows"], p).sum()
        case "binomial":
            return stats.binom.logpmf(data["k"], data["n"], p).sum()
        case "poisson":
            return stats.poisson.logpmf(data["events"], np.exp(eta) * data["days"]).sum()
        case "gaussian":
            return (data["rows"] * stats.norm.logpdf(data["weight"], eta, 2.5)).sum()
    raise AssertionError(family)


TERMS = "age + dose + (1 | site)"
MODELS = {
    "bernoulli": (f"yes ~ {TERMS}", {}),
    "binomial": (f"k | trials(n) ~ {TERMS}", {}),
    "poisson": (f"events ~ {TERMS}", {"exposure": "days"}),
    "gaussian": (f"weight ~ {TERMS}", {}),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Parquet files of the rows, in two folders and one file more."""
    path = tmp_path_factory.mktemp("parquet") / "rows"
    path.mkdir()
    table = rows()
    table.iloc[:6000].to_parquet(path / "a.parquet")
    table.iloc[6000:].to_parquet(path / "b.parquet")
    return path


@pytest.mark.parametrize("family", MODELS)
def test_counts_have_the_density_of_the_rows(family, folder, monkeypatch):
    monkeypatch.setattr(row_counting, "BATCH", 3000)
    formula, options = MODELS[family]
    found = bg.collapse(folder, formula, family=family, **options)
    assert found.n_rows == N
    assert len(found.data) == 56 * (2 if family == "gaussian" else 1)
    rng = np.random.default_rng(1)
    for _ in range(5):
        at = np.concatenate([[-0.4, 0.3, -0.2], rng.normal(0, 0.5, 7)])
        at[0] += 68 if family == "gaussian" else 0
        known = row_density(family, rows(), at)
        assert cell_density(family, found.data, at) + found.constant == pytest.approx(
            known, abs=1e-10 * N
        )
    assert bg.check(found.spec, found.data).errors == ()
    assert list(found.data["age"].cat.categories) == ["young", "old"]
    assert found.data["age"].cat.ordered


def test_a_table_and_a_file_give_the_same_whatever_the_batches(folder, monkeypatch):
    formula, options = MODELS["poisson"]
    whole = bg.collapse(rows(), formula, family="poisson", **options)
    monkeypatch.setattr(row_counting, "BATCH", 1000)
    parts = bg.collapse(folder, formula, family="poisson", **options)
    pd.testing.assert_frame_equal(whole.data, parts.data, rtol=1e-12)
    assert parts.constant == pytest.approx(whole.constant, rel=1e-12)


def test_without_exposure_rows_are_the_exposure():
    found = bg.collapse(rows(), "events ~ age", family="poisson")
    assert found.spec.exposure == "rows"
    assert found.data["rows"].sum() == N
    assert found.data["events"].sum() == rows()["events"].sum()


def test_continuous_covariates_are_refused_with_their_numbers():
    with pytest.raises(DataError, match=r"20,000 distinct cells.*'days' 20,000.*bins") as error:
        bg.collapse(rows(), "yes ~ age + days", family="bernoulli")
    assert "'days' first" in str(error.value)
    with pytest.raises(DataError, match="max_cells=5 asks for"):
        bg.collapse(rows(), "yes ~ age + dose", family="bernoulli", max_cells=5)


@pytest.mark.parametrize(
    ("formula", "options", "what"),
    [
        ("yes ~ scale(dose)", {"family": "bernoulli"}, r"scale\(\) learns from all rows"),
        ("yes ~ s(dose)", {"family": "bernoulli"}, r"s\(\) learns from all rows"),
        ("events ~ age", {"family": "negative_binomial"}, "not described by sums"),
        ("events ~ age", {"family": "poisson", "link": "identity"}, "log link alone"),
        ("events ~ age + (1 | observation)", {"family": "poisson"}, "nothing is equal"),
        ("weight | se(days) ~ age", {}, r"se\(\) beside the response"),
    ],
)
def test_what_counts_cannot_say_is_refused(formula, options, what):
    with pytest.raises(SpecError, match=what):
        bg.collapse(rows(n=50), formula, **options)


def test_holes_and_wrong_values_are_named():
    table = rows(n=400)
    table.loc[[3, 9], "dose"] = np.nan
    with pytest.raises(MissingDataError, match="2 of the first rows have missing values in 'dose'"):
        bg.collapse(table, "yes ~ dose", family="bernoulli")
    found = bg.collapse(table, "yes ~ dose", family="bernoulli", missing="drop")
    assert (found.n_rows, found.n_dropped) == (398, 2)
    with pytest.raises(DataError, match="values above 1"):
        bg.collapse(rows(n=400), "n ~ dose", family="bernoulli")
    with pytest.raises(MissingDataError, match="no column 'doze'.*'dose'"):
        bg.collapse(table, "yes ~ doze", family="bernoulli")
    with pytest.raises(DataError, match="no file or folder"):
        bg.collapse("nowhere.parquet", "yes ~ dose", family="bernoulli")


def test_a_response_of_words_counts_its_success():
    table = rows(n=400)
    words = table.assign(yes=np.where(table["yes"] == 1, "ill", "well"))
    found = bg.collapse(words, "yes ~ age", family="bernoulli", success="ill")
    known = bg.collapse(table, "yes ~ age", family="bernoulli")
    pd.testing.assert_frame_equal(found.data, known.data)


PRIORS = {
    "intercept": bg.Prior("Normal", mu=0, sigma=2),
    "beta": bg.Prior("Normal", mu=0, sigma=1),
    "sd": bg.Prior("HalfNormal", sigma=1),
}


def cells_and_rows(family, table):
    """The collapsed model, and the rows with the same priors."""
    formula, options = MODELS[family]
    options = {"family": family, "priors": PRIORS, **options}
    found = bg.collapse(table, formula, **options)
    return found, ((formula, table, options), (found.spec, found.data, {}))


@pytest.mark.parametrize("family", ["bernoulli", "binomial", "poisson"])
def test_the_engine_has_one_density_for_cells_and_rows(family):
    """To 1e-10 for each of 100,000 rows; the intercept's prior is at the same means of both."""
    found, models = cells_and_rows(family, rows(n=100_000))
    programs = []
    for model, data, options in models:
        prepared = prepare(model, data, **options)
        design = prepared.require()[1]
        programs.append(write_program(*in_basis(prepared.spec, design)))
    (whole, cells), rng = programs, np.random.default_rng(2)
    moved = cells.design.mu.centers - whole.design.mu.centers
    np.testing.assert_allclose(moved, 0, atol=1e-12)
    for _ in range(5):
        x = whole.start + rng.normal(0, 0.05, whole.n_dim)
        values = [log_density(p.buffer, x, np.empty_like(x)) for p in (whole, cells)]
        assert values[0] == pytest.approx(values[1] + found.constant, abs=1e-10 * 100_000)


@pytest.mark.slow
@pytest.mark.parametrize("family", ["bernoulli", "poisson"])
def test_fits_of_cells_and_of_rows_are_one(family, monkeypatch):
    """100,000 rows, none of which the engine may sum, beside their 56 cells."""
    monkeypatch.setattr(merge, "WORTH", 0.0)
    _, models = cells_and_rows(family, rows(n=100_000))
    fits = [
        bg.summary(bg.fit(model, data, draws=1000, chains=2, progress=False, **options))
        for model, data, options in models
    ]
    whole, cells = (f.set_index("parameter") for f in fits)
    assert list(whole.index) == list(cells.index)
    error = np.hypot(whole["mcse"], cells["mcse"])
    assert ((whole["mean"] - cells["mean"]).abs() < 4 * error).all()
    assert (whole["sd"] / cells["sd"]).between(0.85, 1.15).all()
