"""The C of one family's rows: the value with its slopes, and with its curvatures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bayes_glmm.families.density_family import Written
from bayes_glmm.maths.tape_derivatives import derivative
from bayes_glmm.maths.tape_nodes import TOTALS, Node
from bayes_glmm.native.rows_density import DATA, RowDensity, record_rows
from bayes_glmm.native.tape_records import between
from tools.derive.c_text import Names, counter, statements

HEAD = "/* Printed by python -m tools.derive.rows: change the density or the printer, not this file. */"


@dataclass(frozen=True, eq=False)
class Outputs:
    """What a row gives, by the place in the library's arrays where it goes."""

    value: Node
    rows: dict[str, Node]
    sums: dict[str, Node]

    @property
    def nodes(self) -> list[Node]:
        """All of them."""
        return [self.value, *self.rows.values(), *self.sums.values()]


def outputs(found: RowDensity, second: bool) -> Outputs:
    """Return the derivatives of a density by the faces of its mean and its parameters.

    Those that are zero everywhere are left out.
    """
    value, uses, own = found.value, found.uses, found.own
    by_mean = {i: derivative(value, found.means[i]) for i in uses}
    by_own = {k: derivative(value, p) for k, p in enumerate(own)}
    rows = {f"d[{i}]": node for i, node in by_mean.items()}
    sums = {f"d_own[{k}]": node for k, node in by_own.items()}
    if second:
        pairs = [(i, j) for i in uses for j in uses if j <= i]
        rows |= {
            f"h[{i * (i + 1) // 2 + j}]": derivative(by_mean[i], found.means[j]) for i, j in pairs
        }
        rows |= {
            f"mixed[{k}][{i}]": derivative(by_mean[i], p) for k, p in enumerate(own) for i in uses
        }
        size = len(own)
        sums |= {
            f"h_own[{i * size + j}]": derivative(by_own[i], own[j])
            for i in range(size)
            for j in range(i + 1)
        }
    rows = {place: node for place, node in rows.items() if not _is_zero(node)}
    sums = {place: node for place, node in sums.items() if not _is_zero(node)}
    return Outputs(value, rows, sums)


def _is_zero(node: Node) -> bool:
    return node.op == "const" and node.data == 0


def mask(places: Sequence[str], of: dict[str, Node]) -> int:
    """Return the bits of the places that are there."""
    return sum(1 << bit for bit, place in enumerate(places) if place in of)


def function(
    name: str, found: RowDensity, second: bool, begin: str = "means", end: str = ""
) -> list[str]:
    """Return the lines of a function over all rows.

    Parameters
    ----------
    name : str
    found : RowDensity
    second : bool
        Whether curvatures too.
    begin : str
        The C function that fills the faces of a block's means.
    end : str
        The statement that makes slopes by the predictor of slopes by the faces; by default it is
        that of links.
    """
    out = outputs(found, second)
    names = {node.number: f"own{k}" for k, node in enumerate(found.own)}
    shared, rows = _stages(found, out)
    fresh = counter()
    later = [a for node in rows for a in node.args] + out.nodes
    once = statements(shared, [n for n in later if n in shared], names, fresh)
    names |= {node.number: f"c->mean[{i}][j]" for i, node in enumerate(found.means)}
    names |= {node.number: f"data{k}[j]" for k, node in enumerate(found.columns)}
    sums = {place: place.replace("[", "_").replace("]", "") for place in out.sums}
    uses = sum(1 << i for i in found.uses)
    body = [
        f"const int64_t m = {begin}(c, at, {uses}, {int(second)});",
        "const double *w = c->w;",
        *(f"const double *data{k} = c->known[{k}] + at;" for k in range(len(found.columns))),
        *(f"double {name} = 0.0;" for name in ("total", *sums.values())),
        *_loops(out, rows, names, sums, fresh),
        "value += total;",
        *(f"c->{place} += {name};" for place, name in sums.items()),
        end or _chain(out, second),
    ]
    text = "\n".join((*once, *body))
    own = [
        f"const double own{k} = c->own[{k}];" for k in range(len(found.own)) if f"own{k}" in text
    ]
    return [
        f"static double {name}_{2 if second else 1}(Rows *c) {{",
        *(f"    {line}" for line in (*own, *once)),
        "    double value = 0.0;",
        "    for (int64_t at = 0; at < c->n; at += BLOCK) {",
        *(f"        {line}" for line in body),
        "    }",
        "    return value;",
        "}",
    ]


