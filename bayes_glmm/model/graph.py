"""From a design to the generative PyMC graph: the model as one would write it down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from numpy.typing import NDArray

from bayes_glmm.families import get_family
from bayes_glmm.families.censoring import observe
from bayes_glmm.literals import Coordinates
from bayes_glmm.maths.field_maths import pytensor_maths
from bayes_glmm.model.default_priors import predictor_unit
from bayes_glmm.model.design import Design, PredictorDesign
from bayes_glmm.model.distributions import DISTRIBUTIONS
from bayes_glmm.model.family_parameters import STANDARD_ERROR, state_own_parameters
from bayes_glmm.model.graph_variables import Graph
from bayes_glmm.model.predictor import linear_predictor
from bayes_glmm.model.reference import Way
from bayes_glmm.model.variable_table import dimensions, response_dims
from bayes_glmm.model.variables import ABSORBED, OFFSET, RESIDUAL
from bayes_glmm.spec.model import ModelSpec
from bayes_glmm.spec.priors import Prior

__all__ = ["ABSORBED", "DISTRIBUTIONS", "build_graph"]


def build_graph(
    spec: ModelSpec,
    design: Design,
    priors: Mapping[str, Prior],
    coordinates: Coordinates = "standardized",
) -> pm.Model:
    """Build the model of a design with its resolved priors.

    Parameters
    ----------
    coordinates : {"standardized", "natural", "absorbed"}
        What samplers see: standardised coefficients and effects; the variables as they
        are reported; or, for the engine, intercepts that have taken up the mean of
        effects, and effects as far from standardised as the rows tell of them. Variables
        and density are the same.

    Returns
    -------
    pymc.Model
        Its named variables are those of the posterior.
    """
    family = get_family(design.family)
    absorbed = coordinates == "absorbed"
    dims, coords = dimensions(design)
    way = Way.of(design, priors)
    design = way.design
    graph = Graph(
        way.priors, dims, standardized=coordinates != "natural", absorbed=absorbed,
        information=information(design) if absorbed else {}, named=way.stored,
    )  # fmt: skip
    with pm.Model(coords={"observation": design.rows, **coords}) as model:
        for covariate in design.covariates.values():
            covariate.state(state_predictor(covariate.predictor, graph), graph)
        eta = {name: state_predictor(p, graph) for name, p in design.predictors.items()}
        own = design.moved(state_own_parameters(design, eta, graph), eta, pt.stack)
        seen = {k: pm.Data(k, v, dims="observation") for k, v in design.modifiers.items()}
        own |= {RESIDUAL: seen[STANDARD_ERROR]} if STANDARD_ERROR in seen else {}
        trials = design.trials
        if trials is not None:
            trials = pm.Data("trials", trials, dims="observation")
        rows = response_dims(design)
        observed = pm.Data("response", _whole(design.response, family.discrete), dims=rows)
        observe(family, design.modifiers, design.response).likelihood(
            "y",
            design.joined(eta, pt.stack),
            family.link(design.link),
            own | seen,
            trials,
            observed=observed,
            dims=rows,
        )
        on_table_scale(way, dims)
    return model


def state_predictor(predictor: PredictorDesign, graph: Graph) -> Any:
    """State everything that one parameter of the family depends on; return it on its link.

    Effects that an earlier predictor shares are in ``graph.values``, and are not stated again.
    """
    maths = pytensor_maths()
    absorbed = graph.absorbed and predictor.intercept and bool(predictor.groups)
    graph = replace(graph, parameter=predictor.parameter, absorbed=absorbed)
    for block in predictor.blocks:
        block.state(graph)
    offset = graph.data(predictor.name(OFFSET), predictor.offset, "observation")
    blocks = [block.with_data(graph) for block in predictor.blocks]
    if absorbed:
        groups = blocks[len(predictor.common) :]
        own = (share for block in groups for share in block.rows(graph.values, maths))
        predictor.fixed.absorb(maths.total(np.float64(0), own), graph)
    return linear_predictor(replace(predictor, offset=offset), graph.values, maths, blocks)


def on_table_scale(way: Way, dims: Mapping[str, tuple[str, ...]]) -> None:
    """State the variables of the table's own basis, which those of the reference determine."""
    if way.renamed:
        known = pm.modelcontext(None).named_vars
        inside = {
            name: known[stored] for name in way.renamed if (stored := way.stored(name)) in known
        }
        for name, value in way.on_table_scale(inside, pt.stack).items():
            pm.Deterministic(name, value, dims=dims.get(name))


def information(design: Design) -> dict[str, NDArray[np.float64]]:
    """Return roughly what rows tell of effects: a quarter of what a normal row of unit sd does."""
    found: dict[str, NDArray[np.float64]] = {}
    units = {p.parameter: predictor_unit(design) for p in design.means}
    units |= {c.predictor.parameter: c.sd for c in design.covariates.values()}
    for predictor in design.every:
        unit = units.get(predictor.parameter, 1.0)
        for group in predictor.groups:
            own = group.squares / (2 * unit) ** 2
            found[group.name] = found.get(group.name, 0.0) + own
    return found


def _whole(response: Any, discrete: bool) -> Any:
    return response.astype(np.int64) if discrete else response
