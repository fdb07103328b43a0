"""``make test-all`` in parts: which test runs in which, and how long tests took.

``python -m tests.parts`` runs all parts one after the other, ``python -m tests.parts 2`` the second.
Parts are balanced by the seconds in ``durations.json``. A file stays whole, so that its fixtures are
made once, unless it takes long; the tests of a long one are dealt out singly. Every part writes
how long its tests took to ``build/durations``, and ``python -m tests.parts balance`` puts these
figures into ``durations.json``.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

PARTS = 5
PYTEST = [sys.executable, "-m", "pytest", "-n", "auto", "--dist", "worksteal", "--doctest-modules",
          "-m", "slow or not slow", "bayes_glmm", "tests"]  # fmt: skip
KNOWN = Path(__file__).parent / "durations.json"
MADE = Path(__file__).parents[1] / "build" / "durations"
LONG = 240.0
"""Seconds beyond which a file's tests are dealt out singly."""
QUICK, SLOW = 0.1, 20.0
"""What a test takes of which nothing is known."""
WORTH_KEEPING = 1.0


@dataclass(frozen=True)
class Part:
    """One of several parts, counted from 1."""

    number: int
    of: int

    @classmethod
    def read(cls, text: str) -> Part:
        """Read ``2/5``."""
        number, _, of = text.partition("/")
        if not (number.isdigit() and of.isdigit() and 1 <= int(number) <= int(of)):
            raise ValueError(f"A part is written 1/5 to 5/5, not {text!r}.")
        return cls(int(number), int(of))


def known() -> dict[str, float]:
    """Return seconds by test, of those that took more than one."""
    return json.loads(KNOWN.read_text("utf-8"))


def dealt(tests: Mapping[str, bool], of: int, seconds: Mapping[str, float]) -> dict[str, int]:
    """Give each test the number of its part.

    Parameters
    ----------
    tests : mapping of str to bool
        By the test's id whether it is marked slow.
    of : int
        Number of parts.
    seconds : mapping of str to float
        By the test's id.

    Returns
    -------
    dict of str to int
        From 1 to ``of``; the same for the same arguments, whatever the order of the tests.
    """
    weights = {t: seconds.get(t, SLOW if slow else QUICK) for t, slow in tests.items()}
    files = defaultdict(list)
    for test in sorted(tests):
        files[test.partition("::")[0]].append(test)
    units = []
    for members in files.values():
        whole = sum(weights[t] for t in members) <= LONG
        units += [members] if whole else [[t] for t in members]
    units.sort(key=lambda members: (-sum(weights[t] for t in members), members[0]))
    loads, places = [0.0] * of, {}
    for members in units:
        lightest = loads.index(min(loads))
        loads[lightest] += sum(weights[t] for t in members)
        places |= dict.fromkeys(members, lightest + 1)
    return places


def write(part: Part, took: Mapping[str, float], folder: Path = MADE) -> None:
    """Write how long the tests of a part took."""
    folder.mkdir(parents=True, exist_ok=True)
    made = {test: round(s, 1) for test, s in sorted(took.items())}
    (folder / f"{part.number}-of-{part.of}.json").write_text(json.dumps(made, indent=0))


def merged(files: Iterable[Path], before: Mapping[str, float]) -> dict[str, float]:
    """Put what was measured over what was known; short tests are not kept."""
    found = dict(before)
    for file in files:
        found |= json.loads(file.read_text("utf-8"))
    return {test: s for test, s in sorted(found.items()) if s >= WORTH_KEEPING}


def ran(number: int, of: int, more: Iterable[str] = ()) -> str:
    """Run one part, and say how it ended and when."""
    began = time.monotonic()
    status = subprocess.run([*PYTEST, f"--part={number}/{of}", *more], check=False).returncode
    minutes, seconds = divmod(round(time.monotonic() - began), 60)
    ended = f"FAILED with status {status}" if status else PASSED
    return f"{ended} after {minutes} min {seconds:02d} s"


PASSED = "passed"


def balance() -> None:
    """Update ``durations.json`` from the parts that were run."""
    files = sorted(MADE.glob("*.json"))
    found = merged(files, known())
    KNOWN.write_text(json.dumps(found, indent=0) + "\n", "utf-8")
    sys.stdout.write(f"{len(files)} parts, {len(found)} tests of more than a second\n")


def main() -> int:
    """Run the parts asked for; return 0 if all of them passed, and say which did not run."""
    parser = argparse.ArgumentParser(prog="python -m tests.parts")
    parser.add_argument(
        "what", nargs="?", default="all", help="all, the number of a part, or balance"
    )
    parser.add_argument("--of", type=int, default=PARTS, help=f"number of parts, {PARTS}")
    given, more = parser.parse_known_args()
    if given.what == "balance":
        balance()
        return 0
    parts = (
        range(1, given.of + 1)
        if given.what == "all"
        else [Part.read(f"{given.what}/{given.of}").number]
    )
    said = dict.fromkeys(parts, "did not run")
    try:
        for number in parts:
            said[number] = ran(number, given.of, more)
    except KeyboardInterrupt:
        pass
    for number, how in said.items():
        sys.stdout.write(f"Part {number} of {given.of} {how}.\n")
    return int(not all(how.startswith(PASSED) for how in said.values()))


if __name__ == "__main__":
    raise SystemExit(main())
