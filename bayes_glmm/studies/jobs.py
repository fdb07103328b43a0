"""Run many fits on any executor; store each as it finishes; no failure stops the others."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bayes_glmm.disk.atomic_files import write_atomically
from bayes_glmm.disk.progress_bars import bars
from bayes_glmm.disk.run_folder import claim, owning
from bayes_glmm.errors import EngineError, WriteError

RECORDS = "fits.jsonl"
CHECKSUM = "sha256"
LARGEST_CHUNK = 20
type Record = dict[str, Any]
type Task = Callable[[int], Record]


def run_many(
    task: Task,
    n: int,
    *,
    what: str,
    identity: Mapping[str, Any],
    executor: Any = None,
    store: str | Path | None = None,
    progress: bool = True,
) -> list[Record]:
    """Run a task for 0, 1, ..., n - 1; each depends on its number alone.

    Parameters
    ----------
    task : callable
        Takes the number and returns what JSON can hold. With an executor it travels to
        other processes.
    what : str
        What is being done, for the progress bar.
    identity : mapping
        What makes this call this call; a store refuses another one's records.
    executor : concurrent.futures.Executor or dask.distributed.Client, optional
        In this process, one after another, when not given.
    store : path, optional
        Folder that keeps each record as it comes. The same call takes up there what is
        not finished; it may ask for more.

    Returns
    -------
    list of dict
        In the order of the numbers, whatever order they finished in; ``{"error": text}``
        where a task failed.

    Raises
    ------
    EngineError
        A store belongs to another call or is in use, its records were altered, or the
        executor's workers died.
    WriteError
        The disk is full; the store is whole without the last record.
    """
    with _owned(store, identity) as kept:
        done = {k: r for k, r in kept.records.items() if k < n and "error" not in r}
        waiting = [k for k in range(n) if k not in done]
        with _progress(what, n, len(done), progress) as report:
            for k, record in _records(task, waiting, executor, store):
                done[k] = record
                kept.add(k, record)
                report(record)
    return [done[k] for k in range(n)]


@contextmanager
def _owned(store: str | Path | None, identity: Mapping[str, Any]) -> Iterator[Kept]:
    """Hold the lock on the folder of records, if there is one, within a block."""
    if store is None:
        yield Kept()
        return
    with owning(Path(store), identity):
        yield Kept.open(Path(store), identity)


def attempt(task: Task, numbers: Sequence[int]) -> list[tuple[int, Record]]:
    """Run some of the tasks, and record failures."""
    out = []
    for k in numbers:
        try:
            out.append((k, task(k)))
        except Exception as error:  # one of many: what went wrong is in its record
            out.append((k, {"error": f"{type(error).__name__}: {error}"}))
    return out


def _records(
    task: Task, waiting: Sequence[int], executor: Any, store: object
) -> Iterator[tuple[int, Record]]:
    if executor is None:
        for k in waiting:
            yield from attempt(task, [k])
        return
    pool, gone = _pool(executor)
    size = max(1, min(LARGEST_CHUNK, len(waiting) // 20))
    chunks = [waiting[at : at + size] for at in range(0, len(waiting), size)]
    futures: list[Future[list[tuple[int, Record]]]] = []
    died: BaseException | None = None
    try:
        futures += [pool.submit(attempt, task, chunk) for chunk in chunks]
        for future in as_completed(futures):
            try:
                yield from future.result()
            except gone as error:  # others may have finished before
                died = error
    finally:
        for future in futures:
            future.cancel()
    if died is not None:
        way = "Give store=FOLDER to keep what finishes" if store is None else "The rest is kept"
        raise EngineError(
            f"A worker of the executor died ({died}). {way}: the same call with a new executor "
            "goes on from there."
        ) from died


def _pool(executor: Any) -> tuple[Executor, tuple[type[BaseException], ...]]:
    """Return an executor, and the error that it raises when its workers have died."""
    if not hasattr(executor, "get_executor"):
        return executor, (BrokenExecutor,)
    from distributed import KilledWorker

    # tasks of a dead worker are repeated, unless they kill one worker after another
    return executor.get_executor(pure=False, retries=3), (BrokenExecutor, KilledWorker)


@dataclass
class Kept:
    """Records on disk, one per line; an unfinished last line is ignored."""

    folder: Path | None = None
    records: dict[int, Record] = field(default_factory=dict)

    @classmethod
    def open(cls, folder: Path, identity: Mapping[str, Any]) -> Kept:
        """Open or create a folder; refuse one with other content."""
        claim(folder, identity)
        lines = folder / RECORDS
        if not lines.exists():
            return cls(folder)
        try:
            whole = lines.read_bytes()
        except OSError as error:
            raise EngineError(f"{lines} cannot be read ({error}). Give a new folder.") from error
        whole = whole[: whole.rfind(b"\n") + 1]
        write_atomically(lines, whole)
        return cls(folder, dict(_read(whole.splitlines(), lines)))

    def add(self, k: int, record: Record) -> None:
        """Add a record; it is on disk before this returns."""
        self.records[k] = record
        if self.folder is None:
            return
        line = {"number": k, **record}
        path = self.folder / RECORDS
        try:
            with path.open("ab") as handle:
                handle.write(json.dumps(line | {CHECKSUM: _checksum(line)}).encode() + b"\n")
                handle.flush()
                os.fsync(handle.fileno())
        except OSError as error:
            raise WriteError(
                f"{path} cannot be written ({error.strerror or error}). What is kept stays: make "
                "room, and repeat the call."
            ) from error


def _read(lines: Iterable[bytes], path: Path) -> Iterator[tuple[int, Record]]:
    for at, line in enumerate(lines, 1):
        try:
            record = json.loads(line)
            if record.pop(CHECKSUM, None) != _checksum(record):
                raise ValueError(
                    "its checksum differs or is missing: it has changed, or a version before this "
                    "one wrote it"
                )
            yield int(record.pop("number")), record
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise EngineError(
                f"{path}, line {at}, cannot be read ({error}). Remove that line to do it again."
            ) from error


def _checksum(line: Record) -> str:
    return hashlib.sha256(json.dumps(line).encode()).hexdigest()


@contextmanager
def _progress(what: str, n: int, done: int, wanted: bool) -> Iterator[Callable[[Record], None]]:
    """Show a bar in a terminal or a notebook; stay silent elsewhere."""
    with bars(wanted, "{task.fields[failed]} failed") as bar:
        if bar is None:
            yield lambda record: None
            return
        number, failed = bar.add_task(what, total=n, completed=done, failed=0), 0

        def report(record: Record) -> None:
            nonlocal failed
            failed += "error" in record
            bar.update(number, advance=1, failed=failed)

        yield report
