"""Unordered categories, counts of them and compositions: densities, answers, refusals."""

from __future__ import annotations

import re
from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, special, stats

import bayes_glmm as bg
from bayes_glmm.design.schema import Schema
from bayes_glmm.families import get_family
from bayes_glmm.maths.softmax_means import population_shares
from bayes_glmm.model.default_priors import resolve_priors
from bayes_glmm.model.graph import build_graph
from bayes_glmm.results.fit import Fit
from tests.basis import in_basis
from tests.canned import tree_of
from tests.graph.support import Flat, correlation_factor, slope
from tests.graph.test_graph import compiled
from tests.oracle import predictor_part

NAMES = ["bus", "car", "on foot"]
PARTS = ["sand", "silt", "clay"]
FORMULAS = {
    "categorical": {"mu": "y ~ x + (1 + z | g)", "mu_on_foot": "~ z"},
    "multinomial": {"mu": "cbind(sand, silt, clay) ~ x + (1 | g)"},
    "dirichlet": {"mu": "cbind(sand, silt, clay) ~ x + (1 | g)", "dispersion": "~ z"},
}


def shares(eta):
    """Probabilities from their definition, shape (..., K)."""
    odds = np.concatenate([np.ones((*np.shape(eta)[:-1], 1)), np.exp(eta)], axis=-1)
    return odds / odds.sum(axis=-1, keepdims=True)


def log_density(family, y, p, dispersion=None):
    """Log-density row by row, with SciPy."""
    match family:
        case "categorical":
            return np.log(p[np.arange(len(y)), y.astype(int)])
        case "multinomial":
            return stats.multinomial.logpmf(y, y.sum(axis=1), p)
    a = dispersion[:, None] * p
    rest = ((a - 1) * np.log(y)).sum(axis=1) - special.gammaln(a).sum(axis=1)
    return rest + special.gammaln(dispersion)


def table(family, n=24):
    rng = np.random.default_rng(5)
    data = pd.DataFrame(
        {"x": rng.normal(2.0, 1.0, n), "z": rng.normal(size=n), "g": rng.choice(list("abcdef"), n)}
    )
    match family:
        case "categorical":
            codes = np.r_[0, 1, 2, rng.integers(0, 3, n - 3)]
            return data.assign(y=pd.Categorical.from_codes(codes, NAMES))
        case "multinomial":
            data[PARTS] = rng.multinomial(rng.integers(1, 30, n), [0.5, 0.3, 0.2])
        case "dirichlet":
            data[PARTS] = rng.dirichlet([3.0, 2.0, 1.0], n)
    return data


def modelled(family, formula=None):
    data = table(family)
    spec = bg.parse(formula or FORMULAS[family], family=family)
    design = Schema.learn(spec, data).apply(data)
    return (*in_basis(spec, design), spec)


def test_means_are_the_softmax_and_sum_to_one():
    eta = np.random.default_rng(0).normal(0, 3, (50, 4))
    for name in FORMULAS:
        family = get_family(name)
        found = family.expected(eta, family.link(), {})
        np.testing.assert_allclose(found, shares(eta), rtol=1e-12)
        np.testing.assert_allclose(found.sum(axis=1), 1.0, rtol=1e-13)


def test_far_predictors_keep_their_logarithms():
    family = get_family("categorical")
    eta = np.array([[800.0, -800.0]] * 3)
    found = family.logpdf(np.arange(3.0), eta, family.link(), {})
    np.testing.assert_array_equal(found, [-800.0, 0.0, -1600.0])
    counts, counted = np.array([[0.0, 1e9, 0.0], [3.0, 1e9, 2.0]]), get_family("multinomial")
    found = counted.logpdf(counts, eta[:2], counted.link(), {}, counts.sum(axis=1))
    ways = np.log(5 / 2 * 2) + sum(np.log(1e9 + k) for k in range(1, 6)) - np.log(60.0)
    np.testing.assert_allclose(found, [0.0, ways - 2400.0 - 3200.0], rtol=1e-8, atol=1e-5)
    shared = get_family("dirichlet")
    y = np.array([[1e-12, 1 - 2e-12, 1e-12]])
    found = shared.logpdf(y, eta[:1], shared.link(), {"dispersion": np.array(2.0)})
    # with a tiny concentration a, the density of a share is a / share to first order
    first = 2 * np.log(2.0) - 800 - 1600 - 2 * np.log(1e-12)
    np.testing.assert_allclose(found, first, rtol=1e-10)


