"""Models in the form that is sampled: the kernel's density, or any PyMC graph."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.engine.begin import natural_start
from bayes_glmm.engine.choose import Coordinates, choose_coordinates, collapsed_coordinates
from bayes_glmm.engine.expand import expand
from bayes_glmm.engine.kernel import address
from bayes_glmm.engine.load import CompiledGraph, load_nutpie
from bayes_glmm.engine.nutpie_adapter import Density
from bayes_glmm.engine.program import uncovered
from bayes_glmm.engine.rotated import Rotation, rotated_graph, rotates, with_effects
from bayes_glmm.errors import EngineError, listed
from bayes_glmm.model.design import Design
from bayes_glmm.model.reference import Way
from bayes_glmm.spec.model import ModelSpec
from bayes_glmm.spec.priors import Prior

type Array = NDArray[Any]
COORDINATES = "coordinates"


@dataclass(frozen=True, eq=False)
class Sampled:
    """A model ready to sample.

    Attributes
    ----------
    model : Density or CompiledGraph
        Samples itself. Here alone is decided which of the two a model is.
    expand : callable
        Turns stacked draws by the sampler's names into the posterior's variables.
    path : str
        ``"graph"``, or the coordinates in which the kernel is sampled.
    again : callable
        Turns a design that differs in its response alone into such a model, without
        compiling anything.
    notes : tuple of str
    otherwise : callable or None
        Returns the model in coordinates that cost more, for where these diverge.
    """

    model: Density | CompiledGraph
    expand: Callable[[dict[str, Array], int], dict[str, Array]]
    path: str
    again: Callable[[Design], Sampled]
    notes: tuple[str, ...] = ()
    otherwise: Callable[[], Sampled] | None = None


def compile_model(
    spec: ModelSpec, design: Design, priors: Mapping[str, Prior], engine: str
) -> Sampled:
    """Choose the kernel where it covers the model, else compile the graph.

    What samples sees the reference basis alone, whose draws are carried back.

    Raises
    ------
    EngineError
        The engine cannot sample this model.
    """
    way = Way.of(design, priors)
    found = _compile(spec, way.design, way.priors, engine)
    return _carried_back(found, way) if way.renamed else found


def _carried_back(found: Sampled, way: Way) -> Sampled:
    def again(other: Design) -> Sampled:
        there = Way.of(other, way.own)
        return _carried_back(found.again(there.design), there)

    dearer = found.otherwise
    return replace(
        found,
        expand=lambda d, seed: way.back(found.expand(d, seed)),
        again=again,
        otherwise=None if dearer is None else lambda: _carried_back(dearer(), way),
    )


def _compile(spec: ModelSpec, design: Design, priors: Mapping[str, Prior], engine: str) -> Sampled:
    if engine == "laplace":
        raise EngineError('engine="laplace" has no chains, which are needed here: leave it out.')
    rotated = engine in ("auto", "collapsed") and rotates(design)
    what = uncovered(design, priors) if engine == "auto" or rotated else None
    if what is None and (engine == "auto" or rotated):
        chosen = choose_coordinates(design, priors)
        related = [group.name for group in design.groups if group.structure]
        if chosen.kind == "collapsed" or (chosen.kind != "plain" and not rotated) or not related:
            return _kernel(design, priors, chosen, choose_coordinates)
        what = f"as many ties between the levels of {listed(related)}"
    if rotated:
        return _rotated(design, priors)
    if engine == "collapsed":
        require_kernel(design, priors, engine)
        chosen = collapsed_coordinates(design, priors)
        return _kernel(design, priors, chosen, collapsed_coordinates)
    why = f"Sampled on the PyMC graph: the compiled kernel does not cover {what}."
    notes = () if what is None else (why,)
    return _graph(spec, design, priors, "jax" if engine == "jax" else "numba", notes)


def require_kernel(design: Design, priors: Mapping[str, Prior], engine: str) -> None:
    """Refuse an engine that only the kernel's models have."""
    what = uncovered(design, priors)
    if what is not None:
        raise EngineError(f'engine="{engine}" does not cover {what}: use engine="auto".')


