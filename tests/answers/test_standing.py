"""One posterior, one answer: single rows, trials, weights and collapsed rows give the same averages."""

from __future__ import annotations

from functools import cache
from unittest import mock

import numpy as np
import pandas as pd
import pytest

import bayes_glmm as bg
from bayes_glmm.answers.predict.profiles import profile
from bayes_glmm.answers.predict.trajectories import trajectories
from bayes_glmm.errors import ArgumentError, DataError, ResultError, SpecError
from tests import canned

N, SITES = 900, [f"s{i}" for i in range(5)]
TERMS = "arm * dose + (1 + dose | site)"
CORR = np.array([[1.0, 0.3], [0.3, 1.0]])
SEVERAL = "what rows stand for"


@cache
def rows():
    """Patients in unequal arms, at unequal doses, watched for different times."""
    rng = np.random.default_rng(3)
    table = pd.DataFrame(
        {
            "arm": rng.choice(["old", "new", "none"], N, p=[0.6, 0.3, 0.1]),
            "dose": rng.choice([0.0, 1.0, 2.0, 4.0], N, p=[0.5, 0.2, 0.2, 0.1]),
            "site": rng.choice(SITES, N, p=[0.4, 0.3, 0.15, 0.1, 0.05]),
            "days": rng.uniform(0.5, 20, N),
        }
    )
    eta = -0.5 + 0.8 * (table["arm"] == "new") - 0.3 * table["dose"]
    p = 1 / (1 + np.exp(-eta))
    return table.assign(
        yes=rng.binomial(1, p), k=rng.binomial(3, p), three=3, count=rng.poisson(np.exp(eta)),
        events=rng.poisson(np.exp(eta) * table["days"]), weight=70 + 3 * eta + rng.normal(0, 2, N),
    )  # fmt: skip


def truth(family):
    u = np.random.default_rng(4).normal(0, 0.4, (len(SITES), 2))
    own = {"sigma": 2.0} if family == "gaussian" else {}
    return {"intercept": -0.5, "beta": [0.3, 0.8, -0.3, 0.2, -0.1], "sd_site": [0.5, 0.2],
            "corr_site": CORR, "u_site": u, **own}  # fmt: skip


def few_draws(formula, data, values, *, draws=15, **options):
    with mock.patch.multiple(canned, CHAINS=2, DRAWS=draws):
        return canned.tree_of(formula, data, values, **options)


MODELS = {
    "bernoulli": ("yes", "bernoulli", {}),
    "binomial": ("k | trials(three)", "binomial", {}),
    "poisson": ("count", "poisson", {}),
    "exposed": ("events", "poisson", {"exposure": "days"}),
    "gaussian": ("weight", "gaussian", {}),
}


@cache
def pair(name, draws=15):
    """One posterior of single rows, and of these collapsed."""
    left, family, options = MODELS[name]
    formula = f"{left} ~ {TERMS}"
    found = bg.collapse(rows(), formula, family=family, **options)
    assert len(found.data) < N / 5
    one = few_draws(formula, rows(), truth(family), draws=draws, family=family, **options)
    two = few_draws(
        found.spec.formula, found.data, truth(family), draws=draws, family=found.spec.family,
        exposure=found.spec.exposure,
    )  # fmt: skip
    return one, two


def mean(by, groups="population", **more):
    return lambda t: bg.predictions(t, by=by, groups=groups, draws=True, **more)


def effect(variable, **more):
    return lambda t: bg.comparisons(t, variable, draws=True, **more)


