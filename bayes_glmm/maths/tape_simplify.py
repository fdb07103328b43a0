"""What a tape leaves out: operations whose outcome is known, or that another one holds.

Rules change no value, with two exceptions that serve densities: zero times anything is
zero, and the log of an exponential, or of a probability, is taken without the detour, which
holds where the exponential overflows or the probability rounds to zero. A comparison is
decided by the sign that a number has in mathematics: ``exp(x)`` is above zero although it
may underflow.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from bayes_glmm.maths.tape_nodes import Node

COMMUTATIVE = frozenset(
    ("add", "mul", "max", "min", "equal", "and", "or", "logaddexp")
)  # rounding is the same either way
ABOVE_ZERO = frozenset(
    ("exp", "sigmoid", "softplus", "normal_cdf", "normal_hazard", "trigamma", "i0e")
)
KEEPS_SIGN = frozenset(("sqrt", "expm1", "log1p", "arctan", "steady"))


def sign_of(op: str, args: tuple[Node, ...], data: Any) -> int:
    """Return 2 for what is above zero, 1 for what is never below, 0 where it is not known."""
    signs = [a.sign for a in args]
    if op == "const":
        return 2 if data > 0 else 1 if data == 0 else 0
    if op in ABOVE_ZERO:
        return 2
    if op in KEEPS_SIGN:
        return signs[0]
    if op == "total":
        return data[1].sign
    if op == "abs":
        return 1
    if op in ("floor", "i1e"):
        return min(1, signs[0])
    if op == "mul" and args[0] is args[1]:
        return max(1, signs[0])
    if op == "add":
        return max(signs) if min(signs) else 0
    if op in ("mul", "div", "min", "pow"):
        return min(signs)
    if op == "max":
        return max(signs)
    return min(signs[1:]) if op == "where" else 0


def simplified(op: str, *args: Node) -> Node | None:
    """Return a simpler node of the same value, or None where there is none."""
    rule = RULES.get(op)
    return None if rule is None else rule(*args)


def is_number(node: Node, value: float) -> bool:
    """Whether a node is that constant."""
    return node.op == "const" and bool(node.data == value)


def _is_power_of_two(node: Node) -> bool:
    """Whether multiplication by a node is exact."""
    usable = node.op == "const" and math.isfinite(node.data) and node.data != 0
    return usable and abs(math.frexp(node.data)[0]) == 0.5


def _neg(a: Node) -> Node | None:
    return a.args[0] if a.op == "neg" else None


def _add(a: Node, b: Node) -> Node | None:
    if is_number(a, 0.0):
        return b
    if is_number(b, 0.0):
        return a
    if a is b:
        return 2.0 * a
    if a.op == b.op == "neg":
        return -(a.args[0] + b.args[0])
    return None


def _mul(a: Node, b: Node) -> Node | None:
    if b.op == "const":
        a, b = b, a
    if is_number(a, 0.0):
        return a
    if is_number(a, 1.0):
        return b
    if is_number(a, -1.0):
        return -b
    for one, other in ((a, b), (b, a)):
        if one.op == "neg":
            return -(one.args[0] * other)
    if a.op == "const" and a.data < 0:
        return -((-a) * b)
    if a.op == "const" and b.op == "mul":
        for one, other in (b.args, b.args[::-1]):
            if one.op == "const" and (_is_power_of_two(a) or _is_power_of_two(one)):
                return (a * one) * other
    return None


def _div(a: Node, b: Node) -> Node | None:
    if is_number(a, 0.0) or is_number(b, 1.0):
        return a
    if _is_power_of_two(b):
        return a * (1.0 / b.data)
    if a.op == "neg":
        return -(a.args[0] / b)
    if b.op == "neg":
        return -(a / b.args[0])
    if a.op == "const" and a.data < 0:
        return -((-a) / b)
    return None


def _abs(a: Node) -> Node | None:
    if a.sign:
        return a
    return abs(a.args[0]) if a.op == "neg" else None


def _exceeds(a: Node, b: Node) -> bool:
    """Whether ``a >= b`` for certain, by their signs."""
    below = b.op == "const" and b.data <= 0
    return a is b or (a.sign > 0 and below)


def _max(a: Node, b: Node) -> Node | None:
    return a if _exceeds(a, b) else b if _exceeds(b, a) else None


def _min(a: Node, b: Node) -> Node | None:
    return b if _exceeds(a, b) else a if _exceeds(b, a) else None


def _decided(node: Node, outcome: bool) -> Node:
    return node.tape.constant(float(outcome))


def _less(a: Node, b: Node) -> Node | None:
    if _exceeds(a, b):
        return _decided(a, False)
    return _decided(a, True) if _apart(b, a) else None


def _less_equal(a: Node, b: Node) -> Node | None:
    if _apart(a, b):
        return _decided(a, False)
    return _decided(a, True) if _exceeds(b, a) else None


def _apart(a: Node, b: Node) -> bool:
    """Whether ``a > b`` for certain, by their signs."""
    return b.op == "const" and ((a.sign == 2 and b.data <= 0) or (a.sign == 1 and b.data < 0))


def _equal(a: Node, b: Node) -> Node | None:
    if a is b:
        return _decided(a, True)
    return _decided(a, False) if _apart(a, b) or _apart(b, a) else None


def _and(a: Node, b: Node) -> Node | None:
    for one, other in ((a, b), (b, a)):
        if one.op == "const":
            return other if one.data else one
    return a if a is b else None


def _or(a: Node, b: Node) -> Node | None:
    for one, other in ((a, b), (b, a)):
        if one.op == "const":
            return one if one.data else other
    return a if a is b else None


def _not(a: Node) -> Node | None:
    return a.args[0] if a.op == "not" else None


def _where(c: Node, a: Node, b: Node) -> Node | None:
    tape = c.tape
    if c.op == "const":
        return a if c.data else b
    if a is b:
        return a
    if c.op == "not":
        return tape.apply("where", c.args[0], b, a)
    if a.op == "where" and a.args[0] is c:
        return tape.apply("where", c, a.args[1], b)
    if b.op == "where" and b.args[0] is c:
        return tape.apply("where", c, a, b.args[2])
    return None


def _log(a: Node) -> Node | None:
    apply = a.tape.apply
    if a.op == "exp":
        return a.args[0]
    if a.op == "sigmoid":
        return -apply("softplus", -a.args[0])
    return apply("log_normal_cdf", a.args[0]) if a.op == "normal_cdf" else None


def _log1p(a: Node) -> Node | None:
    apply = a.tape.apply
    if a.op == "expm1":
        return a.args[0]
    inside = a.args[0] if a.op == "neg" else a
    if a is not inside and inside.op == "sigmoid":
        return -apply("softplus", inside.args[0])
    if a is not inside and inside.op == "normal_cdf":
        return apply("log_normal_cdf", -inside.args[0])
    return None


RULES: dict[str, Callable[..., Node | None]] = {
    "neg": _neg,
    "add": _add,
    "mul": _mul,
    "div": _div,
    "abs": _abs,
    "max": _max,
    "min": _min,
    "less": _less,
    "less_equal": _less_equal,
    "equal": _equal,
    "and": _and,
    "or": _or,
    "not": _not,
    "where": _where,
    "log": _log,
    "log1p": _log1p,
}
