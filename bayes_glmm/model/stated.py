"""Parameters that a user states, read by the names and labels of the posterior."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.errors import ArgumentError, ArgumentTypeError, listed, suggestion
from bayes_glmm.spec.priors import ONE_TO_TWO, POSITIVE

type Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Stated:
    """Numbers by name: mappings by label, or values in order.

    Every method raises :class:`.ArgumentError` for what is absent, of the wrong size or out
    of range.
    """

    parameters: Mapping[str, Any]

    def has(self, name: str) -> bool:
        """Return whether a parameter is stated."""
        return self.parameters.get(name) is not None

    def number(self, name: str) -> Array:
        """Return one number, shape ()."""
        if name not in self.parameters:
            raise ArgumentError(f"simulate() needs the parameter {name!r}.")
        value = floats(name, self.parameters[name])
        if value.size != 1:
            raise ArgumentError(f"{name} is one number, not {value.size}.")
        return value.reshape(())

    def within(self, name: str, support: str) -> Array:
        """Return one number of a prior's support, shape ()."""
        value = self.number(name)
        if support == POSITIVE and not value > 0:
            raise ArgumentError(f"{name} must be above 0, not {value:g}.")
        if support == "unit" and not 0 <= value <= 1:
            raise ArgumentError(f"{name} must be from 0 to 1, not {value:g}.")
        if support == ONE_TO_TWO and not 1 < value < 2:
            raise ArgumentError(f"{name} must be between 1 and 2, not {value:g}.")
        return value

    def vector(self, name: str, labels: Sequence[str]) -> Array:
        """Return numbers in the order of their labels, shape (n_labels,)."""
        if name not in self.parameters:
            raise ArgumentError(f"simulate() needs the parameter {name!r}, for {listed(labels)}.")
        return in_order(name, self.parameters[name], labels)

    def matrix(self, name: str, rows: Sequence[str], columns: Sequence[str]) -> Array:
        """Return a table of numbers, by row and column or as an array."""
        given = self.parameters[name]
        if isinstance(given, Mapping):
            each = _by_label(dict(given), name, rows)
            return np.array(
                [in_order(f"{name}[{k}]", v, columns) for k, v in zip(rows, each, strict=True)]
            )
        found = floats(name, given)
        if found.shape not in ((len(rows), len(columns)), (len(rows),) * (len(columns) == 1)):
            raise ArgumentError(
                f"{name} has the shape ({len(rows)}, {len(columns)}): levels by terms, "
                f"not {found.shape}."
            )
        return found.reshape(-1, len(columns))


def in_order(name: str, given: Any, labels: Sequence[str]) -> Array:
    """Return numbers in the order of their labels, given as a mapping or in order."""
    if isinstance(given, Mapping):
        given = _by_label(dict(given), name, labels)
    values = floats(name, given).ravel()
    if len(values) != len(labels):
        s = "s" if len(labels) > 1 else ""
        raise ArgumentError(
            f"{name} needs {len(labels)} value{s} ({listed(labels)}), not {len(values)}."
        )
    return values


def _by_label(given: dict[Any, Any], name: str, labels: Sequence[str]) -> list[Any]:
    by_label = {str(label): value for label, value in given.items()}
    known = set(labels)
    for label in by_label:
        if label not in known:
            raise ArgumentError(f"{name} has no {label!r}." + suggestion(label, list(labels)))
    absent = [label for label in labels if label not in by_label]
    if absent:
        raise ArgumentError(f"{name} lacks {listed(absent)}.")
    return [by_label[label] for label in labels]


def floats(name: str, given: Any) -> Array:
    """Return finite numbers."""
    try:
        values = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ArgumentTypeError(f"{name} must be numbers, not {given!r:.80}.") from error
    if not np.isfinite(values).all():
        raise ArgumentError(f"{name} must be finite.")
    return values