def test_densities_total_one():
    eta, p = np.array([0.4, -1.1]), shares(np.array([0.4, -1.1]))
    one = get_family("categorical")
    each = one.logpdf(np.arange(3.0), np.tile(eta, (3, 1)), one.link(), {})
    assert np.exp(each).sum() == pytest.approx(1.0, rel=1e-13)
    counts = np.array([c for c in product(range(8), repeat=3) if sum(c) == 7], float)
    many = get_family("multinomial")
    each = many.logpdf(counts, np.tile(eta, (len(counts), 1)), many.link(), {}, counts.sum(axis=1))
    assert np.exp(each).sum() == pytest.approx(1.0, rel=1e-12)
    np.testing.assert_allclose(np.exp(each) @ counts, 7 * p, rtol=1e-12)
    whole = get_family("dirichlet")

    nodes, weights = np.polynomial.legendre.leggauss(200)
    a, rest = np.meshgrid((nodes + 1) / 2, (nodes + 1) / 2)
    y = np.stack([a, (1 - a) * rest, (1 - a) * (1 - rest)], axis=-1)
    found = whole.logpdf(y, eta, whole.link(), {"dispersion": np.array(30.0)})
    volume = np.outer(weights, weights) / 4 * (1 - a)
    assert (np.exp(found) * volume).sum() == pytest.approx(1.0, rel=1e-7)


@pytest.mark.parametrize("family", FORMULAS)
def test_graph_equals_the_oracle(family):
    design, priors, _ = modelled(family)
    model = build_graph(_, design, priors, "natural")
    function, flat = compiled(model), Flat(model)
    y = np.asarray(design.response)

    def density(x):
        at, volume = flat.unpack(x), 0.0
        point = dict(at)
        for g in design.groups:
            point[f"sd_{g.name}"] = np.exp(at[f"sd_{g.name}_log__"])
            volume += at[f"sd_{g.name}_log__"].sum()
            if len(g.terms) > 1:
                L = correlation_factor(at[f"corr_chol_{g.name}_cholesky_corr__"], 2)
                point[f"corr_chol_{g.name}"] = L
                volume += 3 * np.log(L[1, 1])
        eta, total = {}, 0.0
        for name, predictor in design.predictors.items():
            more, eta[name] = predictor_part(predictor, f"_{name}", priors, point, len(y))
            total += more
        own = None
        if family == "dirichlet":
            own = np.exp(eta.pop("dispersion"))
        p = shares(np.stack(list(eta.values()), axis=-1))
        return total + log_density(family, y, p, own).sum() + volume

    rng = np.random.default_rng(2)
    for _ in range(10):
        x = 0.2 * rng.normal(size=flat.size)
        value, _, gradient = function(flat.unpack(x))
        assert value == pytest.approx(density(x), rel=1e-10)
        direction = rng.normal(size=flat.size)
        along = slope(density, x, direction)
        assert abs(gradient @ direction - along) <= 1e-6 * max(abs(along), 1e-2)


def test_priors_of_all_categories_are_set_by_one_name():
    data, own = table("categorical"), bg.Prior("Normal", mu=0, sigma=0.3)
    found = bg.priors("y ~ x + (1 | g)", data, family="categorical", priors={"x": own})
    given = found[found["source"] == "given"]
    assert given["parameter"].tolist() == ["beta_mu_car[x]", "beta_mu_on_foot[x]"]
    assert set(found["scale"]) == {"link (logit)"}