def _stages(found: RowDensity, out: Outputs) -> tuple[list[Node], list[Node]]:
    """Return what is computed once for the parameters, and what for every row."""
    leaves = {node.number for node in (*found.columns, *found.means, *found.own)}
    nodes = between(out.nodes, leaves)
    unread = [node for node in nodes if node.op == "input"]
    assert not unread, f"{unread} is none of the columns that rows read."
    own = {str(node.data) for node in found.own}
    shared = [node for node in nodes if node.inputs <= own]
    taken = {node.number for node in shared}
    return shared, [node for node in nodes if node.number not in taken]


def _loops(
    out: Outputs, rows: Sequence[Node], names: Names, sums: dict[str, str], fresh: Iterator[int]
) -> list[str]:
    """Return the loop over the rows of a block; two where the parameters choose a branch.

    Both branches of a choice are evaluated for every row: one that is the same for all rows is
    made before the loop.
    """
    inside = {node.number for node in rows}
    fixed = [n for n in rows if n.op == "where" and n.args[0].number not in inside]
    chosen = Counter(n.args[0].number for n in fixed if names[n.args[0].number].isidentifier())
    if not chosen or any(node.op in TOTALS for node in rows):
        return _loop(out, rows, dict(names), sums, fresh, {})
    ((condition, _),) = chosen.most_common(1)
    leaves = set(names) - inside
    lines = []
    for outcome in (True, False):
        decided = {condition: outcome}
        kept = between(out.nodes, leaves, decided)
        lines += [f"if ({names[condition]}) {{" if outcome else "} else {"]
        lines += [f"    {x}" for x in _loop(out, kept, dict(names), sums, fresh, decided)]
    return [*lines, "}"]


def _loop(
    out: Outputs, rows: Sequence[Node], names: Names, sums: dict[str, str],
    fresh: Iterator[int], decided: dict[int, bool],
) -> list[str]:  # fmt: skip
    """Return one loop over the rows of a block; it has no jumps unless a density is itself a sum."""
    each = statements(rows, out.nodes, names, fresh, decided=decided)
    plain = not any(node.op in TOTALS for node in rows)
    return [
        *([f"SIMD_SUM({', '.join(['total', *sums.values()])})"] if plain else []),
        "for (int64_t j = 0; j < m; j++) {",
        *(f"    {line}" for line in each),
        *(f"    c->{place}[j] = {names[node.number]};" for place, node in out.rows.items()),
        f"    total += weighted(w[j], {names[out.value.number]});",
        *(f"    {sums[p]} += weighted(w[j], {names[n.number]});" for p, n in out.sums.items()),
        "}",
    ]


def _chain(out: Outputs, second: bool) -> str:
    first = mask([f"d[{i}]" for i in range(3)], out.rows)
    if not second:
        return f"slopes(c, at, m, {first});"
    h = mask([f"h[{i}]" for i in range(6)], out.rows)
    mixed = [mask([f"mixed[{k}][{i}]" for i in range(3)], out.rows) for k in range(3)]
    return f"slopes(c, at, m, {first}); curvatures(c, at, m, {first}, {h}, {', '.join(map(str, mixed))});"


def file(family: Written) -> str:
    """Return the text of a family's file."""
    found = record_rows(family)
    own = ", ".join(str(node.data) for node in found.own) or "none"
    about = f"/* {family.name}; own parameters: {own}; data known for each row: {len(found.columns)}. */"
    functions = [function(family.name, found, second) for second in (False, True)]
    lines = [HEAD, about, *functions[0], *functions[1]]
    assert {str(name) for name in found.value.inputs} <= {
        *DATA,
        *(str(n.data) for n in (*found.means, *found.own)),
    }
    return "\n".join(lines) + "\n"
