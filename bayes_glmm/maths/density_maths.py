"""The functions of densities in NumPy and in PyTensor, under one set of names.

A density that is written with these serves answers and graphs alike; on a tape it gives
derivatives too, see :mod:`bayes_glmm.maths.tape_maths`.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from scipy import special

from bayes_glmm.maths import symbolic
from bayes_glmm.maths.vocabulary import Function, Maths, Mean

__all__ = ["LOG_TWO_PI", "NUMPY", "Maths", "Mean", "pytensor_maths"]

LOG_TWO_PI = float(np.log(2 * np.pi))


def _pick(values: Any, code: Any) -> Any:
    places = np.broadcast_to(np.asarray(code, np.intp), values.shape[:-1])
    return np.take_along_axis(values, places[..., None], axis=-1)[..., 0]


def _total(term: Function, n: int, *values: Any) -> Any:
    total = term(0.0, *values)
    for k in range(1, n):
        total = total + term(float(k), *values)
    return total


def _log_total(term: Function, n: int, *values: Any) -> Any:
    wide = (np.asarray(v)[..., None] for v in values)
    return special.logsumexp(term(np.arange(float(n)), *wide), axis=-1)


NUMPY = Maths(
    exp=np.exp,
    expm1=np.expm1,
    log=np.log,
    log1p=np.log1p,
    sqrt=np.sqrt,
    sin=np.sin,
    arctan=np.arctan,
    floor=np.floor,
    where=np.where,
    maximum=np.maximum,
    minimum=np.minimum,
    logaddexp=np.logaddexp,
    gammaln=special.gammaln,
    gammainc=special.gammainc,
    is_zero=lambda x: np.asarray(x) == 0,
    times=lambda count, term: np.where(count == 0, 0.0, count * np.where(count == 0, 0.0, term)),
    sigmoid=special.expit,
    log_sigmoid=special.log_expit,
    normal_cdf=special.ndtr,
    log_normal_cdf=special.log_ndtr,
    log_bessel=lambda x: np.log(special.i0e(x)),
    total=_total,
    log_total=_log_total,
    steady=lambda x: x,
    concatenate=lambda parts: np.concatenate(parts, axis=-1),
    cumsum=lambda x: np.cumsum(x, axis=-1),
    logsumexp=lambda x: special.logsumexp(x, axis=-1),
    numbers=lambda x: np.arange(x.shape[-1]),
    pick=_pick,
    inverse=lambda link, eta: link.inverse(eta),
    log_inverse=lambda link, eta: link.log_inverse(eta),
    log_complement=lambda link, eta: link.log_complement(eta),
)


@cache
def pytensor_maths() -> Maths:
    """Return PyTensor's functions."""
    import pytensor.tensor as pt
    from pytensor.gradient import disconnected_grad

    def times(count: Any, term: Any) -> Any:
        none = pt.eq(count, 0)
        return pt.switch(none, np.float64(0), count * pt.switch(none, np.float64(0), term))

    return Maths(
        exp=pt.exp,
        expm1=pt.expm1,
        log=pt.log,
        log1p=pt.log1p,
        sqrt=pt.sqrt,
        sin=pt.sin,
        arctan=pt.arctan,
        floor=pt.floor,
        where=pt.switch,
        maximum=pt.maximum,
        minimum=pt.minimum,
        logaddexp=pt.logaddexp,
        gammaln=pt.gammaln,
        gammainc=pt.gammainc,
        is_zero=lambda x: pt.eq(x, 0),
        times=times,
        sigmoid=pt.sigmoid,
        log_sigmoid=symbolic.log_sigmoid,
        normal_cdf=symbolic.normal_cdf,
        log_normal_cdf=symbolic.log_normal_cdf,
        log_bessel=lambda x: symbolic.log_bessel(pytensor_maths(), x),
        total=symbolic.total,
        log_total=symbolic.log_total,
        steady=disconnected_grad,
        concatenate=lambda parts: pt.concatenate(parts, axis=-1),
        cumsum=lambda x: pt.cumsum(x, axis=-1),
        logsumexp=lambda x: pt.logsumexp(x, axis=-1),
        numbers=lambda x: pt.arange(x.shape[-1]),
        pick=lambda x, code: pt.take_along_axis(x, code[..., None], axis=-1)[..., 0],
        inverse=lambda link, eta: link.inverse_over(pytensor_maths(), eta),
        log_inverse=lambda link, eta: link.log_inverse_over(pytensor_maths(), eta),
        log_complement=lambda link, eta: link.log_complement_over(pytensor_maths(), eta),
    )
