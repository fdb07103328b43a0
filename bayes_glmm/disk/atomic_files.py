"""Files that are there whole or not at all, and folders that one process owns at a time."""

from __future__ import annotations

import errno
import json
import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from bayes_glmm.errors import EngineError, WriteError

PART = ".part"
"""How files end that are not complete; one that stays was left by a process that died."""
LOCK = "run.lock"
BUSY = (errno.EAGAIN, errno.EACCES, errno.EDEADLK)
_held: set[int] = set()


def write_atomically(path: Path, content: bytes | memoryview) -> None:
    """Write a file so that no reader ever sees part of it; raises as :func:`aside`."""
    with aside(path) as handle:
        handle.write(content)


@contextmanager
def aside(path: Path) -> Iterator[BinaryIO]:
    """Write beside the file; rename when complete, leave nothing when not.

    Each call has a name of its own, so that two processes never share what they write.

    Raises
    ------
    WriteError
        The disk is full, the folder absent or closed; a file that was there is as it was.
    """
    part = path.with_name(f"{path.name[:40]}.{secrets.token_hex(8)}{PART}")
    try:
        try:
            with part.open("xb") as handle:
                yield handle
                handle.flush()
                os.fsync(handle.fileno())
            os.replace(part, path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        if isinstance(error, WriteError):
            raise
        reason = error.strerror or str(error)
        raise WriteError(
            f"{path} cannot be written ({reason}). Nothing was changed there: make room or choose "
            "another place, and write again."
        ) from error


@contextmanager
def holding(folder: Path) -> Iterator[None]:
    """Own a folder, which is made if need be, until the block ends or the process does.

    The lock is the operating system's, which frees it when its owner dies; the file says who
    that is. On a file system without locks the file itself is the lock.

    Raises
    ------
    EngineError
        Another process, or another call of this one, owns the folder.
    WriteError
        The folder cannot be made.
    """
    path = folder / LOCK
    try:
        folder.mkdir(parents=True, exist_ok=True)
        number = _locked(path)
    except OSError as error:
        raise WriteError(f"{folder} cannot be used ({error.strerror or error}).") from error
    try:
        yield
    finally:
        if number in _held:  # not in a forked child
            with suppress(OSError):
                path.unlink()  # before it is let go: nobody else can have begun
            _held.discard(number)
            os.close(number)


def _locked(path: Path) -> int:
    """Return the open lock file, which now names this process."""
    while True:
        known = path.exists()
        number = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            if not _lock(number) and known and os.fstat(number).st_size:
                raise OSError(errno.EAGAIN, "owned")  # no locks here: what it says counts
            if _same(number, path):
                os.ftruncate(number, 0)
                os.write(number, json.dumps(_owner()).encode())
                _held.add(number)
                return number
        except OSError as error:
            owner = _named(number)
            os.close(number)
            if error.errno not in BUSY:
                raise
            raise EngineError(
                f"store={str(path.parent)!r} is in use by {owner}. Wait for it to end, or give "
                f"another folder; if it is gone, remove {path}."
            ) from error
        os.close(number)  # its owner removed it meanwhile


def _lock(number: int) -> bool:
    """Lock an open file; ``False`` where the file system has no locks."""
    try:
        import fcntl
    except ImportError:  # Windows
        import msvcrt

        msvcrt.locking(number, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        return True
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in BUSY:
            raise
        return False
    return True


def _same(number: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(number), path.stat())
    except FileNotFoundError:
        return False


def _owner() -> dict[str, str | int]:
    since = datetime.now(UTC).isoformat(timespec="seconds")
    return {"process": os.getpid(), "host": socket.gethostname(), "since": since}


def _named(number: int) -> str:
    """Say who a lock file names."""
    try:
        owner = json.loads(os.pread(number, 1000, 0) if hasattr(os, "pread") else b"")
        return f"process {owner['process']} on {owner['host']} since {owner['since']}"
    except (ValueError, KeyError, TypeError, OSError):
        return "another process"


def _forget() -> None:
    """Close what a forked child inherits: a lock ends with the process that took it."""
    for number in _held:
        os.close(number)
    _held.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
