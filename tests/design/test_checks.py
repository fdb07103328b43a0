"""Every check fires where it should, stays silent where it should, and says what to do."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bayes_glmm.design.checks.check_all import CHECKS, run_checks
from bayes_glmm.design.checks.checks_fixed import BLOCK
from bayes_glmm.errors import ArgumentError, ArgumentTypeError, Finding, Findings
from bayes_glmm.spec.formula.parsing import parse

N = 60


def table(n: int = N) -> pd.DataFrame:
    """Rows without a fault: 12 schools in 6 districts, every outcome at every predictor."""
    rng = np.random.default_rng(7)
    i = np.arange(n)
    return pd.DataFrame(
        {
            "y": rng.normal(size=n),
            "count": rng.poisson(4, n),
            "event": rng.permutation(i % 2),
            "wins": rng.integers(1, 5, n),
            "n": 5 + i % 3,
            "x": rng.normal(size=n),
            "z": rng.normal(size=n),
            "f": np.array(["a", "b", "c"])[i % 3],
            "school": i % 12,
            "district": i % 6,
            "pair": i % 2,
            "time": np.exp(rng.normal(size=n)),
            "row": [f"r{k}" for k in i],
        },
        index=[f"id{k}" for k in i],
    )


def found(formula: str, changes: dict[str, Any] | None = None, **options: Any) -> Findings:
    data = table()
    for name, value in (changes or {}).items():
        data[name] = value(data) if callable(value) else value
    return run_checks(parse(formula, **options), data)[0]


def at(name: str, value: float, *rows: int) -> dict[str, Any]:
    """Return the change that sets a column at some rows."""
    return {name: lambda d: d[name].astype(float).where(~np.isin(np.arange(len(d)), rows), value)}


POISSON = {"family": "poisson"}
EVENT = {"family": "bernoulli"}
WINS = {"family": "binomial"}
NEGBIN = {"family": "negative_binomial"}
HALF = np.repeat([0, 1], N // 2)
YEARS = np.exp(np.random.default_rng(4).uniform(-1, 3, N))
FOLLOWED = np.random.default_rng(5).poisson(2 * YEARS)


def OTHER(d):
    """A factor that varies within schools."""
    return np.array(["a", "b", "c"])[np.arange(N) // 12 % 3]


def REUSED(d):
    """Plots 1, 2, ... of each district, more of them in some districts than in others."""
    return pd.Series(1 + (np.arange(N) // 6) % (2 + d.district % 4), d.index)


# check, severity, words of the message, (formula, changes, options) that fires, that does not
CASES = [
    ("support", "error", ("'count'", "is negative", "id3, id9"),
     ("count ~ x", at("count", -1, 3, 9), POISSON), ("y ~ x", {}, {})),
    ("support", "error", ("not a whole number", "id5", "exposure"),
     ("count ~ x", at("count", 2.5, 5), POISSON), ("count ~ x", {}, POISSON)),
    ("support", "error", ("'event'", "neither 0 nor 1", "id4"),
     ("event ~ x", at("event", 2, 4), EVENT), ("event ~ x", {}, EVENT)),
    ("support", "error", ("'wins'", "more successes than trials", "id8"),
     ("wins | trials(n) ~ x", at("wins", 9, 8), WINS), ("wins | trials(n) ~ x", {}, WINS)),
    ("support", "error", ("trials", "above 0", "id2"),
     ("wins | trials(n) ~ x", at("n", 5.5, 2), WINS), ("wins | trials(n) ~ x", {}, WINS)),
    ("constant_response", "error", ("'y'", "3 in every row"),
     ("y ~ x", {"y": 3.0}, {}), ("y ~ x", at("y", 3.0, 1), {})),
    ("constant_response", "error", ("'wins'", "equal to its trials"),
     ("wins | trials(n) ~ x", {"wins": lambda d: d.n}, WINS),
     ("wins | trials(n) ~ x", {"wins": lambda d: d.n - (d.n == 7)}, WINS)),
    ("modifiers", "error", ("'y'", "weight that is negative", "id4"),
     ("y | weights(time) ~ x", at("time", -1, 4), {}), ("y | weights(time) ~ x", {}, {})),
    ("empty_category", "warning", ("'c'", "'d'", "cat.remove_unused_categories"),
     ("f ~ x", {"f": lambda d: pd.Categorical(d.f.replace("c", "a"), list("abcd"), ordered=True)},
      {"family": "cumulative"}),
     ("f ~ x", {"f": lambda d: pd.Categorical(d.f, ordered=True)}, {"family": "cumulative"})),
    ("exposure", "error", ("exposure 'time'", "above 0", "id3, id4"),
     ("count ~ x", at("time", 0, 3, 4), {**POISSON, "exposure": "time"}),
     ("count ~ x", {}, {**POISSON, "exposure": "time"})),
    ("offset_scale", "warning", ("'days'", "exposure='days'"),
     ("count ~ x", {"days": np.arange(N) + 10}, {**POISSON, "offset": "days"}),
     ("count ~ x", {"days": np.log(np.arange(N) + 10)}, {**POISSON, "offset": "days"})),
    ("offset_scale", "warning", ("'days'", "exposure='days'"),
     ("count ~ x + offset(days)", {"days": np.arange(N) + 10}, POISSON),
     ("count ~ x + offset(log(days))", {"days": np.arange(N) + 10}, POISSON)),
    ("offset_scale", "warning", ("'days'", "exposure='days'"),
     ("count ~ x", {"days": np.linspace(10.25, 90.5, N)}, {**POISSON, "offset": "days"}),
     ("count ~ x", {"days": np.linspace(19.25, 24.5, N)}, {**POISSON, "offset": "days"})),
    ("offset_scale", "warning", ("'years'", "log", "exposure='years'"),
     ("count ~ x", {"years": YEARS, "count": FOLLOWED}, {**POISSON, "offset": "years"}),
     ("count ~ x", {"years": np.log(1 + YEARS), "count": FOLLOWED}, {**POISSON, "offset": "years"})),
    ("offset_scale", "warning", ("'days'", "logit", "predictor"),
     ("event ~ x", {"days": np.arange(N) + 10.0}, {**EVENT, "offset": "days"}),
     ("event ~ x", {"days": np.log(np.arange(N) + 10)}, {**EVENT, "offset": "days"})),
    ("exposure_scale", "warning", ("'log_days'", "named", "offset='log_days'"),
     ("count ~ x", {"log_days": np.log(np.arange(N) + 10)}, {**POISSON, "exposure": "log_days"}),
     ("count ~ x", {"logins": np.linspace(2.5, 9, N)}, {**POISSON, "exposure": "logins"})),
    ("exposure_scale", "warning", ("'size'", "exponential", "offset='size'"),
     ("count ~ x", {"size": np.log(YEARS + 1), "count": FOLLOWED}, {**POISSON, "exposure": "size"}),
     ("count ~ x", {"size": YEARS, "count": FOLLOWED}, {**POISSON, "exposure": "size"})),
    ("exposure_scale", "warning", ("'lnPop'", "offset='lnPop'"),
     ("count ~ x + offset(log(lnPop))", {"lnPop": np.log(np.arange(N) + 10)}, POISSON),
     ("count ~ x + offset(log(Pop))", {"Pop": np.arange(N) + 10.5}, POISSON)),
    ("reference_level", "warning", ("'arm'", "'Contol'", "1 row of 60", "'Control' (29 rows)", "id0",
                                    "ref='Control'"),
     ("y ~ arm + x", {"arm": lambda d: ["Contol", *["Treated", "Control"] * 29, "Treated"]}, {}),
     ("y ~ arm + x", {"arm": lambda d: [*["Treated", "Control"] * 30]}, {})),
    ("reference_level", "warning", ("'f'", "'a'", "2 rows of 60", "id3, id7"),
     ("y ~ f * x", {"f": lambda d: np.where(np.isin(np.arange(N), [3, 7]), "a", d.f.replace("a", "b"))}, {}),
     ("y ~ C(f, ref=b) + x",
      {"f": lambda d: np.where(np.isin(np.arange(N), [3, 7]), "a", d.f.replace("a", "b"))}, {})),
    ("reference_level", "warning", ("'land'", "'Controll'", "20 rows of 60", "'Control' (40 rows)"),
     ("y ~ C(land, ref=Controll)", {"land": ["Controll"] * 20 + ["Control"] * 40}, {}),
     ("y ~ land", {"land": ["Iceland"] * 25 + ["Ireland"] * 35}, {})),
    ("misspelled", "warning", ("'arm'", "'Treatd' (1 row) and 'Treated' (29)"),
     ("y ~ arm", {"arm": lambda d: ["Treatd", *["Treated", "Control"] * 29, "Control"]}, {}),
     ("y ~ arm", {"arm": lambda d: ["Contrl", *["Treated", "Control"] * 29, "Control"]}, {})),
    ("single_level", "warning", ("'f'", "'a'", "every row"),
     ("y ~ f + x", {"f": "a"}, {}), ("y ~ x", {"f": "a"}, {})),
    ("single_level", "warning", ("'pair'", "'True'"),
     ("y ~ pair + x", {"pair": True}, {}), ("y ~ pair + x", {"pair": lambda d: d.pair > 0}, {})),
    ("level_per_row", "warning", ("'row'", "60 levels in 60 rows", "(1 | row)"),
     ("y ~ row", {}, {}), ("y ~ C(school)", {}, {})),
    ("level_per_row", "info", ("'row'", "58 levels"),
     ("count ~ row", {"row": lambda d: d.row.replace({"r1": "r0", "r2": "r0"})}, POISSON),
     ("wins | trials(n) ~ row", {}, WINS)),
    ("integer_codes", "info", ("'region'", "0, 1, 2, 3", "C(region)"),
     ("y ~ region + x", {"region": lambda d: np.arange(N) % 4}, {}),
     ("y ~ C(region) + x", {"region": lambda d: np.arange(N) % 4}, {})),
    ("integer_codes", "info", ("'SiteCode'", "C(SiteCode)"),
     ("y ~ SiteCode * x", {"SiteCode": np.repeat([11, 12, 20], 20).astype(float)}, {}),
     ("y ~ pair * x", {}, {})),
    ("integer_codes", "info", ("'k'", "C(k)"),
     ("y ~ k", {"k": 1 + np.arange(N) % 3, "y": lambda d: d.y + 9 * (np.arange(N) % 3 == 1)}, {}),
     ("y ~ k", {"k": 1 + np.arange(N) % 3, "y": lambda d: d.y + 9 * (np.arange(N) % 3)}, {})),
    ("silent_pairs", "info", (f"1 of {N} rows", "id6"),
     ("wins | trials(n) + against(y, n) ~ x", at("wins", 0, 6) | {"y": lambda d: 2 * (d.wins > 0)},
      WINS),
     ("wins | trials(n) + against(y, n) ~ x", {"y": 2}, WINS)),
    ("huge_counts", "info", ("'count'", "exposure", "id1"),
     ("count ~ x", at("count", 3e8, 1), POISSON), ("y ~ x", at("y", 3e8, 1), {})),
    ("constant_predictor", "error", ("'x'", "2 in every row", "remove"),
     ("y ~ x + z", {"x": 2.0}, {}), ("y ~ 0 + x + z", {"x": 2.0}, {})),
    ("constant_predictor", "error", ("'x'", "0 in every row"),
     ("y ~ 0 + x + z", {"x": 0.0}, {}), ("y ~ 0 + x + z", {}, {})),
    ("duplicate_columns", "error", ("'x'", "'z'", "remove one"),
     ("y ~ x + z", {"z": lambda d: d.x}, {}), ("y ~ x + z", {"z": lambda d: d.x + 1}, {})),
    ("rank_deficient", "error", ("'x'", "'z'", "a multiple of", "(and the intercept)"),
     ("y ~ x + z", {"z": lambda d: 5 + 2e6 * d.x}, {}), ("y ~ 0 + x + z", {"z": lambda d: 5 + d.x}, {})),
    ("rank_deficient", "error", ("'x'", "'z'", "'s'", "a combination of"),
     ("y ~ x + z + s", {"s": lambda d: 3 * d.x - d.z}, {}),
     ("y ~ x + z + s", {"s": lambda d: d.x * d.z}, {})),
    ("rank_deficient", "error", ("'f[b]'", "a multiple of"),
     ("y ~ f + x", {"x": lambda d: 2.0 * (d.f == "b")}, {}), ("y ~ f * x", {}, {})),
    ("few_rows", "warning", ("63 coefficients", "60 rows"),
     ("y ~ row + x + z + time", {}, {}), ("y ~ f + x", {}, {})),
    ("scales", "info", ("'x'", "'z'", "unit"),
     ("y ~ x + z", {"x": lambda d: 1e8 * d.x}, {}), ("y ~ x + z", {"x": lambda d: 1e3 * d.x}, {})),
    ("origin", "warning", ("'x' has its zero outside of the data", "center(x)"),
     ("y ~ x + (1 + x || school)", {"x": lambda d: d.x + 2010}, {}),
     ("y ~ f * x + (1 + x | school)", {"x": lambda d: d.x + 2010}, {})),
    ("separation", "warning", ("x separates all", "prior-dominated"),
     ("event ~ x + z", {"event": lambda d: (d.x > 0.2).astype(int)}, EVENT), ("event ~ x + z", {}, EVENT)),
    ("separation", "warning", ("f[b] separates some",),
     ("event ~ f + x", {"event": lambda d: d.event.where(d.f != "b", 1)}, EVENT),
     ("event ~ f + x", {}, EVENT)),
    ("separation", "warning", ("f[c] separates some", "Merge rare levels"),
     ("wins | trials(n) ~ f", {"wins": lambda d: d.wins.where(d.f != "c", 0)}, WINS),
     ("wins | trials(n) ~ f", {}, WINS)),
    ("one_level", "error", ("'school'", "one level"),
     ("y ~ x + (1 | school)", {"school": 1}, {}), ("y ~ x + (1 | pair)", {}, {})),
    ("numbers_as_text", "warning", ("'t'", "'n/a' in row", "to_numeric", "C(t)"),
     ("y ~ t", {"t": ["n/a", *(f"{k % 7}.5" for k in range(N - 1))]}, {}),
     ("y ~ t", {"t": [("0", "1", "2", "3+")[k % 4] for k in range(N)]}, {})),
    ("numbers_as_text", "warning", ("'t'", "decimal=','"),
     ("y ~ t", {"t": [f"{k % 4},5" for k in range(N)]}, {}),
     ("y ~ C(t)", {"t": [f"{k % 4},5" for k in range(N)]}, {})),
    ("dates_as_text", "warning", ("'t'", "to_datetime"),
     ("y ~ t", {"t": [f"2024-05-0{k % 4 + 1}" for k in range(N)]}, {}),
     ("y ~ t", {"t": [f"room {k % 4}" for k in range(N)]}, {})),
    ("counted_level", "info", ("t = 'yes' counts as 1", "success='no'"),
     ("t ~ x", {"t": [("no", "yes")[k * k % 7 % 2] for k in range(N)]}, {"family": "bernoulli"}),
     ("event ~ x", {}, EVENT)),
    ("few_groups", "warning", ("'pair'", "2 levels", "prior"),
     ("y ~ x + (1 | pair)", {}, {}), ("y ~ x + (1 | district)", {}, {})),
    ("one_row_groups", "error", ("'row'", "residual", "remove"),
     ("y ~ x + (1 | row)", {}, {}), ("count ~ x + (1 | row)", {}, POISSON)),
    ("one_row_groups", "error", ("'row'", "residual"),
     ("y ~ x + (1 | row)", {}, {"family": "student_t"}), ("y ~ x + (1 | school)", {}, {})),
    ("one_row_groups", "warning", ("'row'", "one 0/1 row"),
     ("event ~ x + (1 | row)", {}, EVENT), ("wins | trials(n) ~ x + (1 | row)", {}, WINS)),
    ("over_specified", "error", ("'block'", "30 levels x 2", "60 effects for 60 rows"),
     ("y ~ x + (1 + x | block)", {"block": np.arange(N) % 30}, {}),
     ("count ~ x + (1 + x | block)", {"block": np.arange(N) % 30}, POISSON)),
    ("olre", "error", ("observation", "gaussian", "remove"),
     ("y ~ x + (1 | observation)", {}, {}), ("count ~ x + (1 | observation)", {}, POISSON)),
    ("olre", "error", ("observation", "student_t"),
     ("y ~ x + (1 | observation)", {}, {"family": "student_t"}), ("y ~ x + (1 | school)", {}, {})),
    ("olre", "error", ("observation", "0/1"),
     ("event ~ x + (1 | observation)", {}, EVENT),
     ("wins | trials(n) ~ x + (1 | observation)", {}, WINS)),
    ("olre", "error", ("observation", "0/1"),
     ("event | trials(one) ~ x + (1 | observation)", {"one": 1}, WINS),
     ("event | trials(n) ~ x + (1 | observation)", {}, WINS)),
    ("olre_dispersion", "warning", ("dispersion", "keep one"),
     ("count ~ x + (1 | observation)", {}, NEGBIN), ("count ~ x + (1 | observation)", {}, POISSON)),
    ("constant_slope", "warning", ("'x'", "'school'", "(1 | school)"),
     ("y ~ x + (1 + x | school)", {"x": lambda d: np.sqrt(d.school)}, {}),
     ("y ~ x + (1 + x | school)", {}, {})),
    ("same_groups", "error", ("'school'", "'code'", "remove one"),
     ("y ~ x + (1 | school) + (1 | code)", {"code": lambda d: "s" + (11 - d.school).astype(str)}, {}),
     ("y ~ x + (1 | school) + (1 | code)", {"code": lambda d: (np.arange(N) // 5)}, {})),
    ("confounded_group", "warning", ("'school'", "keep one"),
     ("y ~ C(school) + (1 | school)", {}, {}), ("y ~ f + (1 | school)", {}, {})),
    ("confounded_group", "warning", ("'code'", "'school'"),
     ("y ~ code + (1 | school)", {"code": lambda d: "s" + d.school.astype(str)}, {}),
     ("y ~ x:code + (1 | school)", {"code": lambda d: "s" + d.school.astype(str)}, {})),
    ("confounded_group", "warning", ("'school'", "'district'"),
     ("y ~ C(school) + (1 | district)", {}, {}), ("y ~ C(district) + (1 | school)", {}, {})),
    ("reused_levels", "warning", ("'plot'", "'district'", "(1 | district/plot)"),
     ("y ~ x + (1 | district) + (1 | plot)", {"plot": lambda d: 1 + np.arange(N) // 6 % 5}, {}),
     ("y ~ x + (1 | district/plot)", {"plot": lambda d: 1 + np.arange(N) // 6 % 5}, {})),
    ("reused_levels", "warning", ("'plot'", "(1 | district/plot)"),
     ("y ~ x + (1 | plot) + (1 + x | district)", {"plot": REUSED}, {}),
     ("y ~ x + (1 | plot) + (1 + x | district)", {"plot": lambda d: REUSED(d) + 5 * d.district}, {})),
    ("reused_levels", "warning", ("'plot'", "(1 | district/plot)"),
     ("y ~ x + (1 | district) + (1 | plot)", {"plot": lambda d: "P0" + REUSED(d).astype(str)}, {}),
     ("y ~ x + (1 | district) + (1 | visit)", {"visit": REUSED}, {})),
    ("reused_levels", "warning", ("'plot'", "(1 | district/plot)"),
     ("count ~ (1 | district) + (1 | plot)", {"plot": lambda d: REUSED(d).map(" abcde".__getitem__)},
      POISSON),
     ("count ~ (1 | district) + (1 | plot) + (1 | district:plot)", {"plot": REUSED}, POISSON)),
    ("spanned_effects", "warning", ("'intercept'", "f[a], f[b], f[c]", "(1 | school) + (1 | school:f)"),
     ("count ~ x + (1 | school) + (0 + f | school)", {"f": OTHER}, POISSON),
     ("count ~ x + (1 + f | school)", {"f": OTHER}, POISSON)),
    ("spanned_effects", "warning", ("'w'", "x, z", "Leave one out"),
     ("count ~ (0 + x + z | school) + (0 + w | school)", {"w": lambda d: d.x - 3 * d.z}, POISSON),
     ("count ~ (0 + x + z | school) + (1 | school)", {}, POISSON)),
    ("spanned_effects", "warning", ("'w'", "x", "Leave one out"),
     ("count ~ (0 + x | school) + (0 + w | school)", {"w": lambda d: -2 * d.x}, POISSON),
     ("count ~ (0 + x | school) + (0 + w | school)", {"w": lambda d: 1 - 2 * d.x}, POISSON)),
    ("spanned_effects", "warning", ("one of them", "x, z, w"),
     ("count ~ (0 + x + z + w | school)", {"w": lambda d: d.x - 3 * d.z}, POISSON),
     ("count ~ (1 | school) + (0 + f || school)", {"f": OTHER}, POISSON)),
    ("trials", "error", ("binomial", "wins | trials(n)"),
     ("wins ~ x", {}, WINS), ("event ~ x", {}, WINS)),
    ("trials", "error", ("poisson", "has no trials"),
     ("count | trials(n) ~ x", {}, POISSON), ("wins | trials(n) ~ x", {}, WINS)),
    ("own_offset", "error", ("'count'", "the exposure"),
     ("count ~ x", {}, {**POISSON, "exposure": "count"}),
     ("count ~ x", {}, {**POISSON, "exposure": "time"})),
    ("own_offset", "error", ("'count'", "the offset"),
     ("count ~ x", {}, {**POISSON, "offset": "count"}), ("count ~ x", {}, {**POISSON, "offset": "z"})),
    ("exposure_link", "warning", ("'time'", "logit", "cloglog"),
     ("event ~ x", {}, {**EVENT, "exposure": "time"}),
     ("event ~ x", {}, {**EVENT, "exposure": "time", "link": "cloglog"})),
    ("zero_counts", "warning", ("f[b]", "prior-dominated"),
     ("count ~ f + x", {"count": lambda d: d["count"].where(d.f != "b", 0)}, POISSON),
     ("count ~ f + x", {"count": lambda d: d["count"].where(d.x > -0.5, 0)}, POISSON)),
    ("zero_counts", "warning", ("f[b]",),
     ("count ~ f * x", {"count": lambda d: d["count"].where(d.f != "b", 0)}, NEGBIN),
     ("count ~ f + x", {"count": lambda d: d["count"].where(d.f != "b", np.arange(N) % 2)}, NEGBIN)),
    ("zero_counts", "warning", ("s matters only",),
     ("count ~ s + x", {"s": lambda d: d.x.clip(upper=0), "count": lambda d: d["count"] * (d.x > 0)},
      NEGBIN),
     ("count ~ s + x", {"s": lambda d: d.x.clip(upper=0), "count": lambda d: d["count"] * (d.x > 0)},
      {**NEGBIN, "link": "sqrt"})),
    ("exact_fit", "error", ("x, z", "'y'", "sigma"),
     ("y ~ x + z", {"y": lambda d: 3 - d.x / 7 + 2 * d.z}, {}),
     ("y ~ x + z", {"y": lambda d: 3 - d.x / 7 + 2 * d.z + 1e-6 * d.y}, {})),
    ("exact_fit", "error", ("'y'",),
     ("y ~ 0 + x", {"y": lambda d: 1e9 * d.x}, {}), ("y ~ 0 + x", {"y": lambda d: 1 + d.x}, {})),
    ("response_by_group", "error", ("'y'", "'school'", "one row per level"),
     ("y ~ x + (1 | school)", {"y": lambda d: d.school**2}, {}),
     ("y ~ x + (1 | school)", {"y": lambda d: d.school**2 + (d.z > 0)}, {})),
    ("response_by_group", "warning", ("'event'", "sd_school"),
     ("event ~ x + (1 | school)", {"event": lambda d: d.school % 2}, EVENT),
     ("event ~ x + (1 | school)", {}, EVENT)),
    ("saturated_group", "warning", ("a, b, c, d, e", "'district'", "sd_district"),
     ("y ~ a + b + c + d + e + x + (1 | district)",
      {c: (lambda t, j=j: np.cos(t.district * (1.0 + j))) for j, c in enumerate("abcde")}, {}),
     ("y ~ a + b + c + d + x + (1 | district)",
      {c: (lambda t, j=j: np.cos(t.district * (1.0 + j))) for j, c in enumerate("abcd")}, {})),
    ("saturated_group", "warning", ("'pair'",),
     ("y ~ size + (1 | pair)", {"size": lambda d: 10.0 + d.pair}, {}),
     ("y ~ C(pair) + (1 | pair)", {}, {})),
    ("numeric_group", "info", ("'school'", "identifier"),
     ("y ~ school + (1 | school)", {}, {}), ("y ~ C(district) + (1 | district)", {}, {})),
    ("missing_names", "warning", ("'school'", "'nan'", "id4, id8", "one group"),
     ("y ~ x + (1 | school)", {"school": lambda d: d.school.astype(str).where(
         ~np.isin(np.arange(N), [4, 8]), "nan")}, {}),
     ("y ~ x + (1 | school)", {"school": lambda d: "nan" + d.school.astype(str)}, {})),
    ("missing_names", "warning", ("'district'", "'None'", "id1"),
     ("y ~ x + (1 | district)", {"district": lambda d: ["a", "None", *"bcdefg" * 10][:N]}, {}),
     ("y ~ f + x + (1 | district)", {"f": lambda d: d.f.replace("b", "None"), "district": lambda d:
         ["a", "none", *"bcdefg" * 10][:N]}, {})),
    ("missing_names", "warning", ("'f'", "' '", "'NA'", "one level"),
     ("y ~ f + x", {"f": lambda d: d.f.replace({"b": "NA", "c": " "})}, {}),
     ("y ~ f + x", {"f": lambda d: d.f.replace({"b": "Na+", "c": "N.A. Co"})}, {})),
    ("alike_levels", "warning", ("'f'", "'A ' and 'a'"),
     ("y ~ f", {"f": lambda d: d.f.where(np.arange(len(d)) > 2, "A ")}, {}), ("y ~ f", {}, {})),
    ("alike_levels", "warning", ("'ward'", "'07' and '7'"),
     ("y ~ x + (1 | ward)", {"ward": lambda d: ["07" if k % 24 == 7 else str(k % 12) for k in range(len(d))]},
      {}), ("y ~ x + (1 | school)", {}, {})),
]  # fmt: skip
IDS = [f"{case[0]}-{k}" for k, case in enumerate(CASES)]


@pytest.mark.parametrize(("name", "severity", "words", "bad", "good"), CASES, ids=IDS)
def test_fires_and_stays_silent(
    name: str, severity: str, words: tuple[str, ...], bad: tuple, good: tuple
) -> None:
    formula, changes, options = bad
    findings = found(formula, changes, **options)[name]
    assert len(findings) == 1
    assert findings[0].severity == severity
    for word in words:
        assert word in findings[0].message
    formula, changes, options = good
    assert found(formula, changes, **options)[name] == ()


def test_every_check_has_a_case_and_a_meaning() -> None:
    assert {case[0] for case in CASES} == {check.name for check in CHECKS}
    assert all(check.meaning and check.severity in ("error", "warning", "info") for check in CHECKS)


def test_every_incomplete_column_is_named_and_the_complete_rows_are_checked() -> None:
    data = table()
    data.loc[["id3", "id9"], "x"] = np.nan
    data.loc["id4", "x"] = np.inf
    data.loc["id5", "school"] = None
    data["z"] = 1.0
    findings, schema, design = run_checks(parse("y ~ x + z + (1 | school)"), data)
    assert [f.name for f in findings] == [
        "missing_values", "infinite_values", "missing_values", "constant_predictor",
    ]  # fmt: skip
    assert [f.rows for f in findings] == [("id3", "id9"), ("id4",), ("id5",), ()]
    assert schema is None
    assert design is None
    data["x"] = np.nan
    assert [f.name for f in run_checks(parse("y ~ x + z"), data)[0]] == ["missing_values"]


def test_more_coefficients_than_rows_are_a_warning_alone() -> None:
    findings = found("y ~ row + x + z + time")
    said = [(f.name, f.severity) for f in findings]
    assert said == [("few_rows", "warning"), ("level_per_row", "warning")]


def test_at_most_ten_rows_are_listed() -> None:
    finding = found("count ~ x", at("count", -1, *range(20, 35)), **POISSON)["support"][0]
    assert finding.rows == tuple(f"id{k}" for k in range(20, 30))
    assert "5 more" in finding.message


@pytest.mark.parametrize(
    ("formula", "changes", "options", "words"),
    [
        ("f ~ x", {}, EVENT, ("3 levels", "a, b, c", "compare it")),
        ("y ~ x", at("x", np.nan, 3), {}, ("'x'", "missing", "id3", "missing='drop'")),
        ("y ~ x", at("x", np.inf, 3), {}, ("'x'", "infinite", "id3")),
        ("y ~ x + offset(log(time))", at("time", 0, 6), {}, ("log(time)", "positive", "id6")),
        ("count ~ x", at("time", -np.inf, 2), {"offset": "time", **POISSON}, ("'time'", "id2")),
        ("y ~ scool", {}, {}, ("'scool'", "'school'")),
        ("f ~ x", {}, {}, ("'f'", "text", "numbers")),
    ],
)
def test_what_makes_no_arrays_is_a_finding(
    formula: str, changes: dict, options: dict, words: tuple[str, ...]
) -> None:
    data = table().assign(**changes)
    findings, _, design = run_checks(parse(formula, **options), data)
    assert design is None
    assert [f.severity for f in findings] == ["error"]
    for word in words:
        assert word in findings.errors[0].message


@pytest.mark.parametrize("severity", ["error", "info", "ignore"])
def test_severities_can_be_changed(severity: str) -> None:
    findings, _, _ = run_checks(parse("y ~ x + (1 | pair)"), table(), {"few_groups": severity})
    assert [f.severity for f in findings] == [severity] * (severity != "ignore")


def test_unknown_actions_are_refused() -> None:
    with pytest.raises(ArgumentError, match="few_groups"):
        run_checks(parse("y ~ x"), table(), {"few_group": "error"})
    with pytest.raises(ArgumentError, match="few_groups: the severity"):
        run_checks(parse("y ~ x"), table(), {"few_groups": "fatal"})
    with pytest.raises(ArgumentTypeError):
        run_checks(parse("y ~ x"), 3)  # type: ignore[arg-type]


def test_separation_names_the_fewest_predictors() -> None:
    rule = {"event": lambda d: (d.x + d.z / 2 > 0.2).astype(int)}
    message = found("event ~ f + x + z + time", rule, **EVENT)["separation"][0].message
    assert message.startswith("x, z together separate all successes from failures")


def many(n: int = 30_000) -> tuple[pd.DataFrame, np.ndarray]:
    """Rows that all differ, and a chance that every outcome has at every predictor."""
    rng = np.random.default_rng(12)
    data = pd.DataFrame(rng.normal(size=(n, 5)), columns=list("abcde"))
    data["f"] = rng.choice(list("uvw"), n)
    return data, (rng.random(n) < 1 / (1 + np.exp(-2 * data.a))).astype(int).to_numpy()


MANY = [
    ("nothing", lambda d, y: y, None),
    ("one row against it", lambda d, y: np.where(d.index == 77, d.a < 0, d.a > 0), None),
    ("one column", lambda d, y: d.a > 0.3, "a separates all"),
    ("two columns", lambda d, y: d.a - d.b > 0.3, "together separate all"),
    ("a level", lambda d, y: np.where(d.f == "v", 1, y), "f[v] separates some"),
    ("half a column", lambda d, y: np.where(d.a > 0, 1, np.where(d.a == 0, y, 0)), "a separates some"),
]  # fmt: skip


@pytest.mark.parametrize(("case", "rule", "words"), MANY, ids=[c[0] for c in MANY])
def test_separation_is_found_among_many_rows(case: str, rule: Any, words: str | None) -> None:
    data, y = many()
    if case == "half a column":
        data["a"] = data.a.where(data.a.abs() > 0.2, 0)
    data["event"] = np.asarray(rule(data, y)).astype(int)
    findings = run_checks(parse("event ~ a + b + c + d + e + f", **EVENT), data)[0]
    if words is None:
        assert findings.items == ()
    else:
        assert [f.name for f in findings] == ["separation"]
        assert words in findings.items[0].message
    if case == "two columns":
        assert findings.items[0].message.startswith(("a, b together", "b, a together"))


def test_separation_by_one_rare_row_is_found_among_many() -> None:
    data, y = many()
    data.loc[77, "f"] = "xrare"
    finding = run_checks(parse("event ~ a + f", **EVENT), data.assign(event=y))[0]["separation"]
    assert finding[0].message.startswith("f[xrare] separates some")


def test_separation_is_left_out_of_tables_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bayes_glmm.design.checks.separation.MOST_CELLS", 100)
    finding = found("event ~ x + z", **EVENT)["separation"][0]
    assert finding.severity == "info"
    assert "60 rows" in finding.message
    raised = run_checks(parse("event ~ x + z", **EVENT), table(), {"separation": "error"})[0]
    assert [f.severity for f in raised] == ["info"]


def test_sums_of_columns_far_from_zero_are_found() -> None:
    changes = {"x": lambda d: 1e9 + d.x, "z": lambda d: 1e9 + d.z, "s": lambda d: d.x + d.z}
    assert len(found("y ~ x + z + s", changes)["rank_deficient"]) == 1
    changes["s"] = lambda d: d.x + d.z + d.time / 100
    assert found("y ~ x + z + s", changes)["rank_deficient"] == ()


def test_rank_is_the_same_over_blocks_of_rows() -> None:
    n = 2 * BLOCK + 17
    rng = np.random.default_rng(1)
    data = pd.DataFrame(rng.normal(size=(n, 4)), columns=["y", "a", "b", "c"])
    assert run_checks(parse("y ~ a + b + c"), data)[0].items == ()
    data["c"] = data.a - 3 * data.b
    assert len(run_checks(parse("y ~ a + b + c"), data)[0]["rank_deficient"]) == 1
    data["c"] += 1e-5 * rng.normal(size=n)
    assert run_checks(parse("y ~ a + b + c"), data)[0]["rank_deficient"] == ()


NATURAL = [
    ("cbpp", "incidence | trials(size) ~ C(period) + (1 | herd)", WINS),
    ("sleepstudy", "Reaction ~ Days + (1 + Days | Subject)", {}),
    ("epil", "y ~ lbase * trt + lage + V4 + (1 | subject) + (1 | observation)", POISSON),
    ("contraception", "use ~ age + livch + urban + (1 + urban | district)", EVENT),
    ("grouseticks", "TICKS ~ C(YEAR) + HEIGHT + (1 | BROOD) + (1 | LOCATION) + (1 | INDEX)", POISSON),
]  # fmt: skip


@pytest.mark.parametrize(("name", "formula", "options"), NATURAL)
def test_good_tables_with_their_models_pass(
    data_folder: Path, name: str, formula: str, options: dict
) -> None:
    findings, schema, design = run_checks(
        parse(formula, **options), pd.read_csv(data_folder / f"{name}.csv")
    )
    assert findings.items == ()
    assert schema is not None
    assert design is not None


def test_a_hundred_thousand_rows_are_checked_in_seconds() -> None:
    n, names = 100_000, [f"x{k}" for k in range(10)]
    rng = np.random.default_rng(3)
    data = pd.DataFrame(rng.normal(size=(n, 10)), columns=names)
    data["y"], data["g"], data["h"] = (
        rng.integers(0, 2, n),
        rng.integers(0, 5000, n),
        np.arange(n) % 90,
    )
    start = time.process_time()
    text = f"y ~ {' + '.join(names)} + (1 + x0 | g) + (1 | h)"
    findings: tuple[Finding, ...] = run_checks(parse(text, **EVENT), data)[0].items
    assert time.process_time() - start < 5
    assert findings == ()


def test_a_finite_fit_proves_overlap_only_where_the_linear_programme_finds_none():
    from bayes_glmm.design.checks.check_all import separation

    rng, separated, proved = np.random.default_rng(3), 0, 0
    for number in range(150):
        n, p = rng.integers(4, 80), rng.integers(1, 6)
        X = rng.normal(size=(n, p)) if number % 2 else rng.integers(0, 3, (n, p)).astype(float)
        y = rng.random(n) < 1 / (1 + np.exp(-2 * X[:, 0]))
        X = (X - X.mean(0))[:, np.ptp(X, axis=0) > 0]
        if y.all() or not y.any():
            continue
        sides = separation._sides(X, True, y, ~y)
        found = separation._separating(sides)
        separated += found is not None
        if separation._overlap(sides):
            proved += 1
            assert found is None
    assert separated > 10
    assert proved > 100
