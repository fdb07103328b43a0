"""Independent pieces of work on all cores: NumPy lets go of the interpreter while it computes."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor


def available_cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def on_cores[T](work: Callable[[T], None], pieces: Sequence[T]) -> None:
    """Do each piece of work, several at a time where there are several cores.

    Pieces must not depend on each other; then the result does not depend on the number of cores.
    """
    workers = min(available_cores(), len(pieces))
    if workers < 2:
        for piece in pieces:
            work(piece)
        return
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(work, pieces))
