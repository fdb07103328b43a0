"""The files of a package, read once, and the lengths of files and functions."""

from __future__ import annotations

import ast
import io
import math
import tokenize
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

Function = ast.FunctionDef | ast.AsyncFunctionDef
NO_CODE = frozenset(
    (
        tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT,
        tokenize.ENCODING, tokenize.ENDMARKER,
    )
)  # fmt: skip


@dataclass(frozen=True)
class File:
    """One file of a package.

    Attributes
    ----------
    package : str
        Name of the package.
    path : str
        Relative to the package, with ``/``.
    text : str
        The source.
    """

    package: str
    path: str
    text: str

    @property
    def room(self) -> str:
        """The folder below the package, or the name of a module that lies in no folder."""
        return self.path.split("/")[0].removesuffix(".py")

    @property
    def module(self) -> str:
        """The name by which the file is imported."""
        parts = [self.package, *self.path.removesuffix(".py").split("/")]
        return ".".join(parts).removesuffix(".__init__")

    @property
    def lines(self) -> int:
        """Lines as an editor counts them."""
        return len(self.text.splitlines())

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree."""
        return ast.parse(self.text)

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """Every node of the tree."""
        return tuple(ast.walk(self.tree))

    @cached_property
    def docstrings(self) -> frozenset[int]:
        """Ids of the nodes that are docstrings: strings that are whole statements."""
        return frozenset(id(s.value) for s in self.nodes if _is_docstring(s))

    @property
    def code_lines(self) -> int:
        """Lines that hold code: no blank ones, no comments, no docstrings."""
        tokens = tokenize.generate_tokens(io.StringIO(self.text).readline)
        held = {
            line
            for token in tokens
            if token.type not in NO_CODE
            for line in range(token.start[0], token.end[0] + 1)
        }
        return len(held - set(_docstring_lines(self.nodes)))

    @property
    def functions(self) -> list[Function]:
        """Functions and methods, nested ones too."""
        return [node for node in self.nodes if isinstance(node, Function)]


def read(package: Path) -> list[File]:
    """Read the Python files of a package.

    Parameters
    ----------
    package : Path
        The folder that holds the package's ``__init__.py``.

    Returns
    -------
    list of File
        In the order of their paths.
    """
    if not (package / "__init__.py").is_file():
        raise SystemExit(f"{package} is no package: it holds no __init__.py.")
    return [
        File(package.resolve().name, path.relative_to(package).as_posix(), path.read_text("utf-8"))
        for path in sorted(package.rglob("*.py"))
    ]


def length(function: Function, docstring: bool = True) -> int:
    """Return the lines of a function from its ``def`` on, with or without its docstring."""
    whole = _span(function)
    first = function.body[0]
    return whole if docstring or not _is_docstring(first) else whole - _span(first)


def quantile(values: Sequence[int], share: float) -> int:
    """Return the smallest value that at least this share of the values does not exceed."""
    return sorted(values)[max(math.ceil(share * len(values)) - 1, 0)] if values else 0


def _is_docstring(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _docstring_lines(nodes: Sequence[ast.AST]) -> Iterator[int]:
    for node in nodes:
        if _is_docstring(node):
            yield from range(node.lineno, node.end_lineno + 1)


def _span(node: ast.stmt) -> int:
    return node.end_lineno - node.lineno + 1
