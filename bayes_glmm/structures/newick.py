"""Trees from Newick text or from a table of branches, read without recursion."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from bayes_glmm.errors import DataError
from bayes_glmm.structures.file_contents import read_text
from bayes_glmm.structures.rooted_tree import Tree, build_tree

_TOKEN = re.compile(
    r"""(?P<blank>\s+)
      | (?P<quoted>'(?:[^']|'')*' | "(?:[^"]|"")*")
      | (?P<mark>[(),:;])
      | (?P<plain>[^\s()\[\],:;'"]+)""",
    re.VERBOSE,
)
MOST, INNER, TIPS = 2**25, 250_000, 1_000_000
"""Characters, opening parentheses and commas of a tree."""
_BRACKET = re.compile(r"[\[\]]")
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")


def read_newick(source: str | Path) -> Tree:
    """Read one tree from Newick text or from a file that holds it.

    Parameters
    ----------
    source : str or path
        The path of a file that is there; else text with a parenthesis or semicolon
        is Newick. Quoted labels, comments in square brackets, labels of inner
        nodes, polytomies and a branch above the root are understood. Labels are
        kept as written: an underscore stays an underscore.

    Returns
    -------
    Tree

    Raises
    ------
    DataError
        The text is no tree: the place is shown. A branch has no length, or a
        negative one; a tip has no name; two tips have one name.

    Examples
    --------
    >>> tree = read_newick("((a:1,b:1)ab:2,'c d':3)root;")
    >>> tree.names
    ('root', 'ab', 'c d', 'a', 'b')
    >>> tree.parent.tolist()
    [-1, 0, 0, 1, 1]
    """
    text = _text(source)
    names, parents, lengths = _assemble(text)
    return build_tree(names, parents, lengths)


def _text(source: str | Path) -> str:
    """Return Newick text; a name of a file that is there is that file, whatever marks it has."""
    text, name = (str(source), "The text") if _written(source) else _content(Path(source))
    text = text.removeprefix("\ufeff")
    first = text.lstrip()[:6].upper()
    if first == "#NEXUS":
        raise DataError(
            f"{name} is NEXUS, not Newick: write its tree alone, '(a:1,b:1);', as R's "
            "ape::write.tree(ape::read.nexus(file)) and dendropy do."
        )
    if first.startswith("<"):
        raise DataError(f"{name} is XML, not Newick: write its tree as '(a:1,b:1);'.")
    if len(text) > MOST or text.count("(") > INNER or text.count(",") > TIPS:
        raise DataError(
            f"{name} has more than {MOST >> 20} million characters, {INNER:,} inner nodes or "
            f"{TIPS:,} tips, the most that are read."
        )
    return text


def _written(source: str | Path) -> bool:
    """Return whether the tree itself was given, not where it is."""
    if not isinstance(source, str) or os.path.isfile(source):
        return False
    return any(mark in source for mark in "(;") or source.lstrip("\ufeff \n")[:1] == "#"


def _content(path: Path) -> tuple[str, str]:
    if not os.path.isfile(path):
        raise DataError(
            f"{str(path)[:80]!r} is neither Newick text, such as '(a:1,b:1);', nor a text "
            "file that can be read: there is no such file."
        )
    return read_text(path, MOST), path.name


def _tokens(text: str) -> Iterator[tuple[str, str, int]]:
    place = 0
    while place < len(text):
        if text[place] == "[":
            place = _after_comment(text, place)
            continue
        match = _TOKEN.match(text, place)
        if match is None:
            raise _mistake(text, place, "a quote or bracket is not closed")
        if match.lastgroup != "blank":
            yield str(match.lastgroup), match.group(), place
        place = match.end()


def _after_comment(text: str, start: int) -> int:
    depth = 0
    for bracket in _BRACKET.finditer(text, start):
        depth += 1 if bracket.group() == "[" else -1
        if not depth:
            return bracket.end()
    raise _mistake(text, start, "a comment is not closed")


def _assemble(text: str) -> tuple[list[str], list[int], list[float | None]]:
    """Walk the tokens; ``open_`` is the node whose children are being read."""
    names, parents, lengths = [""], [-1], list[float | None]([None])
    open_, node, state = -1, 0, "start"
    tokens = _tokens(text)
    for kind, mark, place in tokens:
        if mark == "(" and state == "start":
            open_, node = node, _child(names, parents, lengths, node)
        elif mark == "," and open_ >= 0:
            node, state = _child(names, parents, lengths, open_), "start"
        elif mark == ")" and open_ >= 0:
            node, open_, state = open_, parents[open_], "closed"
        elif mark == ":" and state in ("start", "closed", "named"):
            lengths[node], state = _length(text, tokens, place), "measured"
        elif mark == ";" and open_ < 0:
            _nothing_after(text, tokens)
            return names, parents, lengths
        elif kind in ("plain", "quoted") and state in ("start", "closed"):
            names[node], state = _label(kind, mark), "named"
        else:
            raise _mistake(text, place, _reason(kind, mark, state, open_))
    if open_ >= 0:
        raise DataError("The Newick text ends before its parentheses are closed: it was cut short.")
    return names, parents, lengths


def _child(names: list[str], parents: list[int], lengths: list[float | None], parent: int) -> int:
    names.append("")
    parents.append(parent)
    lengths.append(None)
    return len(names) - 1


def _length(text: str, tokens: Iterator[tuple[str, str, int]], place: int) -> float:
    _, mark, place = next(tokens, ("end", "", place))
    if not _NUMBER.fullmatch(mark):
        raise _mistake(text, place, f"a length must be a number, not {mark!r}")
    return float(mark)


def _label(kind: str, mark: str) -> str:
    return mark[1:-1].replace(mark[0] * 2, mark[0]) if kind == "quoted" else mark


def _nothing_after(text: str, tokens: Iterator[tuple[str, str, int]]) -> None:
    for _, _, place in tokens:
        raise _mistake(text, place, "there is more after the first tree; give one tree")


def _reason(kind: str, mark: str, state: str, open_: int) -> str:
    if mark == ";":
        return "a parenthesis is not closed"
    if mark in (",", ")") and open_ < 0:
        return f"{mark!r} has no opening parenthesis"
    if kind in ("plain", "quoted") and state == "named":
        return f"{mark!r} follows another label: put labels with blanks in quotes"
    return f"{mark!r} does not belong here"


def _mistake(text: str, place: int, reason: str) -> DataError:
    line = text.count("\n", 0, place) + 1
    around = text[max(0, place - 20) : place + 20].replace("\n", " ")
    return DataError(f"Newick text, line {line}, near {around!r}: {reason}.")
