"""Known covariances of levels: kinship, lineage, space."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.errors import ResultError
from bayes_glmm.structures.structure import Structure

__all__ = ["Structure", "read_structure"]

KINDS = {
    "kinship": ("kinship", "Kinship"),
    "pedigree": ("animals", "Pedigree"),
    "genomic": ("genomic", "Genomic"),
    "lineage": ("lineage", "Lineage"),
    "areal": ("areas", "Areal"),
    "coordinates": ("coordinates", "Coordinates"),
    "series": ("times", "Series"),
}
"""Module and class of every kind; a stored result names one of these and nothing else."""


def read_structure(kind: str, arrays: Mapping[str, NDArray[np.generic]]) -> Structure:
    """Read a structure from the arrays that its :meth:`Structure.to_arrays` wrote.

    Raises
    ------
    ResultError
        There is no such kind, or the arrays are not of it.
    """
    if kind not in KINDS:
        raise ResultError(f"{kind!r} is no kind of structure that this version knows.")
    module, name = KINDS[kind]
    found: Any = getattr(import_module(f"bayes_glmm.structures.{module}"), name)
    try:
        return found.from_arrays(arrays)
    except (KeyError, ValueError, TypeError, IndexError) as error:
        raise ResultError(f"The stored {kind} structure is damaged ({error!r}).") from error
