"""Files that spell names of the posterior, and files that name a term of the formula."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath

from measures.source import File

STEMS = (
    "sd", "u", "z", "corr", "corr_chol", "nu", "simplex", "mi", "range", "mix", "halflife", "signal", "rho",
    "beta", "intercept", "threshold", "reference",
)  # fmt: skip
"""Beginnings of names of variables: the table of ``docs/posterior.md``."""
WHOLE = ("beta", "intercept", "threshold")
"""Names of variables that are also a name without more."""
DRAWS = ("posterior", "draws", "drawn", "variables")
"""What holds draws is called so where it is read by name."""
BUILT = re.compile(rf"(?<![\w{{}}])(?:(?:{'|'.join(STEMS)})_|(?:{'|'.join(WHOLE)})\[)\{{")
BEGUN = re.compile(rf"(?:{'|'.join(STEMS)})_")
BY = ("by",)
TERMS: Mapping[str, tuple[str, ...]] = {
    "student": ("student",), "mm()": ("mm", "member", "members"), "by=": BY,
}  # fmt: skip
"""Words that code uses for a term of the formula."""
WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def spelling(files: Sequence[File]) -> list[str]:
    """Find the files that spell names of the posterior's variables.

    They hold, outside docstrings, an f-string that builds one (``f"sd_{name}"``,
    ``f"beta[{label}]"``), a string that begins one (``"u_"``), two or more beginnings in one
    tuple, list or set (``("sd", "u")``), or a whole name (``"beta"``) as an argument of a call
    other than ``index`` or as a key of draws. Families name parameters of their own.

    Parameters
    ----------
    files : sequence of File

    Returns
    -------
    list of str
        Paths.
    """
    rooms = (f for f in files if f.room != "families")
    return [f.path for f in rooms if any(_spells(node) for node in f.nodes)]


def naming(files: Sequence[File], words: Sequence[str]) -> list[str]:
    """Find the files whose code names a term: in an identifier, a string or their own name.

    Identifiers are taken apart into words (``group_members``, ``StudentEffects``). Strings count
    where they hold no space, so that messages and docstrings do not. ``student`` before a ``t``
    is the distribution, and no term. ``by`` counts only as a whole attribute, field of a class
    or string: arguments and variables called so are mostly those of ``bg.predictions(by=...)``.

    Parameters
    ----------
    files : sequence of File
    words : sequence of str
        In small letters.

    Returns
    -------
    list of str
        Paths.
    """
    return [
        f.path
        for f in files
        if any(_names(text, words) for text in (PurePosixPath(f.path).stem, *_texts(f, words)))
    ]


def repeated(files: Sequence[File]) -> dict[str, list[str]]:
    """Return the file names that occur twice or more, with their paths; no ``__init__``."""
    names = Counter(PurePosixPath(f.path).name for f in files)
    return {
        name: [f.path for f in files if PurePosixPath(f.path).name == name]
        for name, count in sorted(names.items())
        if count > 1 and name != "__init__.py"
    }


def _spells(node: ast.AST) -> bool:
    match node:
        case ast.JoinedStr(values):
            text = "".join(v.value if isinstance(v, ast.Constant) else "{}" for v in values)
            return BUILT.search(text) is not None
        case ast.Constant(str(text)):
            return BEGUN.fullmatch(text) is not None
        case ast.Tuple(elts) | ast.List(elts) | ast.Set(elts):
            return len(elts) > 1 and all(_constant(e) in STEMS for e in elts)
        case ast.Call(function, arguments):
            called = ast.unparse(function).rsplit(".", 1)[-1]
            return called != "index" and any(_constant(a) in WHOLE for a in arguments)
        case ast.Subscript(ast.Name(name) | ast.Attribute(_, name), key):
            return name in DRAWS and _constant(key) in WHOLE
    return False


def _constant(node: ast.expr) -> object:
    return node.value if isinstance(node, ast.Constant) else None


def _names(text: str, words: Sequence[str]) -> bool:
    parts = [part.lower() for part in WORDS.findall(text)]
    if words is BY:
        return text == "by"
    return any(
        part in words and (part, after) != ("student", "t")
        for part, after in zip(parts, [*parts[1:], ""], strict=False)
    )


def _texts(file: File, words: Sequence[str]) -> Iterator[str]:
    """Yield the identifiers of a file, and its strings that are no prose."""
    for node in file.nodes:
        match node:
            case ast.Attribute(_, name) | ast.AnnAssign(ast.Name(name)):
                yield name
            case ast.Constant(str(text)) if " " not in text and id(node) not in file.docstrings:
                yield text
            case _ if words is BY:
                continue
            case ast.Name(name) | ast.arg(name) | ast.alias(name) | ast.keyword(str(name)):
                yield name
            case ast.FunctionDef(name) | ast.AsyncFunctionDef(name) | ast.ClassDef(name):
                yield name
