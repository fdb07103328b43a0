"""nutpie's compiled sampler on a density in machine code, without the package around it.

``import nutpie`` brings xarray and pandas, and Numba where it is installed. The sampler needs none
of them: its extension module is loaded by itself. That module is private to nutpie. What is used of
it stands in this file alone, ``tests/engine/test_nutpie_adapter.py`` states it, and
``pyproject.toml`` admits the versions that were tried.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.machinery import PathFinder
from importlib.util import find_spec, module_from_spec
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.errors import EngineError

type Array = NDArray[np.float64]
type Heard = Callable[[list[Any]], None]
NAME = "nutpie._lib"
EVERY = 100
"""Milliseconds between two reports of progress."""


def sampler_module() -> ModuleType:
    """Return nutpie's extension module; a later ``import nutpie`` finds the same one.

    Raises
    ------
    EngineError
        nutpie has no such module.
    """
    if NAME in sys.modules:
        return sys.modules[NAME]
    package = find_spec("nutpie")
    folders = None if package is None else package.submodule_search_locations
    spec = None if folders is None else PathFinder.find_spec(NAME, folders)
    if spec is None or spec.loader is None:
        raise EngineError(
            f"{NAME} is not there: install nutpie in a version that bayes_glmm admits."
        )
    module = module_from_spec(spec)
    sys.modules[NAME] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[NAME]
        raise
    return module


@dataclass(frozen=True, eq=False)
class Density:
    """A density that machine code evaluates, and what it reads.

    Attributes
    ----------
    address : int
        Of ``int64 f(uint64 n, const double *x, double *gradient, double *value, void *buffer)``,
        which returns 0, or a positive number where the density is not finite.
    expand : int
        Of ``int64 f(uint64 n, uint64 n_expanded, const double *x, double *out, void *buffer)``.
    buffer : ndarray
        Kept alive with the density.
    n : int
        Coordinates, and what ``expand`` makes of them.
    start : callable
        Takes a seed; returns where a chain begins, shape (n,).
    name : str
        Of the coordinates among the draws.
    threads : ndarray of int64, shape (1,)
        A word of the buffer that the density may read: how many threads may share its rows.
    """

    address: int
    expand: int
    buffer: NDArray[Any]
    n: int
    start: Callable[[int], Array]
    name: str
    threads: NDArray[np.int64] = field(default_factory=lambda: np.ones(1, np.int64))

    def use_threads(self, number: int) -> None:
        """Let that many threads share a gradient's rows, in chains under way too."""
        self.threads[0] = number

    @property
    def left_out(self) -> tuple[str, ...]:
        """Columns of the draws that are not kept: there are none."""
        return ()

    def sample(self, seed: int, options: Mapping[str, Any], heard: Heard | None = None) -> Sampling:
        """Begin to sample one chain by NUTS with a diagonal metric.

        Parameters
        ----------
        options : mapping
            nutpie's settings by name: ``num_tune``, ``num_draws``, ``target_accept``, ...
        heard : callable, optional
            Takes the chain's progress, in a list of one, ten times a second.
        """
        lib = sampler_module()
        settings = lib.PyNutsSettings.Diag(seed)
        settings.update({**options, "num_chains": 1})
        silent, kept = lib.ProgressType.none(), lib.PyStorage.arrow()
        model = self.model()
        return Sampling(lib.PySampler.from_pymc(settings, 1, model, silent, heard, EVERY, kept))

    def model(self) -> Any:
        """Return nutpie's model; it keeps the density."""
        lib, data = sampler_module(), self.buffer.ctypes.data
        sizes: dict[str, int] = {}  # the variables add the sizes of their dims
        variables = lib.PyVariable.new_variables([self.name], ["float64"], [(self.n,)], sizes, {})
        return lib.PyMcModel(
            lib.LogpFunc(self.address, data, self),
            lib.ExpandFunc(self.n, self.n, self.expand, data, self),
            variables, self.n, sizes, {}, self.start, _no_flow,
        )  # fmt: skip


def _no_flow(*_: Any, **__: Any) -> Any:
    raise EngineError("The kernel's models are sampled without a normalizing flow.")


class Sampling:
    """A chain that is being sampled in a thread of nutpie's."""

    def __init__(self, sampler: Any) -> None:
        self._sampler = sampler

    @property
    def is_finished(self) -> bool:
        """Whether all draws are there.

        Raises
        ------
        TimeoutError
            The sampler is too busy to answer.
        """
        return bool(self._sampler.is_finished())

    def wait(self) -> Any:
        """Return the trace once it is whole.

        Raises
        ------
        RuntimeError
            The density is not finite where a chain begins.
        """
        self._sampler.wait(None)
        return self._sampler.take_results()

    def abort(self) -> Any:
        """Stop, and return the trace of what was drawn, warm-up included.

        Raises
        ------
        ValueError
            The trace was taken before.
        """
        self._sampler.abort()
        return self._sampler.take_results()

    def cancel(self) -> None:
        """Stop, and throw away what was drawn."""
        self._sampler.abort()
