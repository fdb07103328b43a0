"""One set of function names for NumPy arrays and PyTensor variables.

A structure's map from latents to effects is written once with these.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
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
    )
