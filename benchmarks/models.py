"""The models that are compared: formula, family, table, and how peers write them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import simulated

TABLES = Path(__file__).resolve().parents[1] / "tests" / "data"
OURS = "bayes_glmm"


@dataclass(frozen=True)
class Model:
    """One model on one table.

    Attributes
    ----------
    name : str
    formula : str
        In the package's notation, which is also that of brms.
    family : str
        By the package's name.
    load : callable
        Returns the table; columns that name groups of text are text.
    peer_formula : str
        In Bambi's notation, where it differs: a response with trials, an offset.
    exposure, offset : str or None
        Exposure column for the package, and its logarithm for peers.
    only : tuple of str
        Contenders that are asked; all of them when empty.
    large : bool
        Left out unless it is named.
    """

    name: str
    formula: str
    family: str
    load: Callable[[], pd.DataFrame]
    peer_formula: str = ""
    exposure: str | None = None
    offset: str | None = None
    only: tuple[str, ...] = ()
    large: bool = False

    @property
    def written(self) -> str:
        """The formula as Bambi reads it."""
        return self.peer_formula or self.formula


def table(name: str, *text: str) -> pd.DataFrame:
    """Read a table of the tests, some columns as text."""
    return pd.read_csv(TABLES / f"{name}.csv", dtype=dict.fromkeys(text, str))


def grouseticks() -> pd.DataFrame:
    """Ticks on chicks, height in hundreds of metres around the mean."""
    d = table("grouseticks", "YEAR", "BROOD", "LOCATION", "INDEX")
    return d.assign(cHEIGHT100=(d.HEIGHT - d.HEIGHT.mean()) / 100)


def contraception() -> pd.DataFrame:
    """Use of contraception, age in decades; whether a place is urban around its mean."""
    d = table("contraception", "district")
    urban = (d.urban == "Y").astype(float)
    return d.assign(age10=d.age / 10, age10sq=(d.age / 10) ** 2, cUrban=urban - urban.mean())


def sleepstudy() -> pd.DataFrame:
    """Reaction times, days around their mean."""
    d = table("sleepstudy", "Subject")
    return d.assign(cDays=d.Days - d.Days.mean())


def owls() -> pd.DataFrame:
    """Calls of nestlings, with the logarithm of the brood for peers."""
    d = table("owls")
    return d.assign(cArrival=d.ArrivalTime - d.ArrivalTime.mean(), log_brood=np.log(d.BroodSize))


_OWLS = "SiblingNegotiation ~ FoodTreatment * SexParent + cArrival"
_MODELS = (
    Model(
        "sleepstudy",
        "Reaction ~ cDays + (1 + cDays | Subject)",
        "gaussian",
        sleepstudy,
    ),
    Model(
        "cbpp",
        "incidence | trials(size) ~ period + (1 | herd)",
        "binomial",
        lambda: table("cbpp", "period", "herd"),
        peer_formula="p(incidence, size) ~ period + (1 | herd)",
    ),
    Model(
        "grouseticks",
        "TICKS ~ YEAR + cHEIGHT100 + (1 | BROOD) + (1 | INDEX) + (1 | LOCATION)",
        "poisson",
        grouseticks,
    ),
    Model(
        "verbagg",
        "r2 ~ anger + gender + btype + situ + (1 | id) + (1 | item)",
        "bernoulli",
        lambda: table("verbagg", "id"),
    ),
    Model(
        "contraception",
        "use ~ age10 + age10sq + livch + cUrban + (1 + cUrban | district)",
        "bernoulli",
        contraception,
    ),
    Model(
        "owls",
        f"{_OWLS} + (1 | Nest)",
        "negative_binomial",
        owls,
        peer_formula=f"{_OWLS} + offset(log_brood) + (1 | Nest)",
        exposure="BroodSize",
        offset="log_brood",
    ),
    Model(
        "insteval_sub",
        "y ~ service * dept + (1 | s) + (1 | d)",
        "gaussian",
        lambda: table("insteval_sub", "service", "dept", "s", "d"),
    ),
    Model(
        "crossed_simulated",
        "y ~ service + (1 | s) + (1 | d)",
        "gaussian",
        simulated.crossed,
    ),
    Model(
        "poisson_million",
        "y ~ x + (1 | g)",
        "poisson",
        lambda: simulated.intercepts("poisson", 1_000_000, 100_000),
        only=(OURS,),
        large=True,
    ),
)
MODELS = {model.name: model for model in _MODELS}
