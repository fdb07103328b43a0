"""Results on disk: NetCDF with JSON attributes; reading one executes nothing."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from bayes_glmm.disk.atomic_files import aside
from bayes_glmm.disk.outputs import writable
from bayes_glmm.errors import ArgumentError, ResultError, WriteError
from bayes_glmm.model.variables import Role
from bayes_glmm.results.fit import SAMPLE, Fit
from bayes_glmm.results.inspection import inspect

if TYPE_CHECKING:
    import xarray as xr

SEAL = b"\nbayes_glmm sha256 "


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
    WriteError
        The disk is full or closed. The tree and a file that was there are as they were:
        save again elsewhere.

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
    stored = BytesIO()
    try:
        # in memory first: HDF5 ends the process where a disk has no room for its file
        tree.to_netcdf(stored, engine="h5netcdf")
    except (OSError, MemoryError) as error:
        raise WriteError(
            f"{path} cannot be written ({error or 'not enough memory'}). The fit and a file that "
            "was there are as they were."
        ) from error
    with stored.getbuffer() as content, aside(place) as handle:
        handle.write(content)
        handle.write(SEAL + hashlib.sha256(content).hexdigest().encode())
    return Path(path)


def load(path: str | Path, *, most_bytes: int | None = None) -> xr.DataTree:
    """Load a result that :func:`save` wrote.

    Nothing in the file is executed, and no other file is opened through it.

    Parameters
    ----------
    path : path
        A file that :func:`save` wrote.
    most_bytes : int, optional
        What it may take in memory, found out before it is read; 20 times its size and
        64 MiB when not given. Files that :func:`save` wrote take less.

    Returns
    -------
    xarray.DataTree
        The result, as :func:`bayes_glmm.fit` gave it.

    Raises
    ------
    ResultError
        The file is absent, damaged, or was written by something else; it holds links, reads
        other files, or would take more memory than ``most_bytes``.

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

    if most_bytes is not None and (isinstance(most_bytes, bool) or not isinstance(most_bytes, int)):
        raise ArgumentError(f"most_bytes={most_bytes!r}: a whole number of bytes is needed.")
    path = Path(path)
    if not path.is_file():
        raise ResultError(f"There is no file {str(path)!r}.")
    with _named(path.name):
        _unsealed(path)
        inspect(path, most_bytes)
        with xr.open_datatree(path, engine="h5netcdf") as stored:
            tree = stored.load()
        check_tree(tree)
    return tree


@contextmanager
def _named(name: str) -> Iterator[None]:
    """Raise whatever goes wrong as an error of ours that names the file."""
    try:
        yield
    except Exception as error:
        if isinstance(error, ResultError):
            raise ResultError(f"{name}: {error}") from error
        reason = "there is not enough memory" if isinstance(error, MemoryError) else error
        raise ResultError(f"{name} is not a readable result: {reason}") from error


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


def check_tree(tree: xr.DataTree) -> None:
    """Compare the draws with the model they are said to belong to."""
    fit = Fit.of(tree)
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
    for variable in fit.variables.values():
        names = [n for n in (variable.name, variable.reference) if n in fit.posterior]
        # factors are kept in the basis that is sampled in alone
        if variable.name not in names and not (names and variable.role is Role.CORRELATION_FACTOR):
            raise ResultError(f"the variable {variable.name!r} of its model is missing.")
        for name in names:
            found = fit.posterior[name]
            right = found.dims[:2] == SAMPLE and found.shape[2:] == variable.shape
            if not right or found.dtype.kind not in "fiu":
                raise ResultError(f"{name!r} does not have the shape its model says.")
    if not fit.posterior.sizes["chain"] or not fit.posterior.sizes["draw"]:
        raise ResultError("there are no draws.")
    if not isinstance(fit.info["converged"], bool) or len(fit.priors) == 0:
        raise ResultError("the record is incomplete.")
    _ = fit.banner
