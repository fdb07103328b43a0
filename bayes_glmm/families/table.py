"""The table of families, made from what each of them states."""

from __future__ import annotations

import inspect

import pandas as pd

from bayes_glmm.families import FAMILIES
from bayes_glmm.families.base import Family


def families() -> pd.DataFrame:
    """Tabulate the families of responses.

    Returns
    -------
    pandas.DataFrame
        ``family``, ``response`` (its support), ``links`` (the default one first),
        ``parameters`` beside ``mu`` with their meaning, ``priors`` (defaults, for a
        response with a standard deviation of one), ``variance`` and ``mean`` (what
        predictions report), ``trials``, ``cens_trunc`` (whether the response may be
        censored or truncated) and ``about``.

    Examples
    --------
    >>> import bayes_glmm as bg
    >>> table = bg.families().set_index("family")
    >>> table.loc["zero_inflated_poisson", "mean"]
    '``(1 - zi)`` times the plain mean'
    """
    return pd.DataFrame([_row(family) for family in FAMILIES])


def _row(family: Family) -> dict[str, object]:
    return {
        "family": family.name,
        "response": family.support,
        "links": ", ".join(family.links),
        "parameters": "; ".join(f"{p.name}: {p.meaning}" for p in family.parameters),
        "priors": "; ".join(f"{p.name} ~ {p.prior(1.0)!r}" for p in family.parameters),
        "variance": _said(family, "variance"),
        "mean": _said(family, "expected" if family.categorical else "mean"),
        "trials": family.has_trials,
        "cens_trunc": bool(getattr(family, "has_distribution", False)),
        "about": (inspect.getdoc(type(family)) or "").split("\n\n")[0].replace("\n", " "),
    }


def _said(family: Family, method: str) -> str:
    """Return the first line of a method's docstring, without its verb."""
    text = inspect.getdoc(getattr(type(family), method)) or ""
    return text.split("\n")[0].removeprefix("Return ").removesuffix(".")