def test_one_dispersion_has_its_default_prior():
    """Around the concentration that the shares would have if nothing were explained."""
    _, priors, _ = modelled("dirichlet", "cbind(sand, silt, clay) ~ x")
    y = table("dirichlet")[PARTS].to_numpy()
    mean = y.mean(axis=0)
    guess = (mean * (1 - mean)).sum() / y.var(axis=0).sum() - 1
    assert priors["dispersion"].name == "LogNormal" and priors["dispersion"]["sigma"] == 2.5
    assert priors["dispersion"]["mu"] == pytest.approx(np.log(guess))


def test_two_categories_are_bernoulli():
    rng, eta = np.random.default_rng(1), np.random.default_rng(1).normal(0, 2, 40)
    y = rng.integers(0, 2, 40).astype(float)
    two, one = get_family("categorical"), get_family("bernoulli")
    found = two.logpdf(y, eta[:, None], two.link(), {})
    np.testing.assert_allclose(found, one.logpdf(y, eta, one.link(), {}), rtol=1e-12)


def test_a_composition_of_two_is_a_beta():
    rng = np.random.default_rng(1)
    y, eta, own = rng.uniform(0.05, 0.95, 40), rng.normal(size=40), {"dispersion": np.array(6.0)}
    two, one = get_family("dirichlet"), get_family("beta")
    found = two.logpdf(np.column_stack([1 - y, y]), eta[:, None], two.link(), own)
    np.testing.assert_allclose(found, one.logpdf(y, eta, one.link(), own), rtol=1e-10, atol=1e-10)


TRUTH = {"intercept_{}": [0.5, -0.4], "beta_{}": [[0.3], [-0.6]]}


def truth(labels, values=TRUTH):
    names = [f"mu_{label.replace(' ', '_')}" for label in labels[1:]]
    return {
        key.format(name): v
        for key, each in values.items()
        for name, v in zip(names, each, strict=True)
    }


@pytest.mark.parametrize("family", FORMULAS)
def test_simulated_responses_have_the_means_and_variances_of_the_definition(family):
    data = table(family, 6).loc[np.repeat(np.arange(6), 20_000)].reset_index(drop=True)
    labels = NAMES if family == "categorical" else PARTS
    formula = FORMULAS[family]["mu"].split("~")[0] + "~ x"
    more = {"dispersion": 8.0} if family == "dirichlet" else {}
    made = bg.simulate(formula, data, truth(labels) | more, seed=3, family=family)
    if family == "categorical":
        y = (made["y"].cat.codes.to_numpy()[:, None] == np.arange(3)).astype(float)
        assert made["y"].cat.categories.tolist() == NAMES and not made["y"].cat.ordered
        total = np.ones(6)
    else:
        y = made[PARTS].to_numpy(float)
        total = data[PARTS].sum(axis=1).to_numpy()[::20_000]
        np.testing.assert_allclose(y.sum(axis=1), data[PARTS].sum(axis=1), rtol=1e-9)
    x = data["x"].to_numpy()[::20_000]
    p = shares(np.column_stack([0.5 + 0.3 * x, -0.4 - 0.6 * x]))
    mean = total[:, None] * p
    variance = total[:, None] * p * (1 - p) / (9 if family == "dirichlet" else 1)
    y = y.reshape(6, 20_000, 3)
    assert (np.abs(y.mean(axis=1) - mean) < 4 * np.sqrt(variance / 20_000)).all()
    squares = (y - mean[:, None]) ** 2
    error = squares.std(axis=1) / np.sqrt(20_000)
    assert (np.abs(squares.mean(axis=1) - variance) < 4.5 * error).all()


def tree_for(family, n=24):
    labels = NAMES if family == "categorical" else PARTS
    known = {**TRUTH, "sd_{}_g": [[0.8], [1.2]],
             "u_{}_g": [np.linspace(-1, 1, 6)[:, None], np.linspace(0.5, -0.5, 6)[:, None]]}  # fmt: skip
    given = truth(labels, known) | ({"dispersion": 8.0} if family == "dirichlet" else {})
    formula = FORMULAS[family]["mu"].split("~")[0] + "~ x + (1 | g)"
    return tree_of(formula, table(family, n), given, family=family)


@pytest.fixture(scope="module", params=FORMULAS)
def tree(request):
    return tree_for(request.param)


