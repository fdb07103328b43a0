"""One set of function names for NumPy arrays and PyTensor variables.

What the blocks of a predictor add to rows, and a structure's map from latents to effects, are
written once with these.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache, reduce
from itertools import count
from typing import Any

import numpy as np
import scipy.sparse as sp
from scipy import linalg

from bayes_glmm.maths import triangular as sweep

type Function = Callable[..., Any]
MOST_WRITTEN = 2_500
"""Larger matrices are given to compiled code rather than written into it."""
MOST_COLUMNS = 8
"""Up to these, a product by columns is faster than one of matrices."""
_NUMBERS = count()


@dataclass(frozen=True)
class Maths:
    """Functions of one library, by name.

    ``product(matrix, x)`` multiplies a fixed matrix, dense or SciPy sparse, by a
    matrix ``x``. ``descend(parents, weights, x)`` solves ``(I - W) u = x`` for a
    strictly lower-triangular ``W`` given by rows: ``u[i] = x[i] + sum over k of
    weights[i, k] * u[parents[i, k]]``, where ``parents`` is a fixed array, shape
    (n, n_parents), with -1 for none and otherwise below ``i``; ``weights`` may be
    variables. ``cholesky`` and ``solve_lower`` are dense; ``stack_rows`` joins along
    the first axis; ``column(v)`` makes a vector a matrix of one column.

    Of rows, where NumPy's arrays may have axes of draws before their own: ``linear(X, beta)``
    is ``X`` times coefficients; ``gather(u, index, Z, weights)`` takes the effects of each row's
    level, shape (..., n_levels, n_terms), times ``Z`` (``None``: ones, of one term), nothing
    where the index is -1; with several levels a row has their weighted sum. ``total(first,
    others)`` adds; ``cumsum`` and ``join`` go along the last axis.
    """

    exp: Function
    expm1: Function
    log: Function
    sqrt: Function
    where: Function
    maximum: Function
    minimum: Function
    product: Function
    descend: Function
    cholesky: Function
    solve_lower: Function
    stack_rows: Function
    column: Function
    linear: Function
    gather: Function
    total: Function
    cumsum: Function
    join: Function


def _gather(u: Any, index: Any, Z: Any = None, weights: Any = None) -> Any:
    """Take effects term by term, which needs no array of draws, rows and terms."""
    index = index.reshape(len(index), -1)
    weights = np.ones(index.shape) if weights is None else weights
    total = np.zeros((*u.shape[:-2], len(index)))
    for places, weight in zip(index.T, weights.T, strict=True):
        known = np.where(places >= 0, weight, 0.0)
        for t in range(u.shape[-1]):
            effect = u[..., np.maximum(places, 0), t] * known
            total += effect if Z is None else effect * Z[:, t]
    return total


def _total(first: Any, others: Iterable[Any]) -> Any:
    """Add arrays, in place once a sum has its full shape; ``first`` stays as it is."""
    total, own = first, False
    for other in others:
        if own and np.broadcast_shapes(total.shape, np.shape(other)) == total.shape:
            total += other
        else:
            total, own = total + other, True
    return total


NUMPY = Maths(
    exp=np.exp,
    expm1=np.expm1,
    log=np.log,
    sqrt=np.sqrt,
    where=np.where,
    maximum=np.maximum,
    minimum=np.minimum,
    product=lambda matrix, x: matrix @ x,
    descend=sweep.descend,
    cholesky=np.linalg.cholesky,
    solve_lower=lambda L, x: linalg.solve_triangular(L, x, lower=True),
    stack_rows=lambda parts: np.concatenate(parts, axis=0),
    column=lambda v: np.asarray(v)[:, None],
    linear=lambda X, beta: beta @ X.T,
    gather=_gather,
    total=_total,
    cumsum=lambda x: np.cumsum(x, axis=-1),
    join=lambda parts: np.concatenate(parts, axis=-1),
)


@cache
def pytensor_maths() -> Maths:
    """Return PyTensor's functions."""
    import pytensor
    import pytensor.sparse as ps
    import pytensor.tensor as pt

    from bayes_glmm.maths import triangular_ops as ops

    def product(matrix: Any, x: Any) -> Any:
        if not sp.issparse(matrix):
            dense = np.ascontiguousarray(matrix, np.float64)
            fixed: Any = pt.as_tensor(dense)
            if dense.size > MOST_WRITTEN:
                fixed = pytensor.shared(dense, name=f"matrix_{next(_NUMBERS)}", borrow=True)
            columns = x.type.shape[1]
            if columns is None or columns > MOST_COLUMNS:
                return fixed @ x
            return pt.stack([fixed @ x[:, k] for k in range(columns)], axis=1)
        return ps.structured_dot(ps.as_sparse_variable(sp.csr_matrix(matrix)), x)

    def gather(u: Any, index: Any, Z: Any = None, weights: Any = None) -> Any:
        own = u[index] if weights is None else (weights[:, :, None] * u[index]).sum(axis=1)
        return own[:, 0] if Z is None else (Z * own).sum(axis=-1)

    return Maths(
        exp=pt.exp,
        expm1=pt.expm1,
        log=pt.log,
        sqrt=pt.sqrt,
        where=pt.switch,
        maximum=pt.maximum,
        minimum=pt.minimum,
        product=product,
        descend=ops.descend,
        cholesky=pt.linalg.cholesky,
        solve_lower=lambda L, x: pt.linalg.solve_triangular(L, x, lower=True),
        stack_rows=lambda parts: pt.concatenate(parts, axis=0),
        column=lambda v: v[:, None],
        linear=lambda X, beta: X @ beta,
        gather=gather,
        total=lambda first, others: reduce(operator.add, others, first),
        cumsum=lambda x: pt.cumsum(x, axis=-1),
        join=lambda parts: pt.concatenate(parts, axis=-1),
    )