ARMS = {"contrast": ("old", "new")}
ASKED = {
    "mean": mean(True),
    "means": mean("arm"),
    "typical means": mean(["arm", "dose"], "typical"),
    "known means": mean("arm", "known"),
    "means by site": mean("site", "known"),
    "difference": effect("arm", contrast="pairwise"),
    "ratio": effect("arm", measure="ratio", groups="known", by="dose"),
    "step": effect("dose", groups="new"),
    "lift": effect("dose", measure="lift", groups="typical", contrast=(0, 4)),
    "link": effect("arm", scale="link"),
    "slope": lambda t: bg.slopes(t, "dose", by="arm", draws=True),
    "known slope": lambda t: bg.slopes(t, "dose", groups="known", draws=True),
    "shares": lambda t: bg.variance_partition(t, draws=True)["share"],
    "meta": lambda t: bg.meta_analysis(t, "site", "arm", **ARMS, draws=True),
    "rank": lambda t: bg.rank(t, "site", threshold=0.3).sort_values("level")[["p_above"]],
    "profile": lambda t: profile(t, "dose", "arm")[["mean", "sd"]],
    "known profile": lambda t: profile(t, "arm", groups="known")[["mean", "sd"]],
    "curve": lambda t: trajectories(t, "dose", "site").average[["mean"]],
    "new curve": lambda t: trajectories(t, "dose", "site", "arm").new[["mean"]],
}
PROBABILITY = {
    "odds ratio": effect("arm", measure="odds_ratio"),
    "number needed": lambda t: bg.number_needed(t, "arm")[["number_needed", "difference"]],
    "data shares": lambda t: bg.variance_partition(t, "data", draws=True)["share"],
    "risk": lambda t: bg.meta_analysis(t, "site", "arm", "difference", **ARMS, draws=True),
}
RATES = {
    "per": mean("arm", per=1000.0),
    "rate difference": effect("arm", per=100.0, groups="known"),
    "rates": lambda t: bg.meta_analysis(t, "site", "arm", "difference", **ARMS, draws=True),
}
DATA_SHARES = {"data shares": PROBABILITY["data shares"]}
MORE = {"bernoulli": PROBABILITY, "binomial": PROBABILITY, "exposed": RATES,
        "poisson": DATA_SHARES, "gaussian": DATA_SHARES}  # fmt: skip
CASES = [(m, a) for m in MODELS for a in (*ASKED, *MORE[m])]


@pytest.mark.parametrize(("model", "asked"), CASES)
def test_collapsed_rows_answer_as_the_rows_do(model, asked):
    ask = (ASKED | MORE[model])[asked]
    one, two = (np.asarray(getattr(a, "values", a), float) for a in map(ask, pair(model)))
    assert one.shape == two.shape
    np.testing.assert_allclose(two, one, rtol=1e-10, atol=1e-10)


def test_the_answers_say_what_they_are_over():
    one, two = pair("bernoulli")
    assert bg.comparisons(one, "arm").attrs["averaged_over"] == "rows"
    table = bg.comparisons(two, "arm")
    assert table.attrs["averaged_over"] == SEVERAL
    assert "averaged over what rows stand for inside each draw" in table.attrs["estimand"]
    for answer in (bg.slopes(two, "dose"), bg.predictions(two, by="arm"),
                   bg.number_needed(two, "arm"), bg.variance_partition(two),
                   bg.meta_analysis(two, "site", "arm", **ARMS),
                   bg.comparisons(two, "arm", scale="link")):  # fmt: skip
        assert answer.attrs["averaged_over"] == SEVERAL
    assert "averaged_over" not in bg.predictions(two).attrs


@cache
def counted():
    """Successes of very different numbers of trials, which go with the dose."""
    data = pd.DataFrame({"k": [1, 5, 30, 2, 80], "n": [4, 10, 60, 5, 300],
                         "dose": [0.0, 1.0, 2.0, 3.0, 4.0], "arm": list("abbaa")})  # fmt: skip
    tree = few_draws("k | trials(n) ~ dose", data, {"intercept": 0.2, "beta": [-0.4]},
                     family="binomial")  # fmt: skip
    post = tree["posterior"]
    eta = post["intercept"].values.reshape(-1, 1) + np.outer(post["beta"].values, data["dose"])
    return tree, data, 1 / (1 + np.exp(-eta))


def test_trials_count_in_the_training_rows_and_in_new_ones():
    tree, data, p = counted()
    n = data["n"].to_numpy()
    whole = bg.predictions(tree, by=True, draws=True)
    np.testing.assert_allclose(whole.values.ravel(), p @ n / n.sum(), rtol=1e-12)
    cells = bg.predictions(tree, data, by="arm", draws=True).values.reshape(-1, 2)
    for j, arm in enumerate("ab"):
        own = (data["arm"] == arm).to_numpy()
        np.testing.assert_allclose(cells[:, j], p[:, own] @ n[own] / n[own].sum(), rtol=1e-12)
    new = data.drop(columns=["k", "n"])
    each = bg.predictions(tree, new, by=True, draws=True)
    np.testing.assert_allclose(each.values.ravel(), p.mean(axis=1), rtol=1e-12)
    assert each.attrs["averaged_over"] == "rows"
    assert "averaged over rows, each counting one, inside each draw" in each.attrs["estimand"]
    other = bg.predictions(tree, new.assign(n=[1, 1, 1, 1, 6]), by=True, draws=True)
    assert other.attrs["averaged_over"] == SEVERAL
    np.testing.assert_allclose(other.values.ravel(), p @ [0.1, 0.1, 0.1, 0.1, 0.6], rtol=1e-12)


