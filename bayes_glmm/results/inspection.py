"""What an HDF5 file holds and would cost to read, found out before anything of it is read."""

from __future__ import annotations

import math
import mmap
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.errors import ResultError

if TYPE_CHECKING:
    import h5py  # type: ignore[import-untyped]

MOST_OBJECTS = 20_000
"""Groups and arrays; a model of the grammar's limits has some thousands."""
MOST_ATTRIBUTES = 64
"""Of one group or array; a saved fit has six."""
DEEPEST = 8
"""Groups within groups; a saved fit has two."""
PER_BYTE, ROOM = 20, 2**26
"""A file may unpack to so many times its size, and so many bytes more."""
DEFLATE, SHUFFLE, CHECKSUM = 1, 2, 3
PARSED = 20
"""Bytes of memory that one byte of JSON can become."""
_REFERENCE = np.dtype([("length", "<u4"), ("address", "<u8"), ("index", "<u4")])
_TEXT, _WIDE = 64, 4
"""Bytes of a text as an object, and of a character where texts stand in one array."""


@dataclass
class _Purse:
    """What may still be spent."""

    bytes_left: int
    objects_left: int = MOST_OBJECTS

    def pay(self, size: int, what: str) -> None:
        self.bytes_left -= size
        if self.bytes_left < 0:
            raise ResultError(
                f"with {what!r} it says it is far larger than the file, as no saved fit is. If you "
                "trust it, say how many bytes it may take: load(path, most_bytes=...)."
            )

    def count(self, objects: int) -> None:
        self.objects_left -= objects
        if self.objects_left < 0:
            raise ResultError(f"it has more than {MOST_OBJECTS} groups and arrays.")


def inspect(path: Path, most_bytes: int | None = None) -> None:
    """Refuse a file that reaches outside itself, runs in a circle, or unpacks to too much.

    Parameters
    ----------
    path : Path
    most_bytes : int, optional
        What it may take in memory; by default 20 times its size and 64 MiB.

    Raises
    ------
    ResultError
        It does; the message names the place.
    """
    import h5py

    most = PER_BYTE * path.stat().st_size + ROOM if most_bytes is None else most_bytes
    purse = _Purse(most)
    _heaps(path)
    with h5py.File(path, "r") as stored, path.open("rb") as raw:
        created = stored.id.get_create_plist()
        if created.get_userblock() or created.get_sizes() != (8, 8):
            raise ResultError("it is laid out as no saved fit is.")
        seen: set[int] = set()
        waiting: list[tuple[int, Any]] = [(0, stored)]
        while waiting:
            depth, item = waiting.pop()
            address = h5py.h5o.get_info(item.id).addr
            if address in seen:
                raise ResultError(f"{item.name!r} is in two places, or within itself.")
            seen.add(address)
            _attributes(item, purse)
            if isinstance(item, h5py.Group):
                purse.count(len(item))
                if depth > DEEPEST:
                    raise ResultError(f"groups nest deeper than {DEEPEST}.")
                waiting += [(depth + 1, child) for child in _children(item)]
            elif isinstance(item, h5py.Dataset):
                _array(item, raw, purse)
            else:
                raise ResultError(f"{item.name!r} is neither a group nor an array.")


def _heaps(path: Path) -> None:
    """Refuse heaps of texts in which HDF5 would walk in a circle or beyond the end."""
    with path.open("rb") as raw, mmap.mmap(raw.fileno(), 0, access=mmap.ACCESS_READ) as whole:
        at = whole.find(b"GCOL")
        while at >= 0:
            size = int.from_bytes(whole[at + 8 : at + 16], "little")
            if whole[at + 4 : at + 5] == b"\1" and 4096 <= size <= len(whole):
                _heap(whole, at + 16, at + size)
            at = whole.find(b"GCOL", at + 4)


def _heap(whole: mmap.mmap, at: int, end: int) -> None:
    while end - at >= 16:
        index = int.from_bytes(whole[at : at + 2], "little")
        size = int.from_bytes(whole[at + 8 : at + 16], "little")
        step = 16 + (size + 7) // 8 * 8 if index else size
        if step < 16 or at + step > end:
            raise ResultError("its texts are damaged.")
        at += step


def _children(group: h5py.Group) -> Iterator[Any]:
    import h5py

    for name in group:
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            raise ResultError(f"{name!r} is a link to another place.")
        yield group[name]


