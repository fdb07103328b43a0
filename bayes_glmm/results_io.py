"""Results on disk: NetCDF with JSON attributes; reading one executes nothing."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from bayes_glmm.errors import ArgumentError, ResultError
from bayes_glmm.results import Fit

if TYPE_CHECKING:
    import xarray as xr


def save(tree: xr.DataTree, path: str | Path) -> Path:
    """Save a result as one NetCDF file, whole or not at all.

    Parameters
    ----------
    tree : xarray.DataTree
        A result of :func:`bayes_glmm.fit`.
    path : path
        The file to write; an existing one is replaced when the new one is complete.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    ResultError
        The tree was not made by this package.
    ArgumentError
        The folder does not exist.
    """
    Fit.of(tree)
    path = Path(path)
    if not path.parent.is_dir():
        raise ArgumentError(f"The folder {str(path.parent)!r} does not exist.")
    part = path.with_name(path.name + ".part")
    try:
        tree.to_netcdf(part, engine="h5netcdf")
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
    return path


def load(path: str | Path) -> xr.DataTree:
    """Load a result that :func:`save` wrote.

    Raises
    ------
    ResultError
        The file is absent, damaged, or was written by something else.
    """
    import xarray as xr

    path = Path(path)
    if not path.is_file():
        raise ResultError(f"There is no file {str(path)!r}.")
    try:
        with xr.open_datatree(path, engine="h5netcdf") as stored:
            tree = stored.load()
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise ResultError(f"{path.name} is not a readable result: {error}") from error
    fit = Fit.of(tree)
    missing = {"posterior", "sample_stats", "observed_data", "constant_data"} - set(tree.children)
    if missing:
        raise ResultError(f"{path.name} lacks {', '.join(sorted(missing))}.")
    _check_sizes(fit, path.name)
    return tree


def _check_sizes(fit: Fit, name: str) -> None:
    """Compare the draws with the model they are said to belong to."""
    from bayes_glmm.results import dimensions

    dims, coords = dimensions(fit.design)
    for variable, expected in dims.items():
        if variable not in fit.posterior:
            if variable == "beta" and not fit.design.mu.coefficients:
                continue
            if variable.startswith("corr_"):
                continue
            raise ResultError(f"{name} lacks the variable {variable!r} of its model.")
        found = fit.posterior[variable].shape[2:]
        if found != tuple(len(coords[d]) for d in expected):
            raise ResultError(f"{name}: {variable!r} does not have the shape its model says.")
