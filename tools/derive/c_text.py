"""Nodes of a tape as C: expressions, statements in order, and loops for sums."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence

from bayes_glmm.maths.tape_nodes import TOTALS, Loop, Node, is_condition, loop_of
from bayes_glmm.native.tape_records import branch

WIDTH = 96
"""Longer expressions get a name."""
CALLS = {
    "abs": "fabs", "floor": "m_floor", "pow": "pow", "sqrt": "sqrt", "sin": "sin", "cos": "cos",
} | {
    op: f"m_{op}"
    for op in (
        "exp", "expm1", "log", "log1p", "logaddexp", "sigmoid", "softplus", "arctan", "lgamma", "digamma",
        "trigamma", "tetragamma", "gammainc", "normal_cdf", "log_normal_cdf", "normal_hazard", "i0e", "i1e",
        "max", "min",
    )
}  # fmt: skip
SIGNS = {
    "add": "+",
    "mul": "*",
    "div": "/",
    "less": "<",
    "less_equal": "<=",
    "equal": "==",
    "and": "&",
    "or": "|",
}

type Names = dict[int, str]


def number(value: float) -> str:
    """Return a constant."""
    if math.isnan(value):
        return "NOT_A_NUMBER"
    if math.isinf(value):
        return "LARGE" if value > 0 else "-LARGE"
    return repr(value)


def _wrapped(text: str) -> str:
    """Return an operand, in brackets unless it is a name, a number or a call."""
    depth = 0
    for place, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if depth == 0 and letter in " ?" or (letter == "-" and place == 0):
            return f"({text})"
    return text


def expression(node: Node, names: Names) -> str:
    """Return an operation on named operands."""
    parts = [names[a.number] for a in node.args]
    wrapped = [_wrapped(part) for part in parts]
    match node.op:
        case "where":
            return "{} ? {} : {}".format(*wrapped)
        case "neg":
            return f"-{wrapped[0]}"
        case "not":
            return f"!{wrapped[0]}"
        case "steady":
            return parts[0]
        case "add" if parts[1].startswith("-"):
            return f"{wrapped[0]} - {_wrapped(parts[1][1:])}"
        case "add" if parts[0].startswith("-"):
            return f"{wrapped[1]} - {_wrapped(parts[0][1:])}"
        case "max" | "min" if (
            node.args[1].op == "const"
        ):  # a minimum hands on NaN in its second place
            return f"{CALLS[node.op]}({parts[1]}, {parts[0]})"
        case op if op in SIGNS:
            return f"{wrapped[0]} {SIGNS[op]} {wrapped[1]}"
    return f"{CALLS[node.op]}({', '.join(parts)})"


def statements(
    nodes: Sequence[Node],
    kept: Collection[Node],
    names: Names,
    fresh: Iterator[int],
    decided: Mapping[int, bool] | None = None,
) -> list[str]:
    """Return declarations of nodes, each after its arguments; what is used once is no statement.

    The branches of a choice are: what is evaluated either way can be blended, and loops stay
    free of jumps.

    Parameters
    ----------
    nodes : sequence of Node
        What to compute here, in the order of the tape; other nodes have names.
    kept : collection of Node
        What is used after these statements.
    names : dict of int to str
        The C text of nodes by number; it is added to.
    fresh : iterator of int
        Numbers of names and loops.
    decided : mapping of int to bool, optional
        Outcomes of conditions, by number.
    """
    uses = Counter(a.number for node in nodes for a in node.args)
    uses.update({node.number: 2 for node in kept})
    lasting = (node for node in nodes if node.op in TOTALS or node.op == "where")
    uses.update({a.number: 2 for node in lasting for a in node.args})
    lines: list[str] = []
    for node in nodes:
        if node.number in names:
            continue
        if node.op == "const":
            names[node.number] = number(node.data)
            continue
        taken = branch(node, decided or {})
        if taken is not None:
            names[node.number] = names[taken.number]
            continue
        if node.op in TOTALS:
            lines += _loop(loop_of(node, nodes), names, fresh)
            continue
        text = expression(node, names)
        if uses[node.number] > 1 or len(text) > WIDTH:
            names[node.number] = f"t{next(fresh)}"
            kind = "int" if is_condition(node) else "double"
            lines.append(f"const {kind} {names[node.number]} = {text};")
        else:
            names[node.number] = text
    return lines


def _loop(of: Loop, names: Names, fresh: Iterator[int]) -> list[str]:
    """Return the loop of sums over the same values; of a log, its terms first and their largest."""
    loop, size = next(fresh), of.n
    inside = of.leaves(f"k{loop}", lambda arg: names[arg.number])
    used = [a for node in of.moving for a in node.args]
    terms = [total.data[1] for total in of.totals]
    lines = statements(of.fixed, [*used, *terms], inside, fresh)
    body = statements(of.moving, terms, inside, fresh)
    sums, logs = [], []
    for total, term in zip(of.totals, terms, strict=True):
        name = f"s{next(fresh)}"
        names[total.number] = name
        if total.op == "total":
            lines.append(f"double {name} = 0.0;")
            body.append(f"{name} += {inside[term.number]};")
            sums.append(name)
        else:
            lines.append(f"double e{name}[{size}];")
            body.append(f"e{name}[i{loop}] = {inside[term.number]};")
            logs.append(f"const double {name} = log_of_sum({size}, e{name});")
    head = [f"SIMD_SUM({', '.join(sums)})" if sums else "SIMD"]
    turn = [
        f"for (int i{loop} = 0; i{loop} < {size}; i{loop}++) {{",
        f"    const double k{loop} = i{loop};",
    ]
    unused = [] if any(f"k{loop}" in line for line in body) else [f"    (void)k{loop};"]
    return lines + head + turn + unused + [f"    {line}" for line in body] + ["}"] + logs


def counter() -> Iterator[int]:
    """Return the numbers of names and loops."""
    return itertools.count()
