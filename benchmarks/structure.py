"""Figures of the package's source: sizes, branches on families, names, circles of imports.

``python benchmarks/structure.py`` prints those of this package, with a directory or several
those of the packages that lie there, one column each. ``--before`` puts the stored figures of
an earlier state first, ``--json`` prints all with the names behind the numbers, and ``--store``
keeps those of one directory for ``--before``. The rules are in ``benchmarks/measures``. Only
Python's standard library is needed.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from measures.branches import branches, facts
from measures.circles import circles, graph, rooms
from measures.source import File, length, quantile, read
from measures.words import TERMS, naming, repeated, spelling

HERE = Path(__file__).resolve().parent
PACKAGE = HERE.parent / "bayes_glmm"
BEFORE = HERE / "structure_before.json"
LONG = 400
ENGINE = "engine"
"""The room that is to be replaced, and is measured apart."""

type Part = tuple[dict[str, int | str], dict[str, Any]]
"""Figures by what they are, and the names behind them."""


def measured(package: Path) -> dict[str, dict[str, Any]]:
    """Return the figures of the package in a directory, and the names behind them."""
    files = read(package)
    parts = [sizes(files), asked(files), spelled(files), imported(files)]
    return {
        "figures": {row: value for numbers, _ in parts for row, value in numbers.items()},
        "names": {row: names for _, behind in parts for row, names in behind.items()},
    }


def sizes(files: Sequence[File]) -> Part:
    """Return lengths of the package, of its files and of its functions."""
    functions = [function for f in files for function in f.functions]
    whole, bare = ([length(f, text) for f in functions] for text in (True, False))
    lines = [f.lines for f in files]
    largest = max(files, key=lambda f: f.lines)
    return {
        "lines": sum(lines),
        "lines of code (no docstrings, comments, blanks)": sum(f.code_lines for f in files),
        "files": len(files),
        "file, median lines": quantile(lines, 0.5),
        "file, largest": largest.lines,
        "file, largest: which": largest.path,
        f"files over {LONG} lines, {ENGINE}/ apart": len(long(files)),
        "functions": len(functions),
        "function, median lines": quantile(whole, 0.5),
        "function, p95 lines": quantile(whole, 0.95),
        "function, p95 lines without docstring": quantile(bare, 0.95),
    }, {"long": long(files)}


def asked(files: Sequence[File]) -> Part:
    """Return how often code asks what a family or a link is."""
    found = branches(files, facts(files))
    apart = Counter((b.of, in_engine(b.path)) for b in found)
    where = Counter(b.path for b in found)
    return {
        f"branches on families, {ENGINE}/ apart": apart["family", False],
        f"branches on links, {ENGINE}/ apart": apart["link", False],
        f"branches on either in {ENGINE}/": apart["family", True] + apart["link", True],
        "files with such branches": len(where),
    }, {"branches": dict(where)}


def spelled(files: Sequence[File]) -> Part:
    """Return how many files spell names of the posterior, and how many name a term."""
    names = {"posterior names": spelling(files)}
    terms = {term: naming(files, words) for term, words in TERMS.items()}
    return {
        "files that spell posterior names": len(names["posterior names"]),
        **{f"files that name {term}": len(paths) for term, paths in terms.items()},
    }, names | terms


def imported(files: Sequence[File]) -> Part:
    """Return how files are laid out, and how they import one another."""
    eager, every = graph(files, lazy=False), graph(files, lazy=True)
    arrows, double = rooms(files, every), repeated(files)
    return {
        "modules at the root": len(at_root(files)),
        "rooms": len(arrows),
        "arrows between rooms": sum(len(to) for to in arrows.values()),
        "circles of modules": len(circles(eager)),
        "circles of modules, lazy imports too": len(circles(every)),
        "modules in those": sum(len(circle) for circle in circles(every)),
        "circles of rooms": len(circles(rooms(files, eager))),
        "circles of rooms, lazy imports too": len(circles(arrows)),
        "basenames that occur twice or more": len(double),
    }, {
        "root": at_root(files),
        "circles": circles(every),
        "circles of rooms": circles(arrows),
        "repeated": double,
    }


def in_engine(path: str) -> bool:
    """Whether a file lies in the room that is measured apart."""
    return path.startswith(f"{ENGINE}/")


def long(files: Sequence[File]) -> list[str]:
    """Return the files of too many lines, but those of the engine."""
    return [f.path for f in files if f.lines > LONG and not in_engine(f.path)]


def at_root(files: Sequence[File]) -> list[str]:
    """Return the modules that lie in no folder, beside ``__init__`` and ``__main__``."""
    return [f.path for f in files if "/" not in f.path and not f.path.startswith("__")]


def table(columns: dict[str, dict[str, Any]]) -> str:
    """Lay figures out, one column for each package."""
    rows = list(dict.fromkeys(row for own in columns.values() for row in own["figures"]))
    cells = [["", *columns]]
    cells += [[r, *(str(own["figures"].get(r, "")) for own in columns.values())] for r in rows]
    widths = [max(len(line[k]) for line in cells) for k in range(len(cells[0]))]
    return "\n".join(
        "  ".join([line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])]).rstrip()
        for line in cells
    )


def main() -> None:
    """Print the figures of the packages that the command names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("packages", nargs="*", type=Path, metavar="PACKAGE_DIR")
    parser.add_argument("--before", action="store_true", help="put the stored figures first")
    parser.add_argument("--json", action="store_true", help="print JSON, with the names behind")
    parser.add_argument("--store", action="store_true", help=f"write {BEFORE.name}, of one package")
    given = parser.parse_args()
    columns = {str(path): measured(path) for path in given.packages}
    columns = columns or {PACKAGE.name: measured(PACKAGE)}
    if given.store:
        if len(columns) != 1:
            parser.error("--store takes one directory.")
        BEFORE.write_text(json.dumps(*columns.values(), indent=1) + "\n", "utf-8")
    if given.before:
        columns = {"before": json.loads(BEFORE.read_text("utf-8"))} | columns
    print(json.dumps(columns, indent=1) if given.json else table(columns))


if __name__ == "__main__":
    main()
