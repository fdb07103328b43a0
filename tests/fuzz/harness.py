"""Hostile inputs for one reader: each is taken and right, or refused by an error of ours.

An input has five seconds of processor time and one GiB of new memory. A fuzz target is a list of
good files (bytes), a list of tokens of the format and a function of the bytes::

    tried = attack(read, SEEDS, TOKENS, n=400, seed=1)
    assert tried.taken and tried.refused
"""

from __future__ import annotations

import contextlib
import random
import resource
import signal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from bayes_glmm.errors import BayesGLMMError

SECONDS = 5
BYTES = 2**30
ODD = (b"", b"\0", b"\xff", b"\xef\xbb\xbf", b"\r\n", b"\n\n", b" ", b"\t", b"'", b'"', b"-1", b"0",
       b"1e999", b"nan", b"inf", b"9" * 400, b"x" * 70_000, "İ".encode(), b"(" * 3000,
       b"[" * 3000)  # fmt: skip


@dataclass(frozen=True)
class Tried:
    """How many inputs were taken, and how many refused."""

    taken: int
    refused: int


def attack(
    read: Callable[[bytes], object],
    seeds: Sequence[bytes],
    tokens: Sequence[bytes] = (),
    *,
    n: int,
    seed: int = 0,
) -> Tried:
    """Try ``n`` mutations of the seeds; ``read`` asserts what holds of what it takes."""
    taken = 0
    for number, content in enumerate(mutations(seeds, tokens, n, seed)):
        try:
            with limits():
                read(content)
            taken += 1
        except BayesGLMMError:
            continue
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            shown = content if len(content) < 600 else content[:600] + b"..."
            raise AssertionError(f"input {number} of seed {seed}, {shown!r}: {error!r}") from error
    return Tried(taken, n - taken)


def mutations(
    seeds: Sequence[bytes], tokens: Sequence[bytes], n: int, seed: int
) -> Iterator[bytes]:
    """Yield good files with up to six changes: bytes, tokens, cuts, copies and splices."""
    chance = random.Random(seed)
    pieces = [*tokens, *tokens, *ODD]
    for _ in range(n):
        content = bytearray(chance.choice(seeds))
        for _ in range(chance.choice((1, 1, 2, 3, 6))):
            a, b = sorted(chance.randrange(len(content) + 1) for _ in "ab")
            match chance.randrange(7):
                case 0 if content:
                    content[min(a, len(content) - 1)] = chance.randrange(256)
                case 1:
                    content[a:a] = chance.choice(pieces)
                case 2:
                    content[a : min(b, a + 8)] = chance.choice(pieces)
                case 3:
                    del content[a : min(b, a + 30)]
                case 4:
                    content[b:b] = content[a:b] * chance.choice((1, 1, 2, 40))
                case 5:
                    content[a:] = chance.choice(seeds)[a:]
                case _:
                    del content[chance.choice((a, b)) :]
        yield bytes(content)


@contextlib.contextmanager
def limits(seconds: float = SECONDS, memory: int = BYTES) -> Iterator[None]:
    """Raise ``TimeoutError`` or ``MemoryError`` in a block that takes more than it may."""

    def late(*_: object) -> None:
        raise TimeoutError(f"more than {seconds} s")

    before, soft = signal.signal(signal.SIGPROF, late), resource.getrlimit(resource.RLIMIT_AS)
    with open("/proc/self/statm") as pages:
        held = int(pages.read().split()[0]) * resource.getpagesize()
    try:
        resource.setrlimit(resource.RLIMIT_AS, (held + memory, soft[1]))
        signal.setitimer(signal.ITIMER_PROF, seconds)
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        resource.setrlimit(resource.RLIMIT_AS, soft)
        signal.signal(signal.SIGPROF, before)
