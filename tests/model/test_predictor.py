"""The linear predictor of every kind of term, by its definition: row by row, label by label.

What ``predictions()`` makes of draws and what ``simulate()`` makes of stated numbers is one sum,
written here a second time from the table and the posterior's labels alone.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import bayes_glmm as bg
from bayes_glmm.errors import ArgumentError
from tests.every import from_priors

N = 24
DERIVED = ("reference_", "z_", "corr_chol_", "known_")
FIRST = {"chain": 0, "draw": 3}


def table() -> pd.DataFrame:
    rng = np.random.default_rng(8)
    person = np.repeat([f"p{i}" for i in range(6)], 4)
    dose = np.array(["low", "mid", "high"])[rng.integers(0, 3, N)]
    return pd.DataFrame(
        {
            "y": rng.normal(size=N),
            "x": rng.uniform(-1, 2, N),
            "q": rng.normal(0, 0.3, N),
            "a": rng.choice(list("rstu"), N),
            "b": rng.choice(list("rstu"), N),
            "v": rng.uniform(0.1, 1, N),
            "w": np.where(np.arange(N) % 5, rng.uniform(0.2, 2, N), 0.0),
            "person": person,
            "arm": np.where(np.isin(person, ["p0", "p2", "p5"]), "old", "new"),
            "dose": pd.Categorical(dose, ["low", "mid", "high"], ordered=True),
            "bmi": np.where(np.arange(N) % 7 == 3, np.nan, rng.normal(1, 0.5, N)),
        },
        index=[f"r{i}" for i in range(N)],
    )


def line(row, p) -> float:
    return float(p["intercept"] + p["beta"].sel(coefficient="x") * row["x"])


def effect(p, group: str, level: str, term: str = "intercept") -> float:
    return float(p[f"u_{group}"].sel({group: level, f"{group}_term": term}))


def slopes(row, p) -> float:
    return effect(p, "a", row["a"]) + effect(p, "a", row["a"], "x") * row["x"]


def member(row, p) -> float:
    total, name = row["v"] + row["w"], "a_and_b"
    return sum(
        weight / total * (effect(p, name, level) + effect(p, name, level, "x") * row["x"])
        for level, weight in ((row["a"], row["v"]), (row["b"], row["w"]))
        if weight
    )


def by_arm(row, p) -> float:
    return effect(p, f"person_{row['arm']}", row["person"])


def monotonic(row, p) -> float:
    steps = {"low": 0, "mid": 1, "high": 2}[row["dose"]]
    place = 2 * float(p["simplex_dose"].values[:steps].sum())
    beta = p["beta"]
    return place * float(
        beta.sel(coefficient="mo(dose)") + beta.sel(coefficient="mo(dose):x") * row["x"]
    )


def imputed(row, p) -> float:
    known = row["bmi"]
    value = float(p["mi_bmi"].sel(bmi_missing=row.name)) if np.isnan(known) else known
    return value * float(p["beta"].sel(coefficient="mi(bmi)"))


MODELS = {
    "line": ("y ~ x", lambda row, p: 0.0),
    "offset": ("y ~ x + offset(q)", lambda row, p: row["q"]),
    "group": ("y ~ x + (1 + x | a)", slopes),
    "independent": ("y ~ x + (1 + x || a)", slopes),
    "two groups": ("y ~ x + (1 + x | a) + (1 | person)",
                   lambda row, p: slopes(row, p) + effect(p, "person", row["person"])),
    "student": ("y ~ x + (1 + x | gr(a, dist='student'))", slopes),
    "members": ("y ~ x + (1 + x | mm(a, b, weights=c(v, w)))", member),
    "by": ("y ~ x + (1 | gr(person, by=arm))", by_arm),
    "by student": ("y ~ x + (1 | gr(person, by=arm, dist='student'))", by_arm),
    "related": ("y ~ x + (1 + x | gr(a, K))", slopes),
    "monotonic": ("y ~ mo(dose) * x", monotonic),
    "missing": ({"mu": "y ~ x + mi(bmi)", "bmi": "bmi ~ x"}, imputed),
}  # fmt: skip


def related(name: str):
    if name != "related":
        return None
    levels = list("rstu")
    return {"K": bg.kinship(pd.DataFrame(0.3 + 0.7 * np.eye(4), index=levels, columns=levels))}


@pytest.mark.parametrize("name", MODELS)
def test_draws_and_stated_numbers_make_one_predictor(name: str) -> None:
    formula, rest = MODELS[name]
    data, structures = table(), related(name)
    tree = from_priors(formula, data, structures)
    p = tree["posterior"].to_dataset().isel(FIRST)
    expected = np.array([line(row, p) + rest(row, p) for _, row in data.iterrows()])
    size = np.abs(expected).max()
    found = bg.predictions(tree, data, groups="known", draws=True).isel(FIRST).values
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12 * size)

    stated = {k: v.values for k, v in p.items() if not str(k).startswith(DERIVED)}
    stated = {k: v for k, v in stated.items() if not str(k).endswith(("a_bmi", "t_bmi"))}
    made = bg.simulate(formula, data, stated | {"sigma": 1e-13}, seed=1, structures=structures)
    np.testing.assert_allclose(made["y"], expected, rtol=1e-12, atol=1e-12 * max(size, 1))


@pytest.mark.parametrize("name", ["s(x, k=5)", "t2(x, q, k=3)", "hsgp(x, k=5)"])
def test_a_curve_is_the_sum_of_its_coefficients_alone(name: str) -> None:
    """Doubling all coefficients of a smooth doubles what it adds to the line, and nothing else."""
    data = table()
    tree = from_priors(f"y ~ {name} + (1 | a)", data)
    p = tree["posterior"].to_dataset().isel(FIRST)
    stated = {str(k): v.values for k, v in p.items() if not str(k).startswith(DERIVED)}
    (curve,) = [k for k in stated if k.startswith("u_") and k != "u_a"]
    found = bg.predictions(tree, data, groups="known", draws=True).isel(FIRST).values

    def made(times: float) -> np.ndarray:
        given = stated | {curve: times * stated[curve], "sigma": 1e-13}
        return bg.simulate(f"y ~ {name} + (1 | a)", data, given, seed=1)["y"].to_numpy()

    none, once, twice = made(0.0), made(1.0), made(2.0)
    size = np.abs(once).max()
    np.testing.assert_allclose(once, found, rtol=1e-12, atol=1e-12 * size)
    np.testing.assert_allclose(twice - once, once - none, rtol=1e-9, atol=1e-10 * size)
    assert np.abs(once - none).max() > 1e-6 * size


def test_a_typical_group_has_the_line_alone() -> None:
    data = table()
    tree = from_priors("y ~ x + (1 + x | a)", data)
    p = tree["posterior"].to_dataset().isel(FIRST)
    expected = [line(row, p) for _, row in data.iterrows()]
    found = bg.predictions(tree, data, groups="typical", draws=True).isel(FIRST).values
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


def test_what_follows_from_others_is_not_stated() -> None:
    """The Cholesky factor of stated correlations, and latents of a structure, are refused."""
    data, given = table(), {"intercept": 0.0, "beta": [0.1], "sd_a": [1.0, 1.0], "sigma": 1.0}
    for extra in ({"corr_chol_a": np.eye(2)}, {"z_a": np.zeros((4, 2))}):
        with pytest.raises(ArgumentError, match="no parameter"):
            bg.simulate("y ~ x + (1 + x | a)", data, given | extra, seed=1)