def _attributes(item: Any, purse: _Purse) -> None:
    import h5py

    if h5py.h5a.get_num_attrs(item.id) > MOST_ATTRIBUTES:
        raise ResultError(f"{item.name!r} has more than {MOST_ATTRIBUTES} attributes.")
    for name in item.attrs:
        found = item.attrs.get_id(name)
        what = f"{item.name}, attribute {name}"
        count = math.prod(found.shape or ())
        purse.pay(count * max(found.dtype.itemsize, 8), what)
        if h5py.check_string_dtype(found.dtype) is not None:
            if count > 1:
                raise ResultError(f"{what!r} is a list of texts, which no saved fit has.")
            value = item.attrs[name]
            purse.pay(PARSED * (len(value) if isinstance(value, str | bytes) else 0), what)
        elif h5py.check_vlen_dtype(found.dtype) is not None:  # the dimensions of an array
            if count > 64:
                raise ResultError(f"{what!r} is no list of dimensions.")
            purse.pay(8 * sum(len(part) for part in np.ravel(item.attrs[name])), what)


def _array(item: h5py.Dataset, raw: Any, purse: _Purse) -> None:
    import h5py

    if item.external or item.is_virtual:
        raise ResultError(f"the values of {item.name!r} are kept in another file.")
    size, width = math.prod(item.shape or ()), item.dtype.itemsize
    text = h5py.check_string_dtype(item.dtype)
    if item.dtype.kind not in "iufSbO" or (item.dtype.kind == "O" and text is None):
        raise ResultError(f"{item.name!r} holds neither numbers nor texts.")
    purse.pay(size * width * (1 if text is None else 1 + _WIDE), item.name)
    if item.chunks is not None:
        _chunks(item, purse)
    if item.dtype.kind == "O":
        _texts(item, raw, purse)


def _chunks(item: h5py.Dataset, purse: _Purse) -> None:
    """Look at what is stored in pieces: how many there are, and to what each unpacks."""
    created = item.id.get_create_plist()
    filters = [created.get_filter(i)[0] for i in range(created.get_nfilters())]
    if set(filters) - {DEFLATE, SHUFFLE, CHECKSUM} or len(set(filters)) < len(filters):
        raise ResultError(f"{item.name!r} is packed by something other than zlib (gzip).")
    width = math.prod(item.chunks) * item.dtype.itemsize
    purse.pay(width, item.name)
    pieces = math.prod(-(-n // c) for n, c in zip(item.shape, item.chunks, strict=True))
    if item.id.get_num_chunks() != pieces:
        raise ResultError(f"{item.name!r} says it is far larger than the file.")
    if DEFLATE not in filters:
        return
    if item.dtype.kind == "O":
        raise ResultError(f"{item.name!r} packs texts, which no saved fit does.")
    checked = filters[-1] == CHECKSUM

    def unpacks(piece: Any) -> None:
        mask, content = item.id.read_direct_chunk(piece.chunk_offset)
        if mask & (1 << filters.index(DEFLATE)):
            return
        inflating = zlib.decompressobj()
        inflating.decompress(content[:-4] if checked else content, width + 8)
        if not inflating.eof:  # HDF5 itself goes on for as long as there is memory
            raise ResultError(f"a piece of {item.name!r} unpacks to more than its size.")

    stored: list[Any] = []
    item.id.chunk_iter(stored.append)
    for piece in stored:
        unpacks(piece)


def _texts(item: h5py.Dataset, raw: Any, purse: _Purse) -> None:
    """Add up texts of any length from what refers to them, without following it."""
    lengths = _lengths(item, raw).astype(np.int64)
    if lengths.size:
        purse.pay(int(lengths.size * _TEXT + 2 * lengths.sum()), item.name)
        purse.pay(int(lengths.size * lengths.max() * _WIDE), item.name)


def _lengths(item: h5py.Dataset, raw: Any) -> NDArray[np.uint32]:
    places: list[tuple[int, int]] = []
    if item.chunks is not None:
        if item.id.get_create_plist().get_nfilters():
            raise ResultError(f"{item.name!r} packs texts, which no saved fit does.")
        item.id.chunk_iter(lambda piece: places.append((piece.byte_offset, piece.size)))
    elif (offset := item.id.get_offset()) is not None:
        places.append((offset, math.prod(item.shape) * _REFERENCE.itemsize))
    elif item.id.get_storage_size():
        raise ResultError(f"{item.name!r} keeps its texts where no saved fit does.")
    found = []
    for offset, size in places:
        raw.seek(offset)
        content = raw.read(size)
        if len(content) < size or size % _REFERENCE.itemsize:
            raise ResultError(f"{item.name!r} ends before its end.")
        found.append(np.frombuffer(content, _REFERENCE)["length"])
    return np.concatenate(found) if found else np.zeros(0, np.uint32)
