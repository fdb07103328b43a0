"""Priors as the kernel knows them: a kind, its numbers, and the logarithm of the normalising constant."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaln, gammaln

from bayes_glmm.engine.codes import PRIORS
from bayes_glmm.engine.own import location_scale
from bayes_glmm.engine.records import PRIOR
from bayes_glmm.spec.priors import Prior

_REAL = {
    "Normal": ("NORMAL_PRIOR", None),
    "StudentT": ("STUDENT_T_PRIOR", "nu"),
    "Cauchy": ("STUDENT_T_PRIOR", None),
    "Laplace": ("LAPLACE_PRIOR", None),
    "Logistic": ("LOGISTIC_PRIOR", None),
}
_SHARE = {"Beta": "SHARE_PRIOR", "OnePlusBeta": "POWER_PRIOR"}
_POSITIVE = {
    "HalfNormal": lambda p: ("HALF_NORMAL_PRIOR", p["sigma"], 0.0),
    "HalfStudentT": lambda p: ("HALF_STUDENT_T_PRIOR", p["nu"], p["sigma"]),
    "HalfCauchy": lambda p: ("HALF_STUDENT_T_PRIOR", 1.0, p["beta"]),
    "Exponential": lambda p: ("GAMMA_PRIOR", 1.0, p["lam"]),
    "Gamma": lambda p: ("GAMMA_PRIOR", p["alpha"], p["beta"]),
    "InverseGamma": lambda p: ("INVERSE_GAMMA_PRIOR", p["alpha"], p["beta"]),
    "LogNormal": lambda p: ("LOG_NORMAL_PRIOR", p["mu"], p["sigma"]),
}
KNOWN = (*_REAL, *_POSITIVE, *_SHARE, "LKJ")
"""Names of the priors that the kernel has."""


@dataclass(frozen=True)
class PriorRow:
    """A prior's kind and numbers, and the logarithm of its normalising constant."""

    kind: str
    a: float
    b: float
    c: float
    constant: float

    def words(self, unit: float | None) -> NDArray[np.int64]:
        """Return the kernel's record; a unit is that of a signed standard deviation."""
        c = self.c if unit is None else unit
        return PRIOR.words(kind=PRIORS[self.kind], a=self.a, b=self.b, c=c)


def prior_row(prior: Prior) -> PriorRow:
    """Return how the kernel knows a prior of a number."""
    if prior.name in _REAL:
        kind, shape = _REAL[prior.name]
        nu = prior[shape] if shape else 1.0
        constants = {
            "NORMAL_PRIOR": -0.5 * math.log(2 * math.pi),
            "STUDENT_T_PRIOR": gammaln((nu + 1) / 2)
            - gammaln(nu / 2)
            - 0.5 * math.log(nu * math.pi),
            "LAPLACE_PRIOR": -math.log(2.0),
            "LOGISTIC_PRIOR": 0.0,
        }
        return PriorRow(kind, *location_scale(prior), nu, float(constants[kind]))
    if prior.name in _SHARE:
        a, b = prior["alpha"], prior["beta"]
        return PriorRow(_SHARE[prior.name], a, b, 0.0, float(-betaln(a, b)))
    kind, a, b = _POSITIVE[prior.name](prior)
    match kind:
        case "HALF_NORMAL_PRIOR":
            const = 0.5 * math.log(2 / math.pi) - math.log(a)
        case "HALF_STUDENT_T_PRIOR":
            const = math.log(2 / b) + gammaln((a + 1) / 2) - gammaln(a / 2)
            const -= 0.5 * math.log(a * math.pi)
        case "GAMMA_PRIOR" | "INVERSE_GAMMA_PRIOR":
            const = a * math.log(b) - gammaln(a)
        case _:
            const = -math.log(b) - 0.5 * math.log(2 * math.pi)
    return PriorRow(kind, a, b, 0.0, float(const))


def lkj_constant(n: int, eta: float) -> float:
    """Return the logarithm of the normalising constant of an LKJ prior of n terms."""
    total = 0.0
    for k in range(1, n):
        total += 0.5 * k * math.log(math.pi)
        total += gammaln(eta + 0.5 * (n - 1 - k)) - gammaln(eta + 0.5 * (n - 1))
    return -float(total)
