"""Models in the form that nutpie samples: the kernel, or any PyMC graph."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.design.design import Design
from bayes_glmm.engine.laplace import approximate
from bayes_glmm.engine.program import Program, Whitening, covers, expand, write_program
from bayes_glmm.spec.model import ModelSpec
from bayes_glmm.spec.priors import Prior

type Array = NDArray[Any]
COORDINATES = "coordinates"
MOST_WHITENED = 450
MOST_UNCERTAIN = 0.4


@dataclass(frozen=True, eq=False)
class Sampled:
    """A model ready to sample.

    Attributes
    ----------
    model : nutpie model
    expand : callable
        Turns stacked draws by nutpie's names into the posterior's variables.
    path : str
        ``"kernel"`` or ``"graph"``.
    """

    model: Any
    expand: Callable[[dict[str, Array]], dict[str, Array]]
    path: str


def compile_model(
    spec: ModelSpec, design: Design, priors: Mapping[str, Prior], engine: str
) -> Sampled:
    """Choose the kernel where it covers the model, else compile the graph."""
    if engine == "auto" and covers(design, priors):
        return _kernel(*informed_program(design, priors))
    return _graph(spec, design, priors)


def informed_program(design: Design, priors: Mapping[str, Prior]) -> tuple[Program, Array, Array]:
    """Return the program in the best coordinates, with where and how wide to begin.

    Whitening costs a triangular product per gradient and assumes that the
    scales are known about as well as at their mode: it is used up to
    ``MOST_WHITENED`` dimensions, and not where a scale may be near zero.
    """
    plain = write_program(design, priors)
    found = approximate(plain) if plain.n_dim <= MOST_WHITENED else None
    if found is None or found.uncertainty.max(initial=0.0) > MOST_UNCERTAIN:
        return plain, plain.start, plain.spread
    white = write_program(design, priors, found.informed, Whitening(found.start, found.factor))
    return white, np.zeros(plain.n_dim), np.ones(plain.n_dim)


def _kernel(program: Program, start: Array, spread: Array) -> Sampled:
    from nutpie.compile_pymc import CompiledPyMCModel

    from bayes_glmm.engine.kernel import density_callback, expand_callback

    n = program.n_dim

    def begin(seed: int) -> Array:
        return start + spread * np.random.default_rng(seed).uniform(-1, 1, n)

    model = CompiledPyMCModel(
        compiled_logp_func=SimpleNamespace(address=density_callback.address),
        compiled_expand_func=SimpleNamespace(address=expand_callback.address),
        initial_point_func=begin,
        shared_data={},
        shared_var_keys={},
        user_data=program.buffer,
        n_expanded=n,
        shape_info=([COORDINATES], [slice(0, n)], [(n,)]),
        logp_func=None,
        expand_func=None,
        _n_dim=n,
        _shapes={COORDINATES: (n,)},
        _coords={},
        dims={},
        reparameterized_names=[],
    )
    return Sampled(model, lambda draws: expand(program, draws[COORDINATES]), "kernel")


def _graph(spec: ModelSpec, design: Design, priors: Mapping[str, Prior]) -> Sampled:
    import nutpie

    from bayes_glmm.graph import build_graph

    model = nutpie.compile_pymc_model(build_graph(spec, design, priors))
    return Sampled(model, dict, "graph")
