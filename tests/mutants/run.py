"""Put each error into a copy of the package, and let the tests named for it look for it.

``python -m tests.mutants.run`` writes a table: the error, and the first test that found it. The tree
without errors must pass the same tests first.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.mutants.table import MUTANTS, Mutant

ROOT = Path(__file__).resolve().parents[2]
SHARED = ("model_templates", "examples", "pyproject.toml", "README.md", "CHANGELOG.md", "docs")
FAILED = re.compile(r"^(?:FAILED|ERROR) (\S+)", re.MULTILINE)
LONGEST = 600
PASSED, FOUND = 0, 1


def copied(folder: Path) -> Path:
    """Copy the package with what is compiled of it, and its tests; link to the rest."""
    for name in ("bayes_glmm", "tests"):
        shutil.copytree(ROOT / name, folder / name)
    for name in SHARED:
        (folder / name).symlink_to(ROOT / name)
    return folder


def text_with(mutant: Mutant, text: str) -> str:
    """Return the file with the error, which must fit in one place."""
    if text.count(mutant.old) != 1:
        raise ValueError(f"{mutant.file}: {text.count(mutant.old)} places for {mutant.name!r}")
    return text.replace(mutant.old, mutant.new)


@contextmanager
def planted(mutant: Mutant, folder: Path) -> Iterator[None]:
    """Put the error into a copy, and take it out again, with its time of change."""
    file = folder / "bayes_glmm" / mutant.file
    before, stat = file.read_text("utf-8"), file.stat()
    file.write_text(text_with(mutant, before), "utf-8")
    try:
        yield
    finally:
        file.write_text(before, "utf-8")
        os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))


def ran(tests: Iterable[str], folder: Path) -> tuple[int, str]:
    """Run quick tests up to the first that fails; return pytest's status and that test."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "--tb=no", "-rfE",
         *tests],
        cwd=folder, env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True, text=True, check=False, timeout=LONGEST,
    )  # fmt: skip
    if done.returncode not in (PASSED, FOUND):
        raise RuntimeError(
            f"{' '.join(tests)} did not run: {done.stdout[-2000:]}{done.stderr[-500:]}"
        )
    found = FAILED.search(done.stdout)
    return done.returncode, found.group(1) if found else ""


def main() -> None:
    """Write a line for each error; end with status 1 if one was not found."""
    began = time.perf_counter()
    missed = 0
    wanted = sys.argv[1:]
    chosen = [m for m in MUTANTS if not wanted or any(w in m.name for w in wanted)]
    with tempfile.TemporaryDirectory() as name:
        folder = copied(Path(name))
        status, first = ran(dict.fromkeys(t for m in chosen for t in m.tests), folder)
        if status != PASSED:
            raise SystemExit(f"Without an error: {first}")
        sys.stdout.write(f"none: all pass, {time.perf_counter() - began:.0f} s\n")
        for mutant in chosen:
            start = time.perf_counter()
            with planted(mutant, folder):
                status, first = ran(mutant.tests, folder)
            missed += status == PASSED
            sys.stdout.write(
                f"{mutant.name} ({mutant.file}): {first or 'NOT FOUND'}, "
                f"{time.perf_counter() - start:.0f} s\n"
            )
            sys.stdout.flush()
    sys.stdout.write(f"{len(chosen) - missed} of {len(chosen)} found\n")
    raise SystemExit(int(missed > 0))


if __name__ == "__main__":
    main()
