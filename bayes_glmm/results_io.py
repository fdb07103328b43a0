"""Results on disk: NetCDF with JSON attributes; reading one executes nothing."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from bayes_glmm.errors import ResultError
from bayes_glmm.outputs import writable
from bayes_glmm.results import SAMPLE, Fit, dimensions, of_the_basis

if TYPE_CHECKING:
    import xarray as xr

SEAL = b"\nbayes_glmm sha256 "
MOST_UNPACKED = 1100
"""No compression that HDF5 has by itself packs tighter than this."""


def save(tree: xr.DataTree, path: str | Path, *, force: bool = False) -> Path:
    """Save a result as one NetCDF file, whole or not at all.

    Parameters
    ----------
    tree : xarray.DataTree
        A result of :func:`bayes_glmm.fit`.
    path : path
        The file to write; an existing fit is replaced when the new one is complete.
    force : bool, default False
        Replace a file that holds something else.

    Returns
    -------
    pathlib.Path
        The file that was written.

    Raises
    ------
    ResultError
        The tree was not made by this package.
    ArgumentError
        The path is a folder, or in none; or a file that is no fit, without ``force``.

    Examples
    --------
    >>> import bayes_glmm as bg
    >>> tree = bg.fit(
    ...     "deaths | trials(operations) ~ 1 + (1 | hospital)", bg.dataset("surgical"),
    ...     family="binomial",
    ... )
    >>> bg.save(tree, "fit.nc").name
    'fit.nc'
    """
    Fit.of(tree)
    place = writable(path, "fit", force=force)
    part = place.with_name(place.name + ".part")
    try:
        tree.to_netcdf(part, engine="h5netcdf")
        _seal(part)
        os.replace(part, place)
    finally:
        part.unlink(missing_ok=True)
    return Path(path)


def load(path: str | Path) -> xr.DataTree:
    """Load a result that :func:`save` wrote.

    Nothing in the file is executed, and no other file is opened through it.

    Parameters
    ----------
    path : path
        A file that :func:`save` wrote.

    Returns
    -------
    xarray.DataTree
        The result, as :func:`bayes_glmm.fit` gave it.

    Raises
    ------
    ResultError
        The file is absent, damaged, or was written by something else.

    Examples
    --------
    >>> import bayes_glmm as bg
    >>> tree = bg.fit(
    ...     "deaths | trials(operations) ~ 1 + (1 | hospital)", bg.dataset("surgical"),
    ...     family="binomial",
    ... )
    >>> path = bg.save(tree, "fit.nc")
    >>> bg.load(path).identical(tree)
    True
    """
    import xarray as xr

    path = Path(path)
    if not path.is_file():
        raise ResultError(f"There is no file {str(path)!r}.")
    try:
        _unsealed(path)
        _inspect(path)
        with xr.open_datatree(path, engine="h5netcdf") as stored:
            tree = stored.load()
        _check(Fit.of(tree), path.name)
    except MemoryError:
        raise
    except Exception as error:
        if isinstance(error, ResultError):
            raise ResultError(f"{path.name}: {error}") from error
        raise ResultError(f"{path.name} is not a readable result: {error}") from error
    return tree


def _seal(path: Path) -> None:
    """Append the SHA-256 of the file; readers of HDF5 pass over what follows its end."""
    with path.open("r+b") as handle:
        digest = hashlib.file_digest(handle, "sha256").hexdigest()
        handle.seek(0, os.SEEK_END)
        handle.write(SEAL + digest.encode())
        handle.flush()
        os.fsync(handle.fileno())


def _unsealed(path: Path) -> None:
    """Refuse a sealed file that has changed: damage can trap the library that reads it."""
    length = len(SEAL) + 64
    with path.open("rb") as handle:
        whole = handle.seek(0, os.SEEK_END)
        handle.seek(max(0, whole - length))
        seal = handle.read()
        if not seal.startswith(SEAL):
            return
        handle.seek(0)
        digest, left = hashlib.sha256(), whole - length
        while left > 0 and (chunk := handle.read(min(left, 2**20))):
            digest.update(chunk)
            left -= len(chunk)
    if seal[len(SEAL) :] != digest.hexdigest().encode():
        raise ResultError("the file has changed since it was saved: its checksum differs.")


def _inspect(path: Path) -> None:
    """Refuse a file that reaches outside itself, or unpacks to far more than it holds."""
    import h5py  # type: ignore[import-untyped]

    room = MOST_UNPACKED * path.stat().st_size + 2**20
    total = 0
    with h5py.File(path, "r") as stored:
        waiting = [stored]
        while waiting:
            group = waiting.pop()
            for name in group:
                if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                    raise ResultError(f"{name!r} is a link to another place.")
                item = group[name]
                if isinstance(item, h5py.Group):
                    waiting.append(item)
                    continue
                if item.external or item.is_virtual:
                    raise ResultError(f"the values of {name!r} are kept in another file.")
                total += item.size * item.dtype.itemsize
                if total > room:
                    raise ResultError(f"{name!r} says it is far larger than the file.")


def _check(fit: Fit, name: str) -> None:
    """Compare the draws with the model they are said to belong to."""
    missing = {"posterior", "sample_stats", "observed_data", "constant_data"}
    missing -= set(fit.tree.children)
    if missing:
        raise ResultError(f"{', '.join(sorted(missing))} is missing.")
    needed = {e.structure for _, p in fit.spec.predictors for e in p.random if e.structure}
    absent = needed - set(fit.structures)
    if absent:
        raise ResultError(f"the structure {', '.join(map(repr, sorted(absent)))} is missing.")
    for structure, kept in fit.structures.items():
        if kept.identity()["hash"] != fit.info["structures"][structure]["hash"]:
            raise ResultError(f"the structure {structure!r} is not the one that was fitted.")
    dims, coords = dimensions(fit.design)
    predictors = fit.design.predictors.values()
    empty = {p.name("beta") for p in predictors if not p.coefficients}
    intercepts = [p.name("intercept") for p in predictors if p.intercept]
    named = [*dims, *(p.name for p in fit.scalars), *intercepts]
    for variable in named:
        if variable not in fit.posterior:
            if variable.startswith("corr_") or variable in empty or of_the_basis(variable):
                continue
            raise ResultError(f"the variable {variable!r} of its model is missing.")
        found = fit.posterior[variable]
        expected = tuple(len(coords[d]) for d in dims.get(variable, ()))
        if found.dims[:2] != SAMPLE or found.shape[2:] != expected or found.dtype.kind not in "fiu":
            raise ResultError(f"{variable!r} does not have the shape its model says.")
    if not fit.posterior.sizes["chain"] or not fit.posterior.sizes["draw"]:
        raise ResultError("there are no draws.")
    if not isinstance(fit.info["converged"], bool) or len(fit.priors) == 0:
        raise ResultError("the record is incomplete.")
    _ = fit.banner
