"""How the variables of a model are named: the one place that spells a name of the posterior.

A name is a stem and what it belongs to: ``sd_Subject``, ``beta_zi``. Blocks and predictors
give their own names as properties made here; all other code asks them.
"""

from __future__ import annotations

BETA, INTERCEPT = "beta", "intercept"
SD, CORRELATION, CORRELATION_FACTOR = "sd", "corr", "corr_chol"
EFFECTS, LATENTS = "u", "z"
SHARES, MISSING = "simplex", "mi"


def named(stem: str, owner: str) -> str:
    """Return a variable's name: ``named("sd", "Subject")`` is ``"sd_Subject"``."""
    return f"{stem}_{owner}"


def element(name: str, *labels: str) -> str:
    """Return the name of one element: ``"beta[size]"``, ``"corr_g[intercept, x]"``."""
    return f"{name}[{', '.join(labels)}]"


def in_formula(stem: str, parameter: str) -> str:
    """Return a predictor's variable: ``"beta"``, or ``"beta_zi"`` in the formula of ``zi``."""
    return stem if parameter == "mu" else named(stem, parameter)