def _kernel(
    design: Design,
    priors: Mapping[str, Prior],
    chosen: Coordinates,
    choose: Callable[[Design, Mapping[str, Prior]], Coordinates],
) -> Sampled:
    program, start, spread = chosen.program, chosen.start, chosen.spread
    n = program.n_sampled

    def begin(seed: int) -> Array:
        return start + spread * np.random.default_rng(seed).uniform(-1, 1, n)

    code = address("density"), address("expand")
    model = Density(*code, program.buffer, n, begin, COORDINATES, program.threads)
    rows, dearer = program.rows, chosen.otherwise
    summed = (
        f"{rows.n_given:,} rows were summed to {rows.design.n_rows:,} distinct ones; "
        "the density is the same."
    )
    return Sampled(
        model,
        lambda draws, seed: expand(program, draws[COORDINATES], seed),
        chosen.kind,
        lambda other: _kernel(other, priors, choose(other, priors), choose),
        (summed,) if rows.merged else (),
        None if dearer is None else lambda: _kernel(design, priors, dearer(), choose),
    )


def _graph(
    spec: ModelSpec,
    design: Design,
    priors: Mapping[str, Prior],
    backend: str,
    notes: tuple[str, ...],
) -> Sampled:
    if backend == "jax" and find_spec("jax") is None:
        raise EngineError(
            'engine="jax" needs JAX, which is not installed: pip install "bayes_glmm[jax]".'
        )

    if backend == "jax" and any(group.structure for group in design.groups):
        raise EngineError('engine="jax" does not cover gr(): use engine="auto".')

    from bayes_glmm.model.graph import build_graph

    graph = build_graph(spec, design, priors, "standardized" if backend == "jax" else "absorbed")
    if backend == "jax":  # nutpie would freeze a copy, and not know where it begins
        from pymc.model.transform.optimization import freeze_dims_and_data

        graph = freeze_dims_and_data(graph)
    model = _compiled(graph, design, priors, backend)
    path = "jax" if backend == "jax" else "graph"

    def given(model: CompiledGraph) -> Sampled:
        return Sampled(model, lambda draws, seed: dict(draws), path, again, notes)

    def again(other: Design) -> Sampled:
        if backend == "jax" or "status" in design.modifiers:  # the graph holds the response
            return _graph(spec, other, priors, backend, notes)
        return given(_with_response(model, other.response))

    return given(model)


def _rotated(design: Design, priors: Mapping[str, Prior]) -> Sampled:
    rotation = Rotation.of(design.groups[0])
    graph = rotated_graph(design, priors, rotation)
    note = (
        f"Effects of {design.groups[0].name} were integrated out in the axes of their relationships "
        "and drawn afterwards; the posterior is the same."
    )
    model = _compiled(graph, design, priors, "numba")

    def again(other: Design) -> Sampled:
        turned = rotation.axes.T @ np.asarray(other.response)
        return given(other, _with_response(model, turned))

    def given(design: Design, model: CompiledGraph) -> Sampled:
        return Sampled(
            model,
            lambda draws, seed: with_effects(design, rotation, draws, seed),
            "collapsed",
            again,
            (note,),
        )

    return given(design, model)


def _with_response(graph: CompiledGraph, response: Any) -> CompiledGraph:
    return replace(graph, model=graph.model.with_data(response=response))


def _compiled(
    graph: Any, design: Design, priors: Mapping[str, Prior], backend: str
) -> CompiledGraph:
    from bayes_glmm.model.graph import ABSORBED

    ends = {p.name(stem) for p in design.every for stem in ("intercept", "beta")}
    start = natural_start(design, priors)
    free = [v.name for v in graph.free_RVs]
    for p in design.every:
        name = p.name("intercept")
        if f"{name}{ABSORBED}" in free:
            at_means = p.centers @ start[p.name("beta")] if p.coefficients else 0.0
            start[f"{name}{ABSORBED}"] = start.pop(name) + at_means
            ends.add(f"{name}{ABSORBED}")
    model = load_nutpie().compile_pymc_model(
        graph,
        backend=backend,
        gradient_backend="jax" if backend == "jax" else "pytensor",
        freeze_model=False,
        initial_points={graph[name]: value for name, value in start.items()},
        jitter_rvs={v for v in graph.free_RVs if v.name not in ends},
    )
    inner = [*model.reparameterized_names, *(name for name in free if name.endswith(ABSORBED))]
    return CompiledGraph(model, inner)