def test_the_variance_of_the_fixed_part_is_over_trials():
    tree, data, _ = counted()
    n, x = data["n"].to_numpy(), data["dose"].to_numpy()
    beta = tree["posterior"]["beta"].values.ravel()
    variance = beta**2 * np.average((x - np.average(x, weights=n)) ** 2, weights=n)
    share = variance / (variance + np.pi**2 / 3)
    found = bg.variance_partition(tree, draws=True)["share"]
    at = found["component"].values.tolist().index("r2_marginal")
    np.testing.assert_allclose(found.values.reshape(-1, found.sizes["row"])[:, at], share)


def test_known_errors_of_estimates_are_averaged():
    data = pd.DataFrame(
        {"y": [1.0, 2.0, 1.5, 0.5], "s": [0.1, 0.4, 0.2, 0.3], "study": list("abab")}
    )
    tree = few_draws("y | se(s) ~ 1 + (1 | study)", data,
                     {"intercept": 1.0, "sd_study": [0.5], "u_study": [[0.1], [-0.1]]})  # fmt: skip
    table = bg.variance_partition(tree).set_index("component")
    assert table.loc["residual", "variance"] == pytest.approx(np.mean(data["s"] ** 2))


def weighted_pair(family="poisson", fraction=1.0):
    """Rows with whole weights, some of them zero, and each row as often as its weight says."""
    rng = np.random.default_rng(0)
    data = pd.DataFrame({"x": rng.normal(size=40), "g": rng.choice(list("abcd"), 40)})
    eta = 0.3 + 0.5 * data["x"]
    data["y"] = rng.poisson(np.exp(eta)) if family == "poisson" else eta + rng.normal(0, 1, 40)
    data["w"] = rng.integers(0, 5, 40)
    single = data.loc[data.index.repeat(data["w"])].reset_index(drop=True)
    values = {"intercept": 0.3, "beta": [0.5], "sd_g": [0.2], "u_g": np.full((4, 1), 0.1)}
    values |= {"sigma": 1.0} if family == "gaussian" else {}
    data["w"] = data["w"] * fraction
    many = {"draws": 200, "family": family}
    return (few_draws("y | weights(w) ~ x + (1 | g)", data, values, **many),
            few_draws("y ~ x + (1 | g)", single, values, **many))  # fmt: skip


@pytest.mark.parametrize("fraction", [1.0, 0.5])
def test_weights_are_copies_in_every_average(fraction):
    weighted, single = weighted_pair(fraction=fraction)
    for ask in (mean("g", "known"), effect("x"), lambda t: bg.slopes(t, "x", draws=True),
                lambda t: bg.variance_partition(t, draws=True)["share"]):  # fmt: skip
        np.testing.assert_allclose(ask(weighted).values, ask(single).values, rtol=1e-10)


def test_scores_count_copies_and_rows_of_weight_zero_are_none():
    (weighted, single), (other, others) = weighted_pair(), weighted_pair()
    tables = [bg.compare({"a": a, "b": b}) for a, b in ((weighted, other), (single, others))]
    for column in ("elpd", "se", "p", "k_max", "k_high", "mcse", "weight"):
        np.testing.assert_allclose(tables[0][column], tables[1][column], rtol=1e-9, atol=1e-9)
    assert tables[0].attrs["n"] == tables[1].attrs["n"]
    by_group = [bg.compare({"a": a, "b": a}, by="g")["elpd"] for a in (weighted, single)]
    np.testing.assert_allclose(by_group[0], by_group[1], rtol=1e-4)  # nodes lie elsewhere