def test_predicted_probabilities_sum_to_one_in_every_draw(tree):
    for groups in ("known", "typical", "population", "new"):
        found = bg.predictions(tree, groups=groups, draws=True)
        values = found.values.reshape(-1, 24, 3)
        np.testing.assert_allclose(values.sum(axis=2), 1.0, atol=1e-12)
    table_ = bg.predictions(tree, by="g", groups="known")
    assert table_.columns[:3].tolist() == ["g", "rows", "category"]
    assert table_["category"].tolist()[:3] == list(Fit.of(tree).design.categories)


def test_new_observations_add_up_to_their_totals(tree):
    found = bg.predictions(tree, kind="response", draws=True).values.reshape(-1, 24, 3)
    design = Fit.of(tree).design
    total = np.ones(24) if design.trials is None else design.trials
    np.testing.assert_allclose(found.sum(axis=2), np.broadcast_to(total, found.shape[:2]))
    mean = bg.predictions(tree, draws=True).values.reshape(-1, 24, 3).mean(axis=0) * total[:, None]
    error = found.std(axis=0) / np.sqrt(len(found))
    assert (np.abs(found.mean(axis=0) - mean) < 4.5 * error).all()


def test_totals_are_needed_for_new_counts_alone():
    tree, rows = tree_for("multinomial"), pd.DataFrame({"x": [1.0]})
    assert bg.predictions(tree, rows)["mean"].sum() == pytest.approx(1.0)
    with pytest.raises(bg.errors.MissingDataError, match="sand, silt, clay"):
        bg.predictions(tree, rows, kind="response")


@pytest.mark.parametrize(
    "sd", [[0.7, 0.0], [0.5, 0.9], [2.0, 1.1], [0.6, 0.9, 0.4], [1.5, 2.0, 1.0]]
)
def test_population_shares_integrate_the_effects(sd):
    sd, rng = np.array(sd), np.random.default_rng(0)
    eta = rng.normal(size=(3, len(sd)))
    found = population_shares(eta, np.broadcast_to(sd, eta.shape))
    np.testing.assert_allclose(found.sum(axis=1), 1.0, rtol=1e-12)
    z = rng.standard_normal((400_000, len(sd)))
    for row in range(3):
        sample = shares(eta[row] + sd * z)
        error = sample.std(axis=0) / np.sqrt(len(z)) + (4e-4 if len(sd) > 2 else 0)
        assert (np.abs(found[row] - sample.mean(axis=0)) < 4 * error).all()


def test_every_answer_has_a_row_for_each_category(tree):
    labels = list(Fit.of(tree).design.categories)
    found = bg.comparisons(tree, "x", groups="typical")
    assert found["category"].tolist() == labels and abs(found["mean"].sum()) < 1e-12
    assert abs(bg.slopes(tree, "x", groups="typical")["mean"].sum()) < 1e-6
    second = f"mu_{labels[1]}"
    names = bg.summary(tree).set_index("parameter")["scale"]
    assert names[f"beta_{second}[x]"] == f"log odds of {labels[1]} against {labels[0]}"
    assert bg.random_effects(tree, f"{second}_g").attrs["scale"] == names[f"beta_{second}[x]"]
    assert len(bg.rank(tree, f"{second}_g")) == 6
    for refused in (
        lambda: bg.shrinkage(tree, f"{second}_g"), lambda: bg.variance_partition(tree),
        lambda: bg.rank(tree, f"{second}_g", threshold=0.5),
    ):  # fmt: skip
        with pytest.raises(bg.errors.ArgumentError, match="category"):
            refused()


def test_odds_ratios_are_against_the_first_category():
    found = bg.summary(tree_for("categorical"), exponentiate=True).set_index("parameter")
    assert found.loc["beta_mu_car[x]", "scale"] == "odds ratio, odds of car against bus"
    assert found.loc["beta_mu_car[x]", "mean"] == pytest.approx(np.exp(0.3), rel=0.01)
    assert found.loc["sd_mu_car_g[intercept]", "mean"] == pytest.approx(0.8, rel=0.01)


