"""The table of families, made from what each of them states."""

from __future__ import annotations

import inspect
import re
from collections.abc import Hashable
from typing import Any

import pandas as pd

from bayes_glmm.families import FAMILIES
from bayes_glmm.families.contract import Family
from bayes_glmm.families.parameter import Parameter
from bayes_glmm.families.precision import Learned


def families() -> pd.DataFrame:
    """Tabulate the families of responses.

    Returns
    -------
    pandas.DataFrame
        ``family``, ``response`` (its support), ``links`` (the default one first),
        ``parameters`` beside ``mu`` with their meaning, ``priors`` (defaults, for a
        response with a standard deviation of one; a number where it is known and not
        estimated), ``variance`` and ``mean`` of the response, ``predictions`` (what those
        of the kind ``expected`` report), ``trials``, ``cens_trunc`` (whether the response
        may be censored or truncated) and ``about``.

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
        "priors": "; ".join(map(_prior, family.parameters)),
        "variance": _said(family, "variance"),
        "mean": _mean(family),
        "predictions": "probabilities" if "expected" in family.by_category else family.reports,
        "trials": family.has_trials,
        "cens_trunc": family.has_distribution,
        "about": (inspect.getdoc(type(family)) or "").split("\n\n")[0].replace("\n", " "),
    }


def _prior(parameter: Parameter) -> str:
    if parameter.fixed is not None:
        return f"{parameter.name} = {parameter.fixed:g}"
    if isinstance(parameter.learned, Learned):
        return f"{parameter.name} ~ {parameter.learned.text}"
    return f"{parameter.name} ~ {parameter.prior(1.0)!r}"


def _mean(family: Family) -> str:
    text = _said(family, "expected" if "expected" in family.by_category else "mean")
    return text if family.has_trials else text.removesuffix(WHERE_TRIALS)


WHERE_TRIALS = ", times ``trials`` where there are trials"


def _said(family: Family, method: str) -> str:
    """Return the first line of a method's docstring, without its verb."""
    text = inspect.getdoc(getattr(type(family), method)) or ""
    return text.split("\n")[0].removeprefix("Return ").removesuffix(".")


HEAD = """# Families of responses

Made from the code by `make docs`; `bg.families()` gives the same as a table. `mu` is the
inverse link of the linear predictor. Default priors are those for a response with a standard
deviation of one. Every parameter with a prior may have a formula of its own, but for `power`
and thresholds, or be held at a known value, as in `family="student_t(nu=4)"`.
"""


def markdown() -> str:
    """Write the families out for readers, one section each."""
    return "\n".join([HEAD, *(_section(row) for row in families().to_dict("records"))])


def _section(row: dict[Hashable, Any]) -> str:
    lines = {
        "Response": row["response"],
        "Links": row["links"],
        "Parameters": row["parameters"] or "none beside `mu`",
        "Default priors": row["priors"] or "none",
        "Variance": row["variance"],
        "Mean": row["mean"],
        "Predictions report": row["predictions"],
        "With": ", ".join(name for key, name in EXTRAS.items() if row[key]),
    }
    items = [f"- {name}: {str(text).replace('``', '`')}" for name, text in lines.items() if text]
    about = MATHS.sub(r"$\1$", str(row["about"])).replace("``", "`")
    return "\n".join([f"## {row['family']}", "", about, "", *items, ""])


MATHS = re.compile(":math:`([^`]*)`")
EXTRAS = {"trials": "`trials()`", "cens_trunc": "`cens()` and `trunc()`"}