def test_half_weights_of_zero_are_no_rows_either():
    rng = np.random.default_rng(2)
    data = pd.DataFrame({"y": rng.normal(size=30), "w": np.repeat([0.0, 0.5, 1.5], 10)})
    values = {"intercept": 0.1, "sigma": 1.0}
    tables = [
        bg.compare({"a": tree, "b": tree})
        for tree in (few_draws("y | weights(w) ~ 1", part, values, draws=200)
                     for part in (data, data[data["w"] > 0]))
    ]  # fmt: skip
    pd.testing.assert_frame_equal(*tables)
    assert tables[0].attrs["n"] == 20
    assert "left out with all that it stands for" in tables[0].attrs["estimand"]


SEEN = {
    "weights": ("y | weights(w)", "y"),
    "other weights": ("y | weights(w)", "y | weights(v)"),
    "cens": ("y | cens(s)", "y"),
    "trunc": ("y | trunc(0, inf)", "y | trunc(-1, inf)"),
    "se": ("y | se(w)", "y"),
}


@pytest.mark.parametrize("name", SEEN)
def test_responses_that_were_seen_in_different_ways_are_not_compared(name):
    rng = np.random.default_rng(5)
    data = pd.DataFrame({"y": rng.uniform(0.5, 2, 12), "w": 1.0 + np.arange(12) % 3, "v": 2.0})
    data["s"] = np.where(np.arange(12) % 4 == 0, "right", "none")
    one, two = (
        few_draws(f"{left} ~ 1", data,
                  {"intercept": 1.0} | ({} if "se(" in left else {"sigma": 0.5}))
        for left in SEEN[name]
    )  # fmt: skip
    word = "weights" if "weights" in name else name
    with pytest.raises(ResultError, match=rf"'one' and 'two' differ in {word}\(\)"):
        bg.compare({"one": one, "two": two})
    with pytest.raises(ResultError, match=rf"differ in {word}\(\)"):
        bg.kfold({"one": one, "two": two}, k=2)


def test_different_trials_are_not_compared():
    tree, data, _ = counted()
    more = few_draws("k | trials(n) ~ dose", data.assign(n=data["n"] + 1),
                     {"intercept": 0.2, "beta": [-0.4]}, family="binomial")  # fmt: skip
    with pytest.raises(ResultError, match=r"different trials\(\)"):
        bg.compare({"one": tree, "two": more})


def test_cells_that_stand_for_nothing_are_named_and_left_out():
    weighted, _ = weighted_pair()
    rows = pd.DataFrame({"x": [0.0, 1.0, 2.0], "g": ["a", "a", "b"], "w": [1.0, 3.0, 0.0]})
    table = bg.predictions(weighted, rows, by="g")
    assert table["g"].tolist() == ["a"]
    assert table.attrs["left_out"] == "b of g, where all rows stand for nothing"
    with pytest.raises(ArgumentError, match="nothing to average"):
        bg.comparisons(weighted, "x", rows.assign(w=0.0))
    with pytest.raises(DataError, match=r"weights\(\) says how many.*row 2"):
        bg.comparisons(weighted, "x", rows.assign(w=[1.0, 1.0, -1.0]))


def sds(tree, groups):
    return bg.predictions(tree, kind="response", by="arm", groups=groups, seed=2)["sd"].to_numpy()


@pytest.mark.parametrize(
    ("model", "groups"),
    [
        (m, g)
        for g in ("known", "population")
        for m in MODELS
        if (m, g) != ("binomial", "population")
    ],
)
def test_averages_of_new_observations_vary_as_those_of_single_rows(model, groups):
    one, two = pair(model, 150)
    np.testing.assert_allclose(sds(two, groups), sds(one, groups), rtol=0.2)
    means = [bg.predictions(t, kind="response", by="arm", groups=groups) for t in (one, two)]
    apart = np.abs(means[0]["mean"] - means[1]["mean"]) / np.hypot(means[0]["sd"], means[1]["sd"])
    assert apart.max() < 0.3


def test_a_collapsed_row_is_predicted_as_one_of_its_rows():
    _, two = pair("exposed")
    data = bg.collapse(rows(), f"events ~ {TERMS}", family="poisson", exposure="days").data
    post = two["posterior"]
    found = bg.predictions(two, groups="typical", draws=True).values.reshape(-1, len(data))
    first = data.iloc[0]
    assert (first["arm"], first["dose"]) == ("new", 0.0)
    known = np.exp(post["intercept"].values.ravel()) * first["days"] / first["rows"]
    np.testing.assert_allclose(found[:, 0], known, rtol=1e-12)
    single = rows()[["arm", "dose", "site", "days"]].iloc[:20]
    one = [bg.predictions(t, single, by=True)["mean"] for t in pair("exposed")]
    np.testing.assert_allclose(one[1], one[0], rtol=1e-12)


