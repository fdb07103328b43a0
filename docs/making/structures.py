"""The table of structured covariances, made from their code."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from itertools import pairwise

import pandas as pd

import bayes_glmm as bg
from bayes_glmm.spec.sources import KINDS
from bayes_glmm.structures import KINDS as CLASSES
from bayes_glmm.structures import Structure

LEVELS = ["a", "b", "c", "d"]


def table() -> str:
    """Write one row for each kind and model of a structure."""
    names = (
        "call",
        "relates levels by",
        "option",
        "its own parameters, with default priors",
        "file",
    )
    rows = [
        (f"{{func}}`~bayes_glmm.{kind}`", _first_line(kind), option, _hyper(made), _file(kind))
        for kind, option, made in examples()
    ]
    lines = [f"| {' | '.join(row)} |" for row in (names, ("---",) * len(names), *rows)]
    return "\n".join([*lines, ""])


def _file(kind: str) -> str:
    return KINDS[kind].file or "columns of the data"


def public_kinds() -> list[str]:
    """Return the kinds that have a public call."""
    return [kind for kind in CLASSES if kind in bg.__all__]


def examples() -> Iterator[tuple[str, str, Structure]]:
    """Yield every kind, the option that chooses its model, and a small structure of it."""
    for kind in public_kinds():
        options = [(n, v) for n, v in _choices(kind).items() if n == "model"]
        given = GIVEN[kind]
        if not options:
            yield kind, "", getattr(bg, kind)(*given)
        for name, values in options:
            for value in values:
                yield kind, f'`{name}="{value}"`', getattr(bg, kind)(*given, **{name: value})


GIVEN = {
    "kinship": (pd.DataFrame([[1.0, 0.5], [0.5, 1.0]], ["a", "b"], ["a", "b"]),),
    "pedigree": (pd.DataFrame({"animal": ["a", "b", "c"], "sire": [None, None, "a"],
                               "dam": [None, None, "b"]}),),
    "genomic": (pd.DataFrame({"s1": [0, 1, 2, 1], "s2": [2, 1, 0, 0], "s3": [0, 2, 1, 2]}, LEVELS),),
    "lineage": ("((a:1,b:1):1,c:2);",),
    "areal": (pd.DataFrame(list(pairwise(LEVELS)), columns=["area", "neighbour"]),),
    "coordinates": ("x", "y"),
}  # fmt: skip


def _choices(kind: str) -> dict[str, tuple[str, ...]]:
    parameters = inspect.signature(getattr(bg, kind)).parameters
    return {
        name: tuple(re.findall(r"\w+", str(p.annotation).removeprefix("Literal")))
        for name, p in parameters.items()
        if str(p.annotation).startswith("Literal[")
    }


def _first_line(kind: str) -> str:
    return (inspect.getdoc(getattr(bg, kind)) or "").split("\n")[0].removesuffix(".")


def _hyper(structure: Structure) -> str:
    known = len(structure.labels) > 0  # else it is read from the data, and so is the prior
    said = [
        f"`{h.stem}_<level>`: {h.meaning}, {f'`{_prior(h.prior)}`' if known else 'by the data'}"
        for h in structure.hyper
    ]
    return "; ".join(said) or "none"


def _prior(prior: bg.Prior) -> str:
    numbers = ", ".join(f"{name}={round(float(v), 2) + 0.0:g}" for name, v in prior.parameters)
    return f"{prior.name}({numbers})"
