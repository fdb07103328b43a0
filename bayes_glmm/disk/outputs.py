"""Where results go: looked at before the work, never over what they were made from."""

from __future__ import annotations

import mmap
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Literal

from bayes_glmm.errors import ArgumentError, WriteError

type Kind = Literal["fit", "page", "table"]
type Place = str | os.PathLike[str]

MARK = b"bayes_glmm"
HDF5, PARQUET = b"\x89HDF\r\n\x1a\n", b"PAR1"
HEAD = 2**16
ANYBODY = 0o222
"""Bits of a file that somebody may write."""
_INTERVAL = re.compile(r"(eti|hdi)[\d.]+_lb")
PLINK, SHAPES = (".bed", ".bim", ".fam"), (".shp", ".dbf", ".shx", ".prj", ".cpg")


def writable(path: Place, kind: Kind, *, inputs: Iterable[Place] = (), force: bool = False) -> Path:
    """Return the place that a path leads to, or refuse it before any work is done.

    Parameters
    ----------
    path : path
        The file to write; a link is followed.
    kind : {"fit", "page", "table"}
        What will be written.
    inputs : iterable of path
        What it is made from: never written over, whatever ``force`` says.
    force : bool, default False
        Whether a file of another kind may be replaced.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    ArgumentError
        The path is a folder, a device or one of the inputs, holds something that this
        package has not written as such, or nothing can be written there.

    Examples
    --------
    >>> writable("fit.nc", "fit").name
    'fit.nc'
    """
    text = os.fspath(path)
    place = _resolved(text)
    if place.is_dir() or text.endswith((os.sep, "/")) or not text:
        raise ArgumentError(
            f"{text!r} is a folder: name the file in it, such as "
            f"{str(Path(text) / _EXAMPLE[kind])!r}."
        )
    if not place.parent.is_dir():
        why = "does not exist" if not place.parent.exists() else "is no folder"
        raise ArgumentError(f"The folder {str(Path(text).parent)!r} {why}.")
    if place.exists() and not place.is_file():
        raise ArgumentError(f"{text!r} is a device, not a file: name a file.")
    for given in inputs:
        if _reaches(place, given):
            raise ArgumentError(
                f"{text!r} is the input {os.fspath(given)!r}, which would be lost: name another file."
            )
    if not force and place.is_file() and not _HOLDS[kind](place):
        raise ArgumentError(
            f"{text!r} exists and is not {_NAMES[kind]} of this package: name another file, or replace "
            "it with force=True (--force on the command line)."
        )
    if not force and place.exists() and not place.stat().st_mode & ANYBODY:
        raise ArgumentError(
            f"{text!r} is marked as not to be written: name another file, or replace it with force=True "
            "(--force on the command line)."
        )
    try:
        with tempfile.NamedTemporaryFile(dir=place.parent, prefix=f"{place.name}.", suffix=".part"):
            pass
    except OSError as error:
        raise ArgumentError(f"{text!r} cannot be written: {error.strerror}.") from error
    return place


def usable_folder(path: Place, *, out: Place | None = None) -> Path:
    """Return the folder that keeps a run, or refuse it before any work is done.

    Parameters
    ----------
    path : path
        It need not be there yet.
    out : path, optional
        The file that the result goes to.

    Raises
    ------
    ArgumentError
        The path is a file or leads through one, nothing can be written there, or the result's
        file would have to be this folder.
    """
    text, place = os.fspath(path), _resolved(os.fspath(path))
    above = next(p for p in (place, *place.parents) if os.path.lexists(p))
    if not above.is_dir():
        what = "is a file" if above == place else f"leads through the file {str(above)!r}"
        raise ArgumentError(f"{text!r} {what}: a folder is needed; name another.")
    if out is not None and _resolved(os.fspath(out)) in (place, *place.parents):
        raise ArgumentError(
            f"{os.fspath(out)!r} is to be the result's file, and the folder {text!r} would take its "
            "place: name another."
        )
    if not os.access(above, os.W_OK | os.X_OK):
        raise ArgumentError(f"Nothing can be written in {str(above)!r}, where {text!r} would be.")
    return Path(path)


