"""Models whose answers trusted peers have given, and how to fit them here.

Factors whose levels sort as in R need no preparation; the rest is derived here
from the columns of the table exactly as the peer's script did.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

HERE = Path(__file__).parent
DATA = HERE.parent / "data"


def peers() -> dict:
    """Return the peers' estimates, by case."""
    return json.loads((HERE / "peers.json").read_text())


@dataclass(frozen=True)
class Case:
    """One model on one table.

    ``groups`` maps our group names to the peer's; ``scale`` is the unit of the
    response on the link scale, which sets how weak the priors are.
    """

    name: str
    table: str
    formula: str
    family: str = "gaussian"
    link: str | None = None
    exposure: str | None = None
    prepare: Callable[[pd.DataFrame], pd.DataFrame] = lambda d: d
    text: tuple[str, ...] = ()
    groups: dict[str, str] = field(default_factory=dict)
    scale: float = 1.0
    label: str = ""

    def data(self) -> pd.DataFrame:
        """Read and prepare the table."""
        raw = pd.read_csv(DATA / f"{self.table}.csv", dtype=dict.fromkeys(self.text, str))
        return self.prepare(raw)


def _ordered(column: str, *levels: str) -> Callable[[pd.DataFrame], pd.DataFrame]:
    return lambda d: d.assign(**{column: pd.Categorical(d[column], levels)})


def _ticks(d: pd.DataFrame) -> pd.DataFrame:
    return d.assign(cHEIGHT100=(d.HEIGHT - d.HEIGHT.mean()) / 100)


def _women(d: pd.DataFrame) -> pd.DataFrame:
    use = (d["use"] == "Y").astype(int) if d["use"].dtype.kind not in "biuf" else d["use"]
    return d.assign(use=use, age10=d.age / 10, age10sq=(d.age / 10) ** 2)


def _owls(d: pd.DataFrame) -> pd.DataFrame:
    return d.assign(cArrival=d.ArrivalTime - d.ArrivalTime.mean())


def _school(d: pd.DataFrame) -> pd.DataFrame:
    between = d.groupby("school").standLRT.transform("mean")
    return d.assign(lrt_between=between, lrt_within=d.standLRT - between)


def _liver(d: pd.DataFrame) -> pd.DataFrame:
    import numpy as np

    t = d.day / 365.25
    mean = t.groupby(d.id).transform("mean")
    return d.assign(t=t, lbili=np.log(d.bili), t_mean=mean, t_within=t - mean)


def _nails(d: pd.DataFrame) -> pd.DataFrame:
    return d


