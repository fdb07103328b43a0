"""PyMC graphs that nutpie compiles, and nutpie without what it only needs to plot."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import Any


class _Later(ModuleType):
    """Stands for a module until one of its names is asked for."""

    def __getattr__(self, name: str) -> Any:
        return getattr(import_module(self.__name__), name)


def load_nutpie() -> ModuleType:
    """Return nutpie, and leave ArviZ, which it imports whole, until it is asked for.

    ArviZ brings Matplotlib and every plot: about a second, for a conversion of draws
    that is not used here. Only nutpie is given the stand-in.
    """
    if "nutpie" not in sys.modules and "arviz" not in sys.modules:
        sys.modules["arviz"] = _Later("arviz")
        try:
            import_module("nutpie")
        finally:
            del sys.modules["arviz"]
    return import_module("nutpie")


@dataclass(frozen=True, eq=False)
class CompiledGraph:
    """A PyMC graph that nutpie has compiled.

    Attributes
    ----------
    model : nutpie model
    left_out : collection of str
        Columns of the draws that are not kept: they only serve to sample.
    """

    model: Any
    left_out: Collection[str]

    def use_threads(self, number: int) -> None:
        """Do nothing: a gradient of a graph takes one thread."""

    def sample(
        self,
        seed: int,
        options: Mapping[str, Any],
        heard: Callable[[list[Any]], None] | None = None,
    ) -> Any:
        """Begin to sample one chain, as :meth:`.nutpie_adapter.Density.sample` does."""
        return load_nutpie().sample(
            self.model,
            chains=1,
            cores=1,
            seed=seed,
            progress_bar=False,
            progress_callback=heard,
            blocking=False,
            return_raw_trace=True,
            **options,
        )
