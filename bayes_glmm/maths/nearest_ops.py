"""Weights of nearest neighbours as a PyTensor operation, with the derivative by the range."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from bayes_glmm.maths.kernels import FAR, NUGGET

_CODES = {"exponential": 0, "matern32": 1, "matern52": 2, "gaussian": 3}


def symbolic(kernel: str, between: Any, towards: Any, reach: Any) -> tuple[Any, Any]:
    """Return weights, shape (n, m), and sds, shape (n,), as functions of the range.

    See :func:`bayes_glmm.model.blocks.nearest.conditionals`. Time is that of a Cholesky
    factor of m neighbours for each place; the derivative comes in the same pass.
    """
    import pytensor.tensor as pt

    weights, sd, *_ = operation()(
        pt.as_tensor(np.ascontiguousarray(between)),
        pt.as_tensor(np.ascontiguousarray(towards)),
        pt.as_tensor(reach).astype("float64"),
        pt.as_tensor(np.array([_CODES[kernel], NUGGET[kernel]])),
    )
    return weights, sd


@cache
def operation() -> Any:
    """Return the operation: weights, sds and the derivatives of both by the range."""
    import pytensor.tensor as pt
    from pytensor.gradient import DisconnectedType, grad_undefined
    from pytensor.graph.basic import Apply
    from pytensor.graph.op import Op
    from pytensor.link.numba.dispatch.basic import (
        numba_njit,
        register_funcify_default_op_cache_key,
    )

    class Conditionals(Op):
        """Regression of each place on its neighbours."""

        __props__ = ()

        def make_node(self, *inputs: Any) -> Any:
            between, towards, reach, options = map(pt.as_tensor, inputs)
            outputs = [pt.dmatrix(), pt.dvector(), pt.dmatrix(), pt.dvector()]
            return Apply(self, [between, towards, reach, options], outputs)

        def infer_shape(self, node: Any, shapes: Any) -> Any:
            n, m = shapes[1]
            return [(n, m), (n,), (n, m), (n,)]

        def connection_pattern(self, node: Any) -> list[list[bool]]:
            return [[False] * 4, [False] * 4, [True] * 4, [False] * 4]

        def perform(self, node: Any, inputs: Any, output_storage: Any) -> None:
            for storage, value in zip(output_storage, _regress(*inputs), strict=True):
                storage[0] = value

        def pullback(self, inputs: Any, outputs: Any, cotangents: Any) -> Any:
            total = pt.as_tensor(0.0)
            for cotangent, derivative in zip(cotangents[:2], outputs[2:], strict=True):
                if not isinstance(cotangent.type, DisconnectedType):
                    total = total + (cotangent * derivative).sum()
            if not all(isinstance(c.type, DisconnectedType) for c in cotangents[2:]):
                total = grad_undefined(self, 2, inputs[2], "second derivatives are not given")
            none = DisconnectedType()
            return [none(), none(), total, none()]

    def funcify(op: Any, node: Any, **kwargs: Any) -> Any:
        correlate_ = numba_njit(correlate)
        solve_ = numba_njit(solve)
        return numba_njit(_make(correlate_, solve_))

    register_funcify_default_op_cache_key(Conditionals)(funcify)
    return Conditionals()


def correlate(distance: float, reach: float, kernel: int) -> tuple[float, float]:
    """Return a correlation and its derivative by the range."""
    a = min(distance / reach, FAR)
    if kernel == 0:
        value = np.exp(-a)
        return value, a * value / reach
    if kernel == 1:
        a = np.sqrt(3.0) * a
        decay = np.exp(-a)
        return (1 + a) * decay, a * a * decay / reach
    if kernel == 2:
        a = np.sqrt(5.0) * a
        decay = np.exp(-a)
        return (1 + a + a * a / 3) * decay, a * a * (1 + a) * decay / (3 * reach)
    value = np.exp(-a * a / 2)
    return value, a * a * value / reach


def solve(L: Any, b: Any) -> None:
    """Solve ``L L' x = b`` in place."""
    m = len(b)
    for i in range(m):
        for k in range(i):
            b[i] -= L[i, k] * b[k]
        b[i] /= L[i, i]
    for i in range(m - 1, -1, -1):
        for k in range(i + 1, m):
            b[i] -= L[k, i] * b[k]
        b[i] /= L[i, i]


def _make(correlate: Any, solve: Any) -> Any:
    def regress(between: Any, towards: Any, reach: Any, options: Any) -> Any:
        n, m = towards.shape
        r, kernel, keep = reach.item(), int(options[0]), 1.0 - options[1]
        weights, sd = np.zeros((n, m)), np.zeros(n)
        d_weights, d_sd = np.zeros((n, m)), np.zeros(n)
        L, dC = np.zeros((m, m)), np.zeros((m, m))
        c, dc = np.zeros(m), np.zeros(m)
        for i in range(n):
            for j in range(m):
                value, slope = correlate(towards[i, j], r, kernel)
                c[j], dc[j] = keep * value, keep * slope
                for k in range(j + 1):
                    value, slope = correlate(between[i, j, k], r, kernel)
                    total = keep * value if k < j else 1.0
                    dC[j, k] = dC[k, j] = keep * slope if k < j else 0.0
                    for q in range(k):
                        total -= L[j, q] * L[k, q]
                    L[j, k] = np.sqrt(total) if k == j else total / L[k, k]
            w, dw = weights[i], d_weights[i]
            w[:] = c
            solve(L, w)
            d_variance, variance = 0.0, 1.0
            for j in range(m):
                dw[j] = dc[j]
                variance -= w[j] * c[j]
                for k in range(m):
                    dw[j] -= dC[j, k] * w[k]
                d_variance -= w[j] * (dc[j] + dw[j])
            solve(L, dw)
            sd[i] = np.sqrt(max(variance, 0.0))
            d_sd[i] = d_variance / (2 * sd[i])
        return weights, sd, d_weights, d_sd

    return regress


_regress = _make(correlate, solve)
