"""Sparse triangular systems as PyTensor operations: one pass down, one pass up."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.maths import triangular as sweep


def descend(parents: NDArray[np.integer], weights: Any, x: Any) -> Any:
    """Solve ``(I - W) u = x`` symbolically; see :func:`bayes_glmm.maths.triangular.descend`.

    Parameters
    ----------
    parents : ndarray of int, shape (n, n_parents)
    weights : array or variable, shape (n, n_parents)
    x : variable, shape (n, n_terms)

    Returns
    -------
    variable, shape (n, n_terms)
        With a gradient by ``weights`` and ``x``; memory and time are proportional
        to ``n * n_parents * n_terms``.
    """
    import pytensor.tensor as pt

    down, _ = operations()
    whole = pt.as_tensor(np.ascontiguousarray(parents, np.int64))
    return down(whole, pt.as_tensor(weights).astype("float64"), pt.as_tensor(x))


@cache
def operations() -> tuple[Any, Any]:
    """Return the operations that pass values down and up."""
    import pytensor.tensor as pt
    from pytensor.gradient import DisconnectedType
    from pytensor.graph.basic import Apply
    from pytensor.graph.op import Op
    from pytensor.link.numba.dispatch.basic import (
        numba_njit,
        register_funcify_default_op_cache_key,
    )

    class Sweep(Op):
        """What both directions share."""

        __props__ = ()

        def make_node(self, parents: Any, weights: Any, x: Any) -> Any:
            parents, weights, x = map(pt.as_tensor, (parents, weights, x))
            return Apply(
                self, [parents, weights, x], [pt.matrix(dtype="float64", shape=x.type.shape)]
            )

        def infer_shape(self, node: Any, shapes: Any) -> Any:
            return [shapes[2]]

        def connection_pattern(self, node: Any) -> list[list[bool]]:
            return [[False], [True], [True]]

    class Descend(Sweep):
        """``u = (I - W)^-1 x``."""

        def perform(self, node: Any, inputs: Any, output_storage: Any) -> None:
            output_storage[0][0] = sweep.descend(*inputs)

        def pullback(self, inputs: Any, outputs: Any, cotangents: Any) -> Any:
            parents, weights, _ = inputs
            back = Ascend()(parents, weights, cotangents[0])
            return [DisconnectedType()(), outer(parents, back, outputs[0]), back]

    class Ascend(Sweep):
        """``v = (I - W)^-T x``."""

        def perform(self, node: Any, inputs: Any, output_storage: Any) -> None:
            output_storage[0][0] = sweep.ascend(*inputs)

        def pullback(self, inputs: Any, outputs: Any, cotangents: Any) -> Any:
            parents, weights, _ = inputs
            back = Descend()(parents, weights, cotangents[0])
            return [DisconnectedType()(), outer(parents, outputs[0], back), back]

    def outer(parents: Any, child: Any, parent: Any) -> Any:
        """Return the derivative by each weight: its child's times its parent's value."""
        columns = [
            pt.switch(parents[:, k] < 0, 0.0, (child * parent[parents[:, k]]).sum(axis=1))
            for k in range(parents.type.shape[1])
        ]
        return pt.stack(columns, axis=1)

    def funcify_descend(op: Any, node: Any, **kwargs: Any) -> Any:
        def down(parents: Any, weights: Any, x: Any) -> Any:
            u = x.copy()
            for i in range(x.shape[0]):
                for k in range(parents.shape[1]):
                    p = parents[i, k]
                    if p >= 0:
                        for t in range(x.shape[1]):
                            u[i, t] += weights[i, k] * u[p, t]
            return u

        return numba_njit(down)

    def funcify_ascend(op: Any, node: Any, **kwargs: Any) -> Any:
        def up(parents: Any, weights: Any, x: Any) -> Any:
            v = x.copy()
            for i in range(x.shape[0] - 1, -1, -1):
                for k in range(parents.shape[1]):
                    p = parents[i, k]
                    if p >= 0:
                        for t in range(x.shape[1]):
                            v[p, t] += weights[i, k] * v[i, t]
            return v

        return numba_njit(up)

    register_funcify_default_op_cache_key(Descend)(funcify_descend)
    register_funcify_default_op_cache_key(Ascend)(funcify_ascend)
    return Descend(), Ascend()
