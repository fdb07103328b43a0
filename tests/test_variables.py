"""The table of a model's variables, against posteriors, graphs, answers and the page about them."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bayes_glmm as bg
from bayes_glmm.errors import ArgumentError, ResultError
from bayes_glmm.results.fit import Fit
from tests.canned import bernoulli_tree
from tests.every import from_priors

N = 120
LEVELS = [f"g{i}" for i in range(9)]
PAGE = Path(__file__).resolve().parents[1] / "docs" / "posterior.md"


@cache
def table() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    data = pd.DataFrame({
        "count": rng.poisson(3, N), "y": rng.normal(2, 1, N), "kind": rng.choice(list("abc"), N),
        "x": np.round(rng.normal(1, 1, N), 3), "z": rng.normal(size=N), "w": rng.uniform(0, 1, N),
        "g": rng.choice(LEVELS, N), "g2": rng.choice(LEVELS, N), "h": rng.choice(list("pqrst"), N),
        "item": rng.choice(["i1", "i2"], N), "day": np.arange(N) % 12,
        "block": np.repeat([f"b{i}" for i in range(10)], 12),
    })  # fmt: skip
    data["grade"] = pd.Categorical(
        rng.choice(["lo", "mid", "hi"], N), ["lo", "mid", "hi"], ordered=True
    )
    data["gap"] = np.where(rng.random(N) < 0.1, np.nan, data["z"])
    data["at"], data["lat"] = data["g"], 0.0
    data["east"] = data["g"].map({g: float(i) for i, g in enumerate(LEVELS)})
    data["north"] = data["g"].map({g: float(i % 3) for i, g in enumerate(LEVELS)})
    return data


def kinship():
    return bg.kinship(pd.DataFrame(np.eye(9) * 0.8 + 0.2, index=LEVELS, columns=LEVELS))


MODELS = {
    "slopes": ("count ~ x * kind + (1 + x + z | g) + (1 | h)", {"family": "poisson"}),
    "blocks": ("y ~ x + z + (1 + x | g) + (0 + z + w | g)", {}),
    "no intercept": ("y ~ 0 + x:z + (1 | g)", {}),
    "monotonic": ("y ~ mo(grade) + x * mo(grade) + s(w) + (1 | g)", {}),
    "missing": ({"mu": "y ~ mi(gap) * x", "gap": "gap ~ z + (1 + z | h)"}, {}),
    "process": ("count ~ hsgp(z) + (1 | g)", {"family": "poisson"}),
    "zi": (
        {"mu": "count ~ s(w) + x", "zi": "~ s(w) + mo(grade) + (1 + x | g)"},
        {"family": "zero_inflated_poisson"},
    ),
    "shared": (
        {"mu": "count ~ x + (1 + x |id| g)", "zi": "~ x + (1 |id| g)"},
        {"family": "zero_inflated_poisson"},
    ),
    "unordered": ("kind ~ x + z + (1 | g)", {"family": "categorical"}),
    "ordered": ("grade ~ x * z + (1 | g)", {"family": "cumulative"}),
    "by item": ("grade | thres(gr=item) ~ x", {"family": "cumulative"}),
    "one boundary": ("grade ~ x + cs(z)", {"family": "sequential"}),
    "student": ('count ~ x + (1 + x | gr(g, dist="student"))', {"family": "poisson"}),
    "members": ("count ~ x + (1 | mm(g, g2))", {"family": "poisson"}),
    "series": ("y ~ x + ar(day, block)", {}),
    "related": ("y ~ x + (1 + x | gr(g, K))", {"structures": {"K": kinship()}}),
    "space": (
        "y ~ x + (1 | gr(g, field))",
        {"structures": {"field": bg.coordinates("east", "north")}},
    ),
}  # fmt: skip


def rows_of(name: str) -> pd.DataFrame:
    return table() if name == "missing" else table().drop(columns="gap")


@cache
def tree(name: str):
    text, options = MODELS[name]
    return from_priors(text, rows_of(name), **options)


@pytest.mark.parametrize("name", MODELS)
def test_every_variable_of_a_posterior_is_in_the_table_with_its_labels(name):
    fit = Fit.of(tree(name))
    known = dict(fit.variables) | {v.reference: v for v in fit.variables.values()}
    for stored, values in fit.posterior.items():
        variable = known[str(stored)]
        assert values.dims[2:] == variable.dims
        for dim, labels in zip(variable.dims, variable.labels, strict=True):
            assert values[dim].values.tolist() == labels.tolist()
    factors = {v.name for v in fit.variables.values() if v.name.startswith("corr_chol_")}
    assert set(fit.variables) - factors <= set(map(str, fit.posterior))


@pytest.mark.parametrize("name", MODELS)
def test_numbers_in_tables_have_names_that_are_found(name):
    fit = Fit.of(tree(name))
    for parameter in bg.summary(tree(name))["parameter"]:
        found = bg.hypothesis(tree(name), f"`{parameter}`")["mean"][0]
        mean = bg.summary(tree(name)).set_index("parameter").loc[parameter, "mean"]
        assert found == pytest.approx(mean, rel=1e-10, abs=1e-14), parameter
    for prior in bg.priors(MODELS[name][0], rows_of(name), **MODELS[name][1])["parameter"]:
        assert prior in fit.priors


def test_a_fixed_effect_has_one_name_in_every_answer():
    fitted = bernoulli_tree()
    for long, short in (("beta[month]", "month"), ("beta[arm[new]]", "arm[new]")):
        one, other = (bg.hypothesis(fitted, f"`{n}`", draws=True).values for n in (long, short))
        np.testing.assert_array_equal(one, other)
        titles = [bg.plot_prior_posterior(fitted, [n])[0].get_title() for n in (long, short)]
        assert titles[0] == titles[1] == long
    assert len(bg.plot_prior_posterior(fitted, ["beta"])) == 2
    with pytest.raises(ArgumentError, match="'month'"):
        bg.plot_prior_posterior(fitted, ["mnth"])
    with pytest.raises(ResultError, match=r"no element 'x'\.$"):
        bg.hypothesis(fitted, "intercept[x] > 0")


def test_stated_parameters_may_be_named_one_by_one():
    data = table()[["x", "z", "g"]]
    whole = {"intercept": 0.5, "beta": {"x": 0.2, "z": 0.1}, "sd_g": 0.3}
    single = {"intercept": 0.5, "x": 0.2, "beta[z]": 0.1, "sd_g[intercept]": 0.3}
    found = [
        bg.simulate("y ~ x + z + (1 | g)", data, truth, seed=1, family="poisson")
        for truth in (whole, single)
    ]
    pd.testing.assert_frame_equal(*found)
    for wrong in ({"reference_beta[x]": 1.0}, {"x": 1.0}, {"xx": 1.0}, {"u_g[g1, intercept]": 1.0}):
        with pytest.raises(ArgumentError):
            bg.simulate("y ~ x + z + (1 | g)", data, {**whole, **wrong}, seed=1, family="poisson")


def test_priors_say_what_scale_they_are_on():
    def scales(name):
        text, options = MODELS[name]
        return bg.priors(text, rows_of(name), **options).set_index("parameter")["scale"]

    assert scales("student")["nu_g"] == "degrees of freedom of effects"
    assert scales("series")["rho_ar_block"] == "correlation per unit of day"
    assert scales("process")["range_hsgp_z"].endswith("units of z")
    shared = scales("shared")
    assert shared["reference_sd_g[x]"] == "link (log)"  # of the formula that the term is in
    assert shared["reference_sd_g[zi_intercept]"] == "link (logit)"
    missing = scales("missing")
    assert set(missing[missing.index.str.contains("_gap")]) == {"units of gap", "correlation"}
    for name in MODELS:
        assert not scales(name).str.contains("None").any()


QUICK = ("shared", "related", "monotonic")


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=() if n in QUICK else pytest.mark.slow) for n in MODELS]
)
def test_groups_stay_apart_from_every_name_of_the_graph(name):
    text, options = MODELS[name]
    data, fit = rows_of(name), Fit.of(tree(name))
    model = bg.build_model(text, data, **options)
    groups = {g.name for g in fit.groups}
    taken = {*model.named_vars, *model.coords} - {"chain", "draw", "observation", *data} - groups
    own = np.random.default_rng(9).choice(list("uvwxyz"), N)
    for column in sorted(taken)[:: 4 if name in QUICK else 1]:
        mean = text["mu"] if isinstance(text, dict) else text
        more = f"{mean} + (1 | `{column}`)"
        changed = {**text, "mu": more} if isinstance(text, dict) else more
        found = bg.build_model(changed, data.assign(**{column: own}), **options)
        names = [*found.named_vars, *found.coords]
        assert len(names) == len(set(names)), column


def documented() -> dict[str, tuple[str, ...]]:
    """Dims by name, as the page has them; what stands for any name is in angle brackets."""
    text = PAGE.read_text("utf-8").split("| variable | dims |")[1].split("\n\n")[0]
    found = {}
    for row in text.splitlines()[2:]:
        names, dims = row.split("|")[1:3]
        found |= dict.fromkeys(
            re.findall(r"`([^`]+)`", names), tuple(re.findall(r"`([^`]+)`", dims))
        )
    return found


def spoken(fit: Fit, name: str) -> str:
    """A name with what stands for groups, smooths and columns in angle brackets."""
    columns = [*fit.design.covariates, "grade"]
    owners = {**dict.fromkeys([g.name for g in fit.groups], "<group>"),
              **dict.fromkeys([s.name for s in fit.design.smooths], "<smooth>"),
              **dict.fromkeys(columns, "<x>")}  # fmt: skip
    for owner in sorted(owners, key=len, reverse=True):
        found = re.sub(rf"(^|_){owner}(_|$)", rf"\1{owners[owner]}\2", name)
        if found != name:
            return re.sub(r"_zi$", "", found)
    return name


@pytest.mark.parametrize("name", [n for n in MODELS if n != "unordered"])
def test_the_page_names_every_variable_and_its_dims(name):
    fit, page = Fit.of(tree(name)), documented()
    assert len(page) > 25
    for variable in fit.variables.values():
        spelled = re.sub(r"(chol_<group>|block)_1", r"\1_0", spoken(fit, variable.name))
        spelled = re.sub(r"beta_(high|hi.*|mid.*)$", "beta_zi", spelled)
        if spelled not in page and variable.owner in fit.design.predictors:
            spelled = spelled.replace(f"_{variable.owner}", "_zi")
        dims = tuple(
            re.sub(r"_1(_other)?$", r"_0\1", spoken(fit, d)).replace(f"_{variable.owner}", "_zi")
            if variable.owner in fit.design.predictors
            else re.sub(r"_1(_other)?$", r"_0\1", spoken(fit, d))
            for d in variable.dims
        )
        assert page[spelled] == dims, variable.name
