"""Tables of genotypes: which columns are loci, whose the rows are, and how calls are coded."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.errors import ArgumentError, ArgumentTypeError, listed, suggestion
from bayes_glmm.structures.file_contents import read_numbers
from bayes_glmm.structures.level_labels import Text, id_texts, text_labels

NEVER = frozenset({"fid", "#fid", "iid", "#iid", "sex", "phenotype"})
"""Columns of PLINK's ``.raw`` that are no loci in any table."""
PLINK = NEVER | {"pat", "mat", "sid", "pheno", "pheno1"}
"""Those that are none beside individual ids of PLINK."""
TEXT = frozenset({"fid", "#fid", "iid", "#iid", "pat", "mat", "sid"})
DISTINCT = 20


def asides(names: Iterable[Any], index: Any = None) -> list[str]:
    """Return the columns that are no loci, by PLINK's names.

    Examples
    --------
    >>> asides(["FID", "IID", "PAT", "MAT", "SEX", "PHENOTYPE", "rs1_A", "rs1_HET"])
    ['FID', 'IID', 'PAT', 'MAT', 'SEX', 'PHENOTYPE', 'rs1_HET']
    >>> asides(["MAT", "rs1"])
    []
    """
    known = [str(name) for name in names]
    plink = {"iid", "#iid"} & {n.casefold() for n in [*known, str(index)]}
    apart = PLINK if plink else NEVER
    return [n for n in known if n.casefold() in apart or (plink and n.endswith("_HET"))]


def read_raw(path: Path) -> pd.DataFrame:
    """Read what PLINK's ``--recode A`` and ``--export A`` write."""

    def texts(head: list[str]) -> list[str]:
        return [name for name in head if name.casefold() in TEXT]

    table = read_numbers(path, texts, "Genotypes", blanks=True)
    if not {"IID", "#IID"} & set(table.columns):
        raise ArgumentError(
            f"{path.name} has no column IID: a .raw file is what PLINK's --recode A writes."
        )
    return table


def individuals(table: Any, ids: str | None) -> tuple[Text, pd.DataFrame, tuple[str, ...]]:
    """Return labels of the rows, the columns that are loci, and what is to be noted.

    Parameters
    ----------
    table : pandas.DataFrame
    ids : str, optional
        Column of ids; PLINK's individual ids or the index when not given. Individual
        ids that repeat between families are joined with those: ``family:individual``.

    Raises
    ------
    ArgumentTypeError, ArgumentError
        It is no table, there is no such column, or ids are not unique.
    """
    if not isinstance(table, pd.DataFrame):
        raise ArgumentTypeError(
            f"Genotypes are a pandas DataFrame with ids, or the prefix of PLINK files, not "
            f"{type(table).__name__}: without labels nothing says whose genotypes a row holds."
        )
    if ids is not None and ids not in table.columns:
        raise ArgumentError(
            f"The genotypes have no column {ids!r}." + suggestion(str(ids), [*table.columns])
        )
    twice = [str(c) for c in table.columns[table.columns.duplicated()].unique()]
    if twice:
        raise ArgumentError(f"Several columns are named {listed(twice)}: keep one of each.")
    names = {str(c).casefold(): c for c in reversed(table.columns)}
    if ids is None:
        ids = names.get("iid", names.get("#iid"))
    given = table.index if ids is None else table[ids]
    named = str(ids if ids is not None else table.index.name).casefold().lstrip("#")
    family = names.get("fid", names.get("#fid"))
    labels, said = given, list[str]()
    if named == "iid" and family is not None and given.duplicated().any():
        labels, note = with_families(table[family], given)
        said.append(note)
    known = set(asides(table.columns, table.index.name))
    apart = [c for c in table.columns if c == ids or str(c) in known]
    left = [str(c) for c in apart if c != ids]
    if left:
        said.append(f"Columns that are no loci were left out: {listed(left)}.")
    return text_labels(labels, "The individuals"), table.drop(columns=apart), tuple(said)


def with_families(families: Iterable[Any], ids: Iterable[Any]) -> tuple[list[str], str]:
    """Return ``family:individual`` for ids that are unique within families only, and a note."""
    first, second = id_texts(families, "The families"), id_texts(ids, "The individuals")
    joined = [f"{f}:{i}" for f, i in zip(first, second, strict=True)]
    note = (
        "Individual ids repeat between families: labels are family:individual, such as "
        f"{joined[0]!r}, and so must the levels of the data be."
    )
    return joined, note


def odd_call(loci: pd.DataFrame, name: Any, who: Any, value: float, taken: str) -> ArgumentError:
    """Return the error for what is no genotype, with the way out that the whole table suggests."""
    return ArgumentError(
        f"Genotypes are {taken}, but {str(name)!r} of {who!r} is {value:g}. {_advice(loci)}"
    )


def _advice(loci: pd.DataFrame) -> str:
    seen = set[float]()
    for column in loci:
        values = pd.to_numeric(loci[column], errors="coerce").to_numpy(np.float64, na_value=np.nan)
        seen |= set(np.unique(values[~np.isnan(values)]).tolist())
        if len(seen) > DISTINCT:
            break
    if -1 in seen and seen <= {-1, 0, 1}:
        return (
            "If -1, 0 and 1 are the two homozygotes and the heterozygote between them, add 1 to all "
            "of them; if -1 is a missing call, make it a missing value."
        )
    if 3 in seen and seen <= {1, 2, 3}:
        return "If 1, 2 and 3 are genotypes, subtract 1 from all of them."
    if 0.5 in seen and seen <= {0, 0.5, 1}:
        return "If 0, 0.5 and 1 are shares of an allele, multiply all of them by 2."
    codes = sorted(seen - {0.0, 1.0, 2.0})
    if len(codes) == 1 and {0.0, 2.0} & seen:
        return f"If {codes[0]:g} stands for a missing call, make it a missing value."
    return "Count one allele of each individual; make codes for missing calls missing values."


def numbers_of(part: pd.DataFrame) -> NDArray[np.float64]:
    """Return genotypes as floats, refusing text."""
    try:
        return part.to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError) as error:
        names = listed([str(c) for c in part.columns], limit=3)
        raise ArgumentError(
            f"Genotypes are numbers, but among {names}: {error}. Name the column of ids with ids=."
        ) from error