def test_new_rows_need_no_count_of_rows():
    one, two = pair("poisson")
    single = rows()[["arm", "dose", "site"]].iloc[:20]
    found = [bg.predictions(t, single, groups="known")["mean"] for t in (one, two)]
    np.testing.assert_allclose(found[1], found[0], rtol=1e-12)
    with pytest.raises(ArgumentError, match="needs a model with an exposure"):
        bg.predictions(two, per=10.0)


def test_what_collapsed_exposures_do_not_say_is_refused():
    with pytest.raises(ArgumentError, match="'days' differs between the rows"):
        bg.variance_partition(pair("exposed")[1], "data")


@pytest.mark.parametrize("model", MODELS)
def test_the_spec_of_collapsed_rows_is_written_and_read(model):
    left, family, options = MODELS[model]
    spec = bg.collapse(rows(), f"{left} ~ {TERMS}", family=family, **options).spec
    assert bg.ModelSpec.from_toml(spec.to_toml()) == spec


@pytest.mark.parametrize(
    ("left", "family"),
    [("count | collapsed(three)", "negative_binomial"), ("weight | collapsed(three)", "gaussian"),
     ("yes | collapsed(three)", "bernoulli")],
)  # fmt: skip
def test_collapsed_beside_anything_else_is_refused(left, family):
    found = bg.check(f"{left} ~ arm", rows(), family=family).errors
    assert any("is what bg.collapse writes" in f.message for f in found)


def test_names_that_counts_take_are_refused():
    table = rows().rename(columns={"days": "rows"})
    with pytest.raises(SpecError, match="Rename the columns rows"):
        bg.collapse(table, "events ~ arm", family="poisson", exposure="rows")


def test_checks_of_a_right_model_find_nothing_in_collapsed_normal_rows():
    """Two rows at mean plus and minus sd are no sample of a normal distribution."""
    rng = np.random.default_rng(7)
    n = 6000
    data = pd.DataFrame({"x": rng.integers(0, 40, n) / 10, "g": rng.choice(list("abcde"), n)})
    data["y"] = 1 + 0.5 * data["x"] + rng.normal(0, 2, n)
    found = bg.collapse(data, "y ~ x + (1 | g)")
    values = {"intercept": 1.0, "beta": [0.5], "sd_g": [0.3], "u_g": np.zeros((5, 1)), "sigma": 2.0}
    tree = few_draws(found.spec.formula, found.data, values, draws=200, spread=0.002)
    table = bg.residuals(tree)
    steps = np.sort(table["pit"]) - (np.arange(len(table)) + 0.5) / len(table)
    assert np.abs(steps).max() < 0.1
    assert bg.residuals(tree, "pearson")["residual"].std() == pytest.approx(1, abs=0.1)
    names = [f.name for f in bg.diagnose(tree).findings]
    assert "residual_distribution" not in names
    assert "residual_autocorrelation" not in names


def test_zeros_and_dispersion_are_those_of_the_copies():
    """Each count once, with how often it was seen: two in three rows are no zeros."""
    rng = np.random.default_rng(8)
    y, w = np.unique(rng.poisson(0.4, 2000), return_counts=True)
    data = pd.DataFrame({"y": y, "w": w})
    tree = few_draws("y | weights(w) ~ 1", data, {"intercept": np.log(0.4)}, draws=200,
                     spread=0.03, family="poisson")  # fmt: skip
    names = [f.name for f in bg.diagnose(tree).findings]
    assert not {"overdispersion", "underdispersion", "excess_zeros", "residual_distribution"} & {
        *names
    }
    more = data.assign(w=np.where(y == 0, 3 * w, w))
    tree = few_draws("y | weights(w) ~ 1", more, {"intercept": np.log(0.2)}, draws=200,
                     spread=0.03, family="poisson")  # fmt: skip
    assert "excess_zeros" in [f.name for f in bg.diagnose(tree).findings]
