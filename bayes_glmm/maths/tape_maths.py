"""The functions of densities on a tape, and the constants that they are made of."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from bayes_glmm.maths import tape_vectors
from bayes_glmm.maths.density_maths import NUMPY
from bayes_glmm.maths.formulas import BESSEL_FROM, log_bessel_far
from bayes_glmm.maths.tape import Scalar
from bayes_glmm.maths.tape_arithmetic import record
from bayes_glmm.maths.tape_nodes import Node
from bayes_glmm.maths.tape_vectors import elementwise
from bayes_glmm.maths.vocabulary import Maths


def _op(name: str) -> Callable[..., Any]:
    return partial(elementwise, partial(record, name))


def _times(count: Scalar, term: Scalar) -> Scalar:
    return record("where", record("equal", count, 0.0), 0.0, record("mul", count, term))


def _log_bessel(x: Any) -> Any:
    """Return the log of ``exp(-x) I0(x)``, from 500 on by a series whose slopes keep their digits."""
    near = TAPE.log(_op("i0e")(TAPE.minimum(x, BESSEL_FROM)))
    return TAPE.where(x < BESSEL_FROM, near, log_bessel_far(TAPE, TAPE.maximum(x, BESSEL_FROM)))


def _total(op: str, term: Callable[..., Scalar], n: int, *values: Scalar) -> Scalar:
    for value in values:
        if isinstance(value, Node):
            return value.tape.total(op, term, n, values)
    plain = NUMPY.total if op == "total" else NUMPY.log_total
    return float(plain(term, n, *values))


TAPE: Maths = Maths(
    exp=_op("exp"),
    expm1=_op("expm1"),
    log=_op("log"),
    log1p=_op("log1p"),
    sqrt=_op("sqrt"),
    sin=_op("sin"),
    arctan=_op("arctan"),
    floor=_op("floor"),
    where=_op("where"),
    maximum=_op("max"),
    minimum=_op("min"),
    logaddexp=_op("logaddexp"),
    gammaln=_op("lgamma"),
    gammainc=_op("gammainc"),
    is_zero=partial(elementwise, lambda x: record("equal", x, 0.0)),
    times=partial(elementwise, _times),
    sigmoid=_op("sigmoid"),
    log_sigmoid=lambda x: -_op("softplus")(-x),
    normal_cdf=_op("normal_cdf"),
    log_normal_cdf=_op("log_normal_cdf"),
    log_bessel=_log_bessel,
    total=partial(_total, "total"),
    log_total=partial(_total, "log_total"),
    steady=_op("steady"),
    concatenate=tape_vectors.concatenate,
    cumsum=tape_vectors.cumsum,
    logsumexp=tape_vectors.logsumexp,
    numbers=tape_vectors.numbers,
    pick=tape_vectors.pick,
    inverse=lambda link, eta: link.inverse_over(TAPE, eta),
    log_inverse=lambda link, eta: link.log_inverse_over(TAPE, eta),
    log_complement=lambda link, eta: link.log_complement_over(TAPE, eta),
)
"""A density that is written over these is recorded; of plain numbers they give plain numbers."""