def written_or_kept(write: Callable[[Path], object], path: Place, what: str) -> None:
    """Write; what cannot be written where it was wanted is kept elsewhere, and its place said.

    Parameters
    ----------
    write : callable
        Takes the path of a file.
    path : path
    what : str
        What is written, as the subject of a sentence: ``"The fit"``.

    Raises
    ------
    WriteError
        It was not written there; the message says where it is.
    """
    try:
        write(Path(path))
    except Exception as error:  # whatever went wrong, hours of work are in what was not written
        raise WriteError(
            f"{os.fspath(path)!r} could not be written ({error}). {_kept(write, Path(path), what)}"
        ) from error


def _kept(write: Callable[[Path], object], path: Path, what: str) -> str:
    for parent in (tempfile.gettempdir(), Path.home(), Path.cwd()):
        folder = None
        try:
            folder = tempfile.mkdtemp(prefix="bayes_glmm-", dir=parent)
            write(Path(folder) / path.name)
        except Exception:  # the first failure is the one to tell
            if folder is not None:
                shutil.rmtree(folder, ignore_errors=True)
        else:
            return f"{what} is kept: {str(Path(folder) / path.name)!r}; move it from there."
    return f"{what} could not be written in any other folder either and is lost."


def _resolved(text: str) -> Path:
    try:
        place = Path(text).resolve()
    except (OSError, RuntimeError, ValueError) as error:  # Python 3.12 raises for a loop of links
        raise ArgumentError(f"{text!r} is no path of a file: {error}.") from error
    if place.is_symlink():
        raise ArgumentError(f"{text!r} is a link that leads back to itself: name a file.")
    return place


def _reaches(place: Path, given: Place) -> bool:
    """Whether a place is an input, one of the files that go with it, or inside its folder."""
    source = _resolved(os.fspath(given))
    if source.is_dir():
        return place.is_relative_to(source)
    parts = [source, *(source.with_name(source.name + end) for end in PLINK)]
    for ends in (PLINK, SHAPES):
        if source.suffix.lower() in ends:
            parts += [source.with_suffix(end) for end in ends]
    return any(_same(place, part) for part in parts)


def _same(one: Path, other: Path) -> bool:
    return one == other or (one.exists() and other.exists() and one.samefile(other))


def _head(path: Path, size: int = HEAD) -> bytes:
    with path.open("rb") as handle:
        return handle.read(size)


def _holds_fit(path: Path) -> bool:
    """Whether a file is empty, or HDF5 with the name of this package's record."""
    head = _head(path)
    if not head.startswith(HDF5):
        return not head
    with path.open("rb") as handle, mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ) as whole:
        return whole.find(MARK) >= 0


def _holds_page(path: Path) -> bool:
    """Whether a file is empty, or a page that names this package."""
    whole = path.read_bytes()
    start = whole.removeprefix(b"\xef\xbb\xbf").lstrip()[:15].lower()
    return not whole or (start == b"<!doctype html>" and (MARK in whole or b"bayes-glmm" in whole))


def _holds_table(path: Path) -> bool:
    """Whether a file is empty, or a table with the columns of an answer."""
    head = _head(path)
    return not head or any(
        _INTERVAL.fullmatch(name) or name == "marker" for name in _header(path, head)
    )


def _header(path: Path, head: bytes) -> Iterator[str]:
    if head.startswith(PARQUET):
        from pyarrow import ArrowInvalid
        from pyarrow.parquet import read_schema

        try:
            yield from read_schema(path).names
        except (ArrowInvalid, OSError):
            return
    else:
        line = head.splitlines()[0].decode("utf-8", "replace")
        yield from (name.strip().strip('"') for name in line.split(","))


_HOLDS = {"fit": _holds_fit, "page": _holds_page, "table": _holds_table}
_NAMES = {"fit": "a fit", "page": "a page", "table": "a table of answers"}
_EXAMPLE = {"fit": "fit.nc", "page": "report.html", "table": "predictions.csv"}