EPIL = "y ~ lbase * trt + lage + V4 + (1 | subject)"
OWLS = "SiblingNegotiation ~ FoodTreatment * SexParent + cArrival + (1 | Nest)"
CASES = (
    Case("sleepstudy_random_slope", "sleepstudy", "Reaction ~ Days + (1 + Days | Subject)",
         scale=56, label="REML"),
    Case("sleepstudy_random_slope_uncorrelated", "sleepstudy",
         "Reaction ~ Days + (1 + Days || Subject)", scale=56),
    Case("sleepstudy_random_intercept", "sleepstudy", "Reaction ~ Days + (1 | Subject)", scale=56),
    Case("penicillin_crossed", "penicillin", "diameter ~ 1 + (1 | plate) + (1 | sample)",
         groups={"sample_group": "sample"}, scale=2, label="REML"),
    Case("pastes_nested", "pastes", "strength ~ 1 + (1 | batch/cask)", scale=3,
         groups={"batch_by_cask": "cask:batch"}, label="REML"),
    Case("dyestuff_random_intercept", "dyestuff", "Yield ~ 1 + (1 | Batch)", scale=60,
         prepare=lambda d: d[d.source == "Dyestuff"], label="REML"),
    Case("exam_random_intercept", "exam", "normexam ~ standLRT + (1 | school)"),
    Case("exam_random_slope", "exam", "normexam ~ standLRT + (1 + standLRT | school)"),
    Case("exam_within_between", "exam", "normexam ~ lrt_within + lrt_between + (1 | school)",
         prepare=_school),
    Case("pbcseq_random_intercept", "pbcseq", "lbili ~ t + (1 | id)", prepare=_liver),
    Case("pbcseq_within_between", "pbcseq", "lbili ~ t_within + t_mean + (1 | id)", prepare=_liver),
    Case("pbcseq_within_between_slope", "pbcseq",
         "lbili ~ t_within + t_mean + (1 + t_within | id)", prepare=_liver),
    Case("insteval_crossed", "insteval_sub", "y ~ service * dept + (1 | s) + (1 | d)",
         text=("service", "dept", "s", "d"), label="REML"),
    Case("cbpp_binomial", "cbpp", "incidence | trials(size) ~ period + (1 | herd)", "binomial",
         text=("period", "herd"), label="exact_quadrature_ML"),
    Case("cbpp_binomial_olre", "cbpp",
         "incidence | trials(size) ~ period + (1 | herd) + (1 | observation)", "binomial",
         text=("period", "herd"), groups={"observation": "obs"}),
    Case("surgical_hospital_ranking", "surgical", "deaths | trials(operations) ~ 1 + (1 | hospital)",
         "binomial", label="exact_quadrature_ML"),
    Case("contraception_random_intercept", "contraception",
         "use ~ age10 + age10sq + livch + urban + (1 | district)", "bernoulli", prepare=_women,
         label="exact_quadrature_ML"),
    Case("contraception_random_slope", "contraception",
         "use ~ age10 + age10sq + livch + urban + (1 + urban | district)", "bernoulli",
         prepare=_women),
    Case("toenail_random_intercept", "toenail", "outcome ~ treatment * time + (1 | patientID)",
         "bernoulli", prepare=_nails, label="exact_quadrature_ML"),
    Case("ohio_random_intercept", "ohio", "resp ~ age * smoke + (1 | id)", "bernoulli",
         label="exact_quadrature_ML"),
    Case("ohio_random_intercept_probit", "ohio", "resp ~ age * smoke + (1 | id)", "bernoulli",
         link="probit"),
    Case("verbagg_explanatory", "verbagg",
         "r2 ~ anger + gender + btype + situ + mode + (1 | id) + (1 | item)", "bernoulli",
         prepare=_ordered("mode", "want", "do")),
    Case("epil_poisson", "epil", EPIL, "poisson", label="exact_quadrature_ML"),
    Case("epil_poisson_olre", "epil", EPIL + " + (1 | observation)", "poisson",
         groups={"observation": "obs"}),
    Case("epil_negbin", "epil", EPIL, "negative_binomial", label="exact_quadrature_ML"),
    Case("epil_random_slope", "epil", "y ~ lbase * trt + lage + visit + (1 + visit | subject)",
         "poisson", prepare=lambda d: d.assign(visit=(2 * d.period - 5) / 10)),
    Case("grouseticks_poisson", "grouseticks",
         "TICKS ~ YEAR + cHEIGHT100 + (1 | BROOD) + (1 | LOCATION)", "poisson", prepare=_ticks,
         text=("YEAR", "BROOD", "LOCATION")),
    Case("grouseticks_olre", "grouseticks",
         "TICKS ~ YEAR + cHEIGHT100 + (1 | BROOD) + (1 | LOCATION) + (1 | observation)", "poisson",
         prepare=_ticks, text=("YEAR", "BROOD", "LOCATION"), groups={"observation": "INDEX"}),
    Case("grouseticks_negbin", "grouseticks",
         "TICKS ~ YEAR + cHEIGHT100 + (1 | BROOD) + (1 | LOCATION)", "negative_binomial",
         prepare=_ticks, text=("YEAR", "BROOD", "LOCATION")),
    Case("owls_poisson", "owls", OWLS, "poisson", exposure="BroodSize", prepare=_owls),
    Case("owls_nb2", "owls", OWLS, "negative_binomial", exposure="BroodSize", prepare=_owls),
    Case("owls_nb1", "owls", OWLS, "negative_binomial1", exposure="BroodSize", prepare=_owls),
    Case("owls_zip", "owls", OWLS, "zero_inflated_poisson", exposure="BroodSize", prepare=_owls),
    Case("owls_zinb", "owls", OWLS, "zero_inflated_negative_binomial", exposure="BroodSize",
         prepare=_owls),
    Case("owls_poisson_olre", "owls", OWLS + " + (1 | observation)", "poisson",
         exposure="BroodSize", prepare=_owls, groups={"observation": "obs"}),
    Case("nielweise2008_UM.RS", "nielweise2008", "events ~ treat + (1 + treat12 || study)",
         "poisson", exposure="catheter_days", prepare=lambda d: d.assign(treat12=d.treat - 0.5)),
    Case("selective_sim_random_intercept", "selective_sim", "y ~ age + (1 | id)", "poisson"),
)  # fmt: skip
