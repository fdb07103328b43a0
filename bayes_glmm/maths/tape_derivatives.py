"""Derivatives of what a tape holds, recorded on the same tape."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from bayes_glmm.maths.tape_nodes import TOTALS, Node, is_condition, needed

type Rule = Callable[..., Any]
FLAT = frozenset(("const", "floor", "steady"))
FAR_LEFT, FRACTION_DEPTH = -50.0, 6
ROOT_OF_TAU_INVERSE = 1.0 / math.sqrt(2.0 * math.pi)


def derivative(node: Node, by: Node) -> Node:
    """Return the derivative of a node by an input, a node of the same tape.

    Slopes run forwards, so that what a choice does not take is never multiplied by zero.
    Derivatives of derivatives are right to any order whose functions the tape has.

    Parameters
    ----------
    node : Node
    by : Node
        An ``input``, or a ``bound`` leaf of a sum's term.
    """
    (name,) = by.inputs
    slopes, zero = node.tape.slopes, node.tape.constant(0.0)
    for step in needed(node):
        place = (by.number, step.number)
        if name in step.inputs and place not in slopes:
            inner = [slopes[by.number, a.number] if name in a.inputs else zero for a in step.args]
            slopes[place] = node.tape.constant(1.0) if step is by else _slope(step, inner)
    return slopes[by.number, node.number] if name in node.inputs else zero


def gradient(node: Node, by: Sequence[Node]) -> tuple[Node, ...]:
    """Return the derivatives of a node by several inputs."""
    return tuple(derivative(node, x) for x in by)


def hessian(node: Node, by: Sequence[Node]) -> tuple[tuple[Node, ...], ...]:
    """Return all second derivatives of a node by several inputs; mirrored ones are one node."""
    slopes = gradient(node, by)
    lower = [[derivative(slopes[i], by[j]) for j in range(i + 1)] for i in range(len(by))]
    return tuple(tuple(lower[max(i, j)][min(i, j)] for j in range(len(by))) for i in range(len(by)))


def _slope(node: Node, inner: list[Node]) -> Node:
    """Return the derivative of an operation from those of its arguments."""
    zero, where = node.tape.constant(0.0), partial(node.tape.apply, "where")
    if node.op in FLAT or is_condition(node):
        return zero
    if node.op == "where":
        return where(node.args[0], inner[1], inner[2])
    if node.op in ("max", "min"):
        first = node.args[0] < node.args[1] if node.op == "min" else node.args[1] < node.args[0]
        return where(first, inner[0], inner[1])
    rules, slope = _sums(node) if node.op in TOTALS else RULES[node.op], zero
    for place, change in enumerate(inner):
        if not (change.op == "const" and change.data == 0):
            rule = rules[place]
            if rule is None:
                raise ValueError(f"No tape holds the slope of {node.op} in its argument {place}.")
            slope = slope + rule(change, node, *node.args)
    return slope


def _sums(node: Node) -> tuple[Rule, ...]:
    r"""Return the partial derivatives of a sum, which are sums of those of its term.

    Of a sum of :math:`t_k` they are :math:`\sum_k t_k'`. Of the log of the sum of
    :math:`e^{t_k}` they are the mean of :math:`t_k'` with weights :math:`w_k = e^{t_k - L}`, for
    whichever constant :math:`L`: at that log itself no weight overflows, and the sum of the
    weights takes out how it was rounded.
    """
    n, body = node.data
    total = partial(node.tape.total, "total")

    def by_argument(place: int, d: Node, whole: Node, *args: Node) -> Node:
        def slope(*bound: Node) -> Node:
            return derivative(body, bound[place + 1])

        def weight(*bound: Node) -> Node:
            return node.tape.apply("exp", body - bound[-1])

        if node.op == "total":
            return total(slope, n, args) * d
        values = (*args, node.tape.apply("steady", whole))
        weighted = total(lambda *bound: weight(*bound) * slope(*bound), n, values)
        return weighted / total(weight, n, values) * d

    return tuple(partial(by_argument, place) for place in range(len(node.args)))


def _excess(x: Node, hazard: Node) -> Any:
    """Return ``x + hazard``; far left by Laplace's continued fraction, where it would cancel."""
    apply = x.tape.apply
    left = -apply("min", x, FAR_LEFT)
    fraction: Any = left
    for k in range(FRACTION_DEPTH, 1, -1):
        fraction = left + k / fraction
    return apply("where", x < FAR_LEFT, 1.0 / fraction, x + hazard)


def _f(name: str, *args: Any) -> Any:
    """Return an operation on nodes of one tape."""
    return args[0].tape.apply(name, *args)


def _pow_by_base(d: Node, n: Node, base: Node, power: Node) -> Any:
    return d * (power * _f("pow", base, power - 1.0))


def _gammainc_by_end(d: Node, n: Node, a: Node, x: Node) -> Any:
    return d * _f("exp", (a - 1.0) * _f("log", x) - x - _f("lgamma", a))


def _div_by_below(d: Node, n: Node, a: Node, b: Node) -> Any:
    """Return ``-n (d / b)``: huge denominators change in proportion, and their squares overflow."""
    return -(n * (d * (1.0 / b)))


RULES: Mapping[str, tuple[Rule | None, ...]] = {
    "neg": (lambda d, n, a: -d,),
    "abs": (lambda d, n, a: _f("where", a < 0.0, -d, d),),
    "add": (lambda d, n, a, b: d, lambda d, n, a, b: d),
    "mul": (lambda d, n, a, b: d * b, lambda d, n, a, b: d * a),
    "div": (lambda d, n, a, b: d * (1.0 / b), _div_by_below),
    "pow": (_pow_by_base, lambda d, n, a, b: d * (n * _f("log", a))),
    "sqrt": (lambda d, n, a: d * (0.5 / n),),
    "exp": (lambda d, n, a: d * n,),
    "expm1": (lambda d, n, a: d * _f("exp", a),),
    "log": (lambda d, n, a: d * (1.0 / a),),
    "log1p": (lambda d, n, a: d * (1.0 / (1.0 + a)),),
    "logaddexp": (
        lambda d, n, a, b: d * _f("sigmoid", a - b),
        lambda d, n, a, b: d * _f("sigmoid", b - a),
    ),
    "sigmoid": (lambda d, n, a: d * (n * _f("sigmoid", -a)),),
    "softplus": (lambda d, n, a: d * _f("sigmoid", a),),
    "sin": (lambda d, n, a: d * _f("cos", a),),
    "cos": (lambda d, n, a: -(d * _f("sin", a)),),
    "arctan": (lambda d, n, a: d * (1.0 / (1.0 + a * a)),),
    "lgamma": (lambda d, n, a: d * _f("digamma", a),),
    "digamma": (lambda d, n, a: d * _f("trigamma", a),),
    "trigamma": (lambda d, n, a: d * _f("tetragamma", a),),
    "tetragamma": (None,),
    "gammainc": (None, _gammainc_by_end),
    "normal_cdf": (lambda d, n, a: d * (ROOT_OF_TAU_INVERSE * _f("exp", -0.5 * a * a)),),
    "log_normal_cdf": (lambda d, n, a: d * _f("normal_hazard", a),),
    "normal_hazard": (lambda d, n, a: -(d * (n * _excess(a, n))),),
    "i0e": (lambda d, n, a: d * (_f("i1e", a) - n),),
    "i1e": (lambda d, n, a: d * (_f("i0e", a) - n - n / a),),
}
"""What a change ``d`` of each argument adds to the slope, from ``d``, the whole and the arguments."""
