"""The fitted result: one labelled tree with all that answers need."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.design.groups.group_schema import Groups
from bayes_glmm.design.groups.structure_matching import with_factors
from bayes_glmm.design.schema import Schema
from bayes_glmm.design.schema_io import schema_from_dict, schema_to_dict
from bayes_glmm.design.table.as_xarray import coordinates, variable
from bayes_glmm.design.table.kept_columns import columns_to_dataset, columns_to_frame
from bayes_glmm.errors import ArgumentTypeError, ResultError, UnconvergedWarning, suggestion
from bayes_glmm.families import get_family
from bayes_glmm.families.contract import Family
from bayes_glmm.families.parameter import Parameter
from bayes_glmm.maths.links import Link
from bayes_glmm.model.blocks.group import GroupDesign
from bayes_glmm.model.design import Design, PredictorDesign
from bayes_glmm.model.reference import in_reference, plain_priors
from bayes_glmm.model.variable_table import dimensions, response_dims, variables
from bayes_glmm.model.variables import PREFIX, Variable, reference_name
from bayes_glmm.spec.model import ModelSpec
from bayes_glmm.spec.priors import Prior
from bayes_glmm.structures import Structure, read_structure

if TYPE_CHECKING:
    import xarray as xr

FORMAT = 1
KEY = "bayes_glmm"
SAMPLE = ("chain", "draw")


def make_tree(
    posterior: Mapping[str, NDArray[Any]],
    sample_stats: Mapping[str, NDArray[Any]],
    spec: ModelSpec,
    schema: Schema,
    design: Design,
    data: pd.DataFrame,
    priors: Mapping[str, Prior],
    info: Mapping[str, Any],
    structures: Mapping[str, Structure] | None = None,
) -> xr.DataTree:
    """Label draws by the design, and store with them all that answers need.

    Parameters
    ----------
    posterior : mapping of str to ndarray, shape (n_chains, n_draws, ...)
        The graph's variables, by name.
    sample_stats : mapping of str to ndarray, shape (n_chains, n_draws)
    data : pandas.DataFrame
        Training rows; the columns that the model uses are kept.
    info : mapping
        What else goes into the attributes, JSON-able.
    structures : mapping of str to Structure, optional
        By the name that the model gives them.
    """
    import xarray as xr

    dims, coords = dimensions(design)
    draws = xr.Dataset(
        {
            name: variable((*SAMPLE, *dims.get(name, ())), values)
            for name, values in posterior.items()
        }
    )
    n_chains, n_draws = next(iter(posterior.values())).shape[:2]
    sampled = {"chain": np.arange(n_chains), "draw": np.arange(n_draws)}
    draws = draws.assign_coords(
        coordinates(sampled | {d: c for d, c in coords.items() if d in draws.dims})
    )
    stats = xr.Dataset(
        {k: variable(SAMPLE, v) for k, v in sample_stats.items()}, coordinates(sampled)
    )
    assert design.response is not None
    observed = {"y": variable(response_dims(design), design.response)}
    if design.trials is not None:
        observed["trials"] = variable("observation", design.trials)
    record = {
        "format": FORMAT,
        "spec": spec.to_toml(),
        "schema": schema_to_dict(schema),
        "priors": {k: [p.name, dict(p.parameters)] for k, p in priors.items()},
        "converged": True,
        "verdict": [],
        "notes": [],
        "findings": [],
        "dropped": [],
        "n_rows": design.n_rows,
        **info,
    }
    tree = xr.DataTree.from_dict(
        {
            "posterior": draws,
            "sample_stats": stats,
            "observed_data": xr.Dataset(
                observed,
                coordinates(
                    {d: {"observation": design.rows, **coords}[d] for d in response_dims(design)}
                ),
            ),
            "constant_data": columns_to_dataset(data, schema.used_columns, design.rows),
            **structure_nodes(structures or {}),
        }
    )
    tree.attrs[KEY] = json.dumps(record)
    tree.attrs["mode"] = record.get("settings", {}).get("path", "")
    return tree


def structure_nodes(structures: Mapping[str, Structure]) -> dict[str, xr.Dataset]:
    """Return structures as parts of a tree: their arrays, their kind and their name."""
    import xarray as xr

    return {
        f"structures/{i}": xr.Dataset(
            {
                k: variable([f"{k}_{axis}" for axis in range(v.ndim)], v)
                for k, v in s.to_arrays().items()
            },
            attrs={"name": name, "kind": s.kind},
        )
        for i, (name, s) in enumerate(structures.items())
    }


def with_info(tree: xr.DataTree, **changes: Any) -> xr.DataTree:
    """Return the tree with entries of its record replaced."""
    copy = tree.copy()
    copy.attrs[KEY] = json.dumps(json.loads(tree.attrs[KEY]) | changes)
    return copy


def of_the_basis(name: str) -> bool:
    """Return whether a variable or its prior is one of the reference basis."""
    return name.startswith(PREFIX)


@dataclass(frozen=True, eq=False)
class Fit:
    """A result read for answering: the model, its draws and its training rows.

    Attributes
    ----------
    tree : xarray.DataTree
    info : dict
        The record kept in the tree's attributes.
    spec : ModelSpec
    schema : Schema
    """

    tree: xr.DataTree
    info: dict[str, Any]
    spec: ModelSpec
    schema: Schema

    @classmethod
    def of(cls, tree: xr.DataTree) -> Fit:
        """Read a tree that :func:`bayes_glmm.fit` or ``load`` returned.

        Raises
        ------
        ResultError
            The tree was made by something else, or by a newer version.
        """
        if KEY not in getattr(tree, "attrs", {}):
            if not hasattr(tree, "attrs"):
                raise ArgumentTypeError(f"A fitted result is needed, not {type(tree).__name__}.")
            raise ResultError("This tree was not made by bayes_glmm.fit: its record is missing.")
        try:
            info = json.loads(tree.attrs[KEY])
            if info["format"] != FORMAT:
                raise ResultError(
                    f"The result has format {info['format']}; this version reads {FORMAT}."
                )
            spec, schema = ModelSpec.from_toml(info["spec"]), schema_from_dict(info["schema"])
            if schema.spec != spec:
                raise ResultError("The record of this result is damaged: it holds two models.")
            return cls(tree, info, spec, schema)
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            if isinstance(error, ResultError):
                raise
            raise ResultError(f"The record of this result is damaged: {error}") from error

    @property
    def family(self) -> Family:
        """The family of the response."""
        return get_family(self.spec.family)

    @property
    def link(self) -> Link:
        """The link of ``mu``."""
        return self.family.link(self.spec.link)

    @cached_property
    def priors(self) -> dict[str, Prior]:
        """The priors used, fully expanded, by the names of their variables."""
        return {k: Prior(name, **values) for k, (name, values) in self.info["priors"].items()}

    @cached_property
    def plain_priors(self) -> dict[str, Prior]:
        """The priors by the names of variables on :attr:`design`."""
        return plain_priors(self.priors)

    @property
    def posterior(self) -> xr.Dataset:
        """The posterior draws."""
        return self.tree["posterior"].to_dataset()

    @property
    def banner(self) -> str | None:
        """A warning that every answer repeats when the chains did not converge."""
        if self.info["converged"]:
            return None
        reasons = "; ".join(f["message"] for f in self.info["verdict"][:3])
        return f"The chains did not converge, so do not report this: {reasons}"

    @cached_property
    def data(self) -> pd.DataFrame:
        """The training rows: columns that the model uses, index as row identifiers."""
        return columns_to_frame(self.tree["constant_data"].to_dataset())

    @cached_property
    def design(self) -> Design:
        """The arrays of the training rows, in the reference basis."""
        return with_factors(self.apply(self.data), self.structures)

    @cached_property
    def given(self) -> Design:
        """The arrays of the training rows on the table's scale, as the named draws are."""
        return self.schema.apply(self.data)

    @cached_property
    def variables(self) -> Mapping[str, Variable]:
        """The variables of the model by name, without twins in the reference basis."""
        return variables(self.design)

    def apply(
        self, rows: pd.DataFrame, *, groups: Groups = "known", response: bool = True
    ) -> Design:
        """Turn rows into arrays in the reference basis, see :meth:`.Schema.apply`."""
        design = self.schema.apply(rows, groups=groups, response=response)
        return in_reference(design, self._of_the_basis)

    @cached_property
    def _of_the_basis(self) -> dict[str, Prior]:
        """The priors, by names of the reference basis for variables that the posterior has there."""
        known = {reference_name(str(name)) for name in self.posterior}
        inside = known & set(map(str, self.posterior))
        return {
            name if name.partition("[")[0] in inside else name.removeprefix(PREFIX): prior
            for name, prior in self.priors.items()
        }

    @cached_property
    def structures(self) -> dict[str, Structure]:
        """The structured covariances of the model, by name."""
        stored = self.tree.children.get("structures")
        parts = () if stored is None else (c.to_dataset() for c in stored.children.values())
        return {
            str(part.attrs["name"]): read_structure(
                str(part.attrs["kind"]), {str(k): v.values for k, v in part.data_vars.items()}
            )
            for part in parts
        }

    @cached_property
    def _level_variances(self) -> dict[str, NDArray[np.float64]]:
        return {}

    def level_variance(self, name: str) -> NDArray[np.float64]:
        """Return the mean variance of a group's levels in units of its ``sd**2``.

        Returns
        -------
        ndarray, shape (n_draws,) or (1,)
            One without a structure; else the mean diagonal of the covariance of the
            levels with data, in every draw where the structure has parameters. Student's t
            has ``nu / (nu - 2)``, infinite where ``nu`` is two or less.
        """
        return self._over_hyper(name, lambda whole: whole[0])

    def _over_hyper(
        self, name: str, take: Callable[[NDArray[np.float64]], NDArray[np.float64]]
    ) -> NDArray[np.float64]:
        if name not in self._level_variances:
            group = self.group(name)
            draws = {
                h.stem: self.posterior[group.hyper_name(h)].values.ravel() for h in group.hyper
            }
            self._level_variances[name] = group.distribution.variances(draws)
        return take(self._level_variances[name])

    def level_spread(self, name: str) -> NDArray[np.float64]:
        """Return how much a group's levels differ, in units of its ``sd**2``.

        Returns
        -------
        ndarray, shape (n_draws,) or (1,)
            One without a structure; else ``mean(diag K) - mean(K)`` over the levels
            with data, the share of the variance that is not common to them all.
        """
        return self._over_hyper(name, lambda whole: whole[0] - whole[1])

    def with_draws(self, draws: Mapping[str, NDArray[Any]]) -> Fit:
        """Return the fit to the same rows with other draws, in one chain.

        Parameters
        ----------
        draws : mapping of str to ndarray, shape (n_draws, ...)
            By the variables of the posterior.
        """
        import xarray as xr

        whole = self.posterior
        labels = {k: v for k, v in whole.coords.items() if k not in SAMPLE}
        posterior = xr.Dataset({k: (whole[k].dims, v[None]) for k, v in draws.items()}, labels)
        other = replace(self, tree=xr.DataTree.from_dict({"posterior": posterior}))
        vars(other).update(data=self.data, design=self.design, structures=self.structures)
        return other

    @property
    def groups(self) -> tuple[GroupDesign, ...]:
        """The random effects of the model, those of the mean first."""
        return self.design.groups

    @property
    def scalars(self) -> tuple[Parameter, ...]:
        """The family's parameters that are one number: those without a formula."""
        return self.family.scalars(self.design.stated)

    def predictors_of(self, group: str) -> tuple[PredictorDesign, ...]:
        """Return the predictors that a group's effects enter; most enter one."""
        return tuple(p for p in self.design.every if group in [g.name for g in p.groups])

    def predictor_of(self, group: str) -> PredictorDesign:
        """Return the first predictor that a group's effects enter: the mean's, if it is one."""
        return self.predictors_of(group)[0]

    def group(self, name: str) -> GroupDesign:
        """Return the design of a group by its name or its column; refuse unknown names."""
        known = [g.name for g in self.groups]
        if name not in known:
            every = (*self.schema.predictors.values(), *self.schema.covariates.values())
            of_column = {g.name for p in every for g in p.groups if ":".join(g.columns) == name}
            name = of_column.pop() if len(of_column) == 1 else name
        if name not in known:
            raise ResultError(f"The model has no group {name!r}." + suggestion(str(name), known))
        return next(g for g in self.groups if g.name == name)


def read_fit(tree: xr.DataTree) -> Fit:
    """Read a tree for an answer, warning once when its chains did not converge."""
    import warnings

    fit = Fit.of(tree)
    if fit.banner:
        warnings.warn(fit.banner, UnconvergedWarning, stacklevel=3)
    return fit