def test_results_are_read_again(tree, tmp_path):
    again = bg.load(bg.save(tree, tmp_path / "fit.nc"))
    assert bg.predictions(again, by=True).equals(bg.predictions(tree, by=True))
    np.testing.assert_array_equal(Fit.of(again).design.response, Fit.of(tree).design.response)
    spec = Fit.of(tree).spec
    assert (
        bg.ModelSpec.from_toml(spec.to_toml()) == spec == bg.parse(spec.formula, family=spec.family)
    )


def test_pointwise_likelihood_is_that_of_the_rows(tree):
    from bayes_glmm.answers.compare.pointwise import with_log_likelihood

    fit = Fit.of(tree)
    found = with_log_likelihood(tree)["log_likelihood"]["y"].values
    mu = bg.predictions(tree, groups="known", draws=True).values.reshape(-1, 24, 3)[7]
    own = fit.posterior["dispersion"].values.ravel()[7] if "dispersion" in fit.posterior else 0.0
    expected = log_density(fit.family.name, fit.design.response, mu, np.full(24, own))
    np.testing.assert_allclose(found.reshape(-1, 24)[7], expected, rtol=1e-9)


def test_pictures_and_report_name_the_categories(tree, tmp_path):
    import matplotlib.pyplot as plt

    labels = list(Fit.of(tree).design.categories)
    ax = bg.plot_predictions(tree, "x", groups="typical")
    assert [t.get_text() for t in ax.get_legend().get_texts()] == labels
    assert ax.get_ylim()[0] == 0
    ax = bg.plot_ppc(tree, n=20)
    assert [t.get_text() for t in ax.get_xticklabels()] == labels
    plt.close("all")
    from bayes_glmm.report.words import in_mathematics, in_words

    words = " ".join(in_words(Fit.of(tree)) + in_mathematics(Fit.of(tree)))
    assert f"log odds against {labels[0]}" in words
    assert f"log(μᵢ[{labels[2]}] / μᵢ[{labels[0]}]) = α_mu" in words


def test_prior_draws_have_the_means_of_categories(tree):
    spec = Fit.of(tree).spec
    found = bg.prior_predictive(spec, table(spec.family), draws=20)["prior_predictive"]
    np.testing.assert_allclose(found["mu"].sum("category") / found["mu"].sum("category"), 1.0)
    assert found["mu"].sizes["category"] == 3
    assert ("category" in found["y"].dims) == (spec.family != "categorical")


@pytest.mark.parametrize(
    ("family", "formula", "change", "message"),
    [
        ("categorical", "y ~ x", lambda d: d.assign(y=d["y"].cat.codes), "numbers.*astype.str"),
        ("categorical", "y ~ x", lambda d: d.assign(y="bus"), "one category"),
        ("categorical", "y ~ x", lambda d: d.assign(y=d["y"].cat.add_categories("boat")),
         "No row of 'y'.*'boat'.*coefficients"),
        ("categorical", "y ~ x", lambda d: d.assign(y=d["y"].cat.rename_categories(
            {"bus": "a", "car": "b c", "on foot": "b_c"})), "'b c' and 'b_c'.*rename a category"),
        ("categorical", "cbind(x, z) ~ g", lambda d: d, "one response column"),
        ("categorical", {"mu": "y ~ x", "mu_bus": "~ z"}, lambda d: d, "'bus' is the first category"),
        ("categorical", {"mu": "y ~ x", "mu_boat": "~ z"}, lambda d: d, "no category.*'mu_boat'"),
        ("cumulative", "y ~ x", lambda d: d, "without an order.*family='categorical'"),
        ("binomial", "cbind(x, z) ~ g", lambda d: d, r"x \| trials\(n\), with n = x \+ z"),
        ("multinomial", "sand ~ x", lambda d: d, r"write cbind\(a, b, c\)"),
        ("multinomial", "cbind(sand, silt) ~ x", lambda d: d.assign(sand=-1), "negative.*Rows: 0"),
        ("multinomial", "cbind(sand, silt) ~ x", lambda d: d.assign(sand=0, silt=0), "counts nothing"),
        ("multinomial", "cbind(sand, silt) | trials(n) ~ x", lambda d: d.assign(n=99),
         "add up to its trials"),
        ("multinomial", "cbind(sand, silt, g0) ~ x", lambda d: d.assign(g0=0),
         r"No row of 'cbind\(sand, silt, g0\)' is in the category 'g0'"),
        ("dirichlet", "cbind(sand, silt, clay) ~ x", lambda d: d.assign(
            sand=np.r_[0.0, d["sand"][1:]]), "exactly 0 or 1.*multinomial.*Rows: 0"),
        ("dirichlet", "cbind(sand, silt) ~ x", lambda d: d, "do not add up to one.*divide each row"),
        ("dirichlet", "cbind(sand, silt, clay) | weights(z) ~ x", lambda d: d, "takes no weights"),
    ],
)  # fmt: skip
def test_what_is_no_such_response_is_named(family, formula, change, message):
    base = family if family in FORMULAS else "categorical"
    found = bg.check(formula, change(table(base)), family=family)
    assert re.search(message, " ".join(f.message for f in found))


