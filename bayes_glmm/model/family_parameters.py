"""Parameters of the family besides the mean: stated, drawn, read, and on the rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.errors import ArgumentError
from bayes_glmm.families import LINKS, Parameter, get_family
from bayes_glmm.maths.density_maths import pytensor_maths
from bayes_glmm.model.blocks.block import Values
from bayes_glmm.model.design import Design
from bayes_glmm.model.prior_draws import PriorDraws
from bayes_glmm.model.stated import Stated
from bayes_glmm.model.variables import RESIDUAL

if TYPE_CHECKING:
    from bayes_glmm.model.graph_variables import Graph

type Array = NDArray[np.float64]
STANDARD_ERROR = "se"


def parameters_on_rows(design: Design, eta: Mapping[str, Array], values: Values) -> dict[str, Any]:
    """Return draws of the family's parameters on the rows.

    Parameters
    ----------
    eta : mapping of str to ndarray, shape (n_draws, n_rows)
        Linear predictors by parameter.
    values : mapping of str to ndarray, shape (n_draws, ...)
        Parameters without a formula.

    Returns
    -------
    dict of str to ndarray, shape (n_draws, n_rows), or (n_draws, 1) without a formula
        So that rows broadcast; thresholds have a last axis more. Standard errors that rows do
        not state are missing.
    """

    def one(parameter: Parameter) -> Array:
        name = parameter.name
        if name in eta:
            return np.asarray(LINKS[parameter.link].inverse(eta[name]))
        if parameter.fixed is not None:
            return np.full((1, 1), parameter.fixed)
        if name in values:
            return np.asarray(values[name])[:, None]
        return np.asarray(design.modifiers.get(STANDARD_ERROR, [np.nan]))[None]

    parameters = {p.name: one(p) for p in get_family(design.family).parameters}
    return design.moved(parameters, eta, np.stack)


def state_own_parameters(design: Design, eta: Mapping[str, Any], graph: Graph) -> dict[str, Any]:
    """State the parameters in a PyMC graph; return each one, on its own scale."""
    known = RESIDUAL if STANDARD_ERROR in design.modifiers else None
    every = get_family(design.family).parameters
    return {p.name: _stated(p, design, eta, graph) for p in every if p.name != known}


def _stated(parameter: Parameter, design: Design, eta: Mapping[str, Any], graph: Graph) -> Any:
    name = parameter.name
    if name in eta:
        return pytensor_maths().inverse(LINKS[parameter.link], eta[name])
    if parameter.fixed is not None:
        return np.float64(parameter.fixed)
    return _state_thresholds(name, design, graph) if parameter.vector else graph.scalar(name)


def _state_thresholds(name: str, design: Design, graph: Graph) -> Any:
    """State boundaries between categories, whose priors are at the covariates' means."""
    import pytensor.tensor as pt

    from bayes_glmm.model.distributions import DISTRIBUTIONS
    from bayes_glmm.model.graph_variables import moved_prior

    prior, ladders = graph.priors[name], design.ladders
    values = moved_prior(prior, design.threshold_centre(graph.values.__getitem__, pt.stack))
    rising = get_family(design.family).rising(ladders)
    order = {"transform": _rising(rising)} if rising else {}
    start = np.concatenate([np.linspace(-1.0, 1.0, s.stop - s.start) for s in ladders])
    return DISTRIBUTIONS[prior.name](
        graph.named(name), **values, dims=graph.dims[name], initval=start, **order
    )


def _rising(ladders: Sequence[slice]) -> Any:
    """Return the transform of numbers that increase within each run."""
    from pymc.distributions.transforms import ordered

    from bayes_glmm.model.transforms import OrderedRuns

    return ordered if len(ladders) == 1 else OrderedRuns(ladders)


def draw_own_parameters(design: Design, source: PriorDraws) -> dict[str, Array]:
    """Draw thresholds, then the parameters of one number that have no formula."""
    family, out = get_family(design.family), dict[str, Array]()
    for parameter in family.vectors:
        values = source.numbers(parameter.name, (source.n, len(design.boundaries)))
        for ladder in family.rising(design.ladders):
            values[:, ladder].sort(axis=1)
        shift = np.asarray(design.threshold_centre(source.values.__getitem__, np.stack))
        out[parameter.name] = values + (shift[:, None] if shift.ndim == 1 else shift)
    return out | {k.name: source.number(k.name) for k in family.scalars(design.stated)}


def read_own_parameters(design: Design, stated: Stated) -> dict[str, Array]:
    """Return the parameters as a user stated them.

    Raises
    ------
    ArgumentError
        One is absent or out of range, or thresholds do not increase.
    """
    family, out = get_family(design.family), dict[str, Array]()
    for p in family.vectors:
        values = stated.vector(p.name, design.boundaries)
        if any((np.diff(values[run]) <= 0).any() for run in family.rising(design.ladders)):
            raise ArgumentError(f"{p.name} must increase from one boundary to the next.")
        out[p.name] = values
    for p in family.scalars(design.stated):
        out[p.name] = stated.within(p.name, p.prior(1.0).support)
    return out
