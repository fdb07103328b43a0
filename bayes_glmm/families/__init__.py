"""Response distributions, each in one file and listed once, here."""

from __future__ import annotations

import re
from functools import cache

from bayes_glmm.errors import ArgumentTypeError, SpecError, suggestion
from bayes_glmm.families.asymmetric_laplace import AsymmetricLaplace
from bayes_glmm.families.bernoulli import Bernoulli
from bayes_glmm.families.beta import Beta, ZeroOneInflatedBeta
from bayes_glmm.families.binomial import Binomial
from bayes_glmm.families.contract import Family
from bayes_glmm.families.gaussian import Gaussian
from bayes_glmm.families.generalized_poisson import GeneralizedPoisson
from bayes_glmm.families.negative_binomial import NegativeBinomial
from bayes_glmm.families.ordered_beta import OrderedBeta
from bayes_glmm.families.ordinal import Adjacent, Cumulative, Sequential
from bayes_glmm.families.overdispersed import BetaBinomial, Geometric, NegativeBinomial1
from bayes_glmm.families.parameter import Parameter
from bayes_glmm.families.poisson import Poisson
from bayes_glmm.families.positive import (
    Exponential,
    Gamma,
    InverseGaussian,
    Lognormal,
    Weibull,
)
from bayes_glmm.families.skew_normal import SkewNormal
from bayes_glmm.families.student_t import StudentT
from bayes_glmm.families.tweedie import Tweedie
from bayes_glmm.families.unordered import Categorical, Dirichlet, Multinomial
from bayes_glmm.families.von_mises import VonMises
from bayes_glmm.families.zero_inflation import HURDLE, ZERO_INFLATED
from bayes_glmm.maths.links import LINKS, Link

__all__ = ["FAMILIES", "LINKS", "Family", "Link", "Parameter", "get_family"]

FAMILIES: tuple[Family, ...] = (
    Gaussian(),
    StudentT(),
    Bernoulli(),
    Binomial(),
    Poisson(),
    NegativeBinomial(),
    NegativeBinomial1(),
    Geometric(),
    GeneralizedPoisson(),
    BetaBinomial(),
    *ZERO_INFLATED,
    *HURDLE,
    Gamma(),
    Lognormal(),
    InverseGaussian(),
    Weibull(),
    Exponential(),
    Beta(),
    ZeroOneInflatedBeta(),
    OrderedBeta(),
    SkewNormal(),
    AsymmetricLaplace(),
    VonMises(),
    Tweedie(),
    Cumulative(),
    Sequential(),
    Adjacent(),
    Categorical(),
    Multinomial(),
    Dirichlet(),
)
_BY_NAME = {family.name: family for family in FAMILIES}
_BUILT_IN = frozenset(_BY_NAME)
KNOWN = re.compile(r"(\w+)=([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)")


def get_family(family: str | Family) -> Family:
    """Return the family of that name.

    Parameters whose values are known are held at them: ``"student_t(nu=4)"``.
    A :class:`Family` of one's own is returned as it is, and known by its name from then
    on: results are saved with the name alone, and are read where it is known.

    Raises
    ------
    SpecError
        No family has that name; the nearest ones are named. Or an object has the name
        of a family of this package, or a known value is not one.
    ArgumentTypeError
        Neither a name nor a family.

    Examples
    --------
    >>> get_family("poisson").default_link
    'log'
    >>> [p.name for p in get_family("student_t(nu=4)").scalars(())]
    ['sigma']
    """
    if isinstance(family, Family):
        if _BY_NAME.setdefault(family.name, family) is not family:
            if family.name in _BUILT_IN:
                raise SpecError(f"{family.name!r} is a family of this package: use another name.")
            _BY_NAME[family.name] = family
        return family
    if not isinstance(family, str):
        raise ArgumentTypeError(f"family must be a name or a Family, not {family!r}.")
    if family in _BY_NAME:
        return _BY_NAME[family]
    return _held(re.sub(r"\s", "", family))


@cache
def _held(text: str) -> Family:
    """Return the family of a name with known values in brackets."""
    name, bracket, rest = text.partition("(")
    if name not in _BY_NAME:
        raise SpecError(f"Unknown family {name!r}." + suggestion(name, list(_BY_NAME)))
    if not bracket:
        return _BY_NAME[name]
    pairs = [KNOWN.fullmatch(part) for part in rest.removesuffix(")").split(",")]
    found = [(pair[1], pair[2]) for pair in pairs if pair is not None]
    if not rest.endswith(")") or len(found) < len(pairs) or len(dict(found)) < len(pairs):
        raise SpecError(
            f"The family {text!r} is not understood: known values are written as in "
            "'student_t(nu=4)'."
        )
    held = _BY_NAME[name].holding(**{key: float(value) for key, value in found})
    return held if held.name == text else _held(held.name)