def test_separation_of_categories_is_found():
    data = table("categorical")
    assert not [f for f in bg.check("y ~ x", data, family="categorical") if f.name == "separation"]
    far = data.assign(w=np.where(data["y"] == "car", 5.0, 0.0) + 0.1 * data["z"])
    found = [f for f in bg.check("y ~ w", far, family="categorical") if f.name == "separation"]
    assert re.search(r"beta_mu_car\[w\].*categories from one another", found[0].message)


def test_findings_of_one_formula_are_said_once():
    data = table("categorical").assign(one=1.0)
    found = bg.check("y ~ one", data, family="categorical")
    assert [f.name for f in found].count("constant_predictor") == 1


@pytest.mark.parametrize("family", FORMULAS)
def test_every_verdict_and_refusal_takes_categories(family):
    tree = tree_for(family, n=60)
    assert "residual_distribution" not in [f.name for f in bg.diagnose(tree).findings]
    with pytest.raises(bg.errors.ArgumentError, match="no rank"):
        bg.residuals(tree)


def test_overdispersed_counts_are_found():
    rng = np.random.default_rng(3)
    n = 80
    p = rng.dirichlet([2.0, 2.0, 2.0], n)
    data = pd.DataFrame([rng.multinomial(60, row) for row in p], columns=PARTS)
    given = {"intercept_mu_silt": 0.0, "intercept_mu_clay": 0.0}
    tree = tree_of("cbind(sand, silt, clay) ~ 1", data, given, family="multinomial")
    assert "overdispersion" in [f.name for f in bg.diagnose(tree).findings]


@pytest.mark.slow
@pytest.mark.parametrize("family", FORMULAS)
def test_the_mode_of_simulated_rows_is_the_truth(family):
    labels = NAMES if family == "categorical" else PARTS
    base = table(family)
    data = base.loc[np.random.default_rng(0).integers(0, len(base), 3_000)].reset_index(drop=True)
    data["x"] = np.random.default_rng(1).normal(size=3_000)
    formula = FORMULAS[family]["mu"].split("~")[0] + "~ x"
    more = {"dispersion": 8.0} if family == "dirichlet" else {}
    made = bg.simulate(formula, data, truth(labels) | more, seed=4, family=family)
    spec = bg.parse(formula, family=family)
    design = Schema.learn(spec, made).apply(made)
    model = build_graph(spec, design, resolve_priors(spec, design), "natural")
    function, flat = compiled(model), Flat(model)

    def value(x):
        found, _, gradient = function(flat.unpack(x))
        return -found, -gradient

    best = optimize.minimize(value, np.zeros(flat.size), jac=True, method="BFGS")
    found = flat.unpack(best.x)
    sd = flat.unpack(np.sqrt(np.diag(best.hess_inv)))
    for name, expected in (truth(labels) | more).items():
        at = f"{name}_log__" if name == "dispersion" else name
        expected = np.log(expected) if name == "dispersion" else expected
        assert (np.abs(found[at] - expected) < 4 * sd[at]).all()
        assert (sd[at] < 0.15).all()
