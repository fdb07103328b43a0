"""Who imports whom, and where imports run in circles."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence

from measures.source import File

Graph = Mapping[str, set[str]]


def graph(files: Sequence[File], lazy: bool) -> dict[str, set[str]]:
    """Return which modules of the package each of its modules imports.

    Parameters
    ----------
    files : sequence of File
    lazy : bool
        Whether imports inside functions and under ``TYPE_CHECKING`` count too.

    Returns
    -------
    dict of str to set of str
        By module. The package's own ``__init__`` is left out: it names everything, and
        whatever imports a module runs it first.
    """
    known = {f.module for f in files}
    out = {}
    for file in files:
        if file.module == file.package:
            continue
        nodes = file.nodes if lazy else _when_imported(file.tree)
        named = {name for node in nodes for name in _named(node, known)}
        out[file.module] = named - {file.module, file.package}
    return out


def rooms(files: Sequence[File], modules: Graph) -> dict[str, set[str]]:
    """Return which rooms each room imports from: folders, and modules that lie in none."""
    room = {f.module: f.room for f in files}
    out: dict[str, set[str]] = {room[m]: set() for m in modules}
    for module, imported in modules.items():
        out[room[module]] |= {room[m] for m in imported} - {room[module]}
    return out


def circles(edges: Graph) -> list[list[str]]:
    """Return the groups of nodes that each reach one another (Tarjan, doi:10.1137/0201010).

    Parameters
    ----------
    edges : mapping of str to set of str

    Returns
    -------
    list of list of str
        Groups of two or more, largest first.
    """
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []
    for root in sorted(edges):
        if root in index:
            continue
        index[root] = low[root] = len(index)
        stack.append(root)
        work = [(root, iter(sorted(edges[root])))]
        while work:
            node, rest = work[-1]
            for other in rest:
                if other not in index:
                    index[other] = low[other] = len(index)
                    stack.append(other)
                    work.append((other, iter(sorted(edges.get(other, ())))))
                    break
                if other in stack:
                    low[node] = min(low[node], index[other])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    start = stack.index(node)
                    found.append(sorted(stack[start:]))
                    del stack[start:]
    return sorted((c for c in found if len(c) > 1), key=lambda c: (-len(c), c))


def _named(node: ast.AST, known: set[str]) -> Iterator[str]:
    """Yield modules of the package that one import statement names."""
    match node:
        case ast.Import(names):
            yield from (alias.name for alias in names if alias.name in known)
        case ast.ImportFrom(str(module), names, 0):
            for alias in names:
                whole = f"{module}.{alias.name}"
                yield from {whole if whole in known else module} & known


def _when_imported(tree: ast.Module) -> Iterator[ast.AST]:
    """Yield the nodes that run when a module is imported."""
    waiting: list[ast.AST] = list(tree.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            waiting.extend(node.orelse)
            continue
        yield node
        waiting.extend(ast.iter_child_nodes(node))
