"""Put each error into a copy of the package, and let the tests named for it look for it.

``python -m tests.mutants.run`` writes a table: the error, and the first test that found it. The tree
without errors must pass the same tests first. Words after it choose errors by their names and files:
``.h`` those of the C files.
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

from bayes_glmm.native.library import library_file
from tests.mutants.table import MUTANTS, Mutant
from tests.mutants.table_c import C_MUTANTS
from tests.mutants.table_related import RELATED_MUTANTS

ALL = (*MUTANTS, *C_MUTANTS, *RELATED_MUTANTS)
ROOT = Path(__file__).resolve().parents[2]
SHARED = ("model_templates", "examples", "pyproject.toml", "README.md", "CHANGELOG.md", "docs")
LIBRARY = Path("bayes_glmm/native", library_file().name)
FAILED = re.compile(r"^(?:FAILED|ERROR) (.+?)(?: - .*)?$", re.MULTILINE)
LONGEST = 1_800
PASSED, FOUND = 0, 1


def copied(folder: Path) -> Path:
    """Copy the package, its C files and its tests, and compile them; link to the rest."""
    for name in ("bayes_glmm", "native", "tests"):
        shutil.copytree(ROOT / name, folder / name)
    shutil.copy2(ROOT / "hatch_build.py", folder)
    for name in SHARED:
        (folder / name).symlink_to(ROOT / name)
    compile_in(folder)
    return folder


def compile_in(folder: Path) -> None:
    """Compile the copy's library: its plain body alone, without and with an error."""
    command = [sys.executable, "hatch_build.py", "--quick"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"The C files do not compile: {done.stderr[-2000:]}")


def text_with(mutant: Mutant, text: str) -> str:
    """Return the file with the error, which must fit in one place."""
    if text.count(mutant.old) != 1:
        raise ValueError(f"{mutant.file}: {text.count(mutant.old)} places for {mutant.name!r}")
    return text.replace(mutant.old, mutant.new)


@contextmanager
def kept(file: Path) -> Iterator[None]:
    """Put a file back at the end, with its time of change."""
    before, stat = file.read_bytes(), file.stat()
    try:
        yield
    finally:
        file.write_bytes(before)
        os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))


@contextmanager
def planted(mutant: Mutant, folder: Path) -> Iterator[None]:
    """Put the error into a copy, compiled where it is one of C, and take it out again."""
    file = folder / mutant.place
    with kept(file), kept(folder / LIBRARY):
        file.write_text(text_with(mutant, file.read_text("utf-8")), "utf-8")
        if mutant.in_c:
            compile_in(folder)
        yield


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
    chosen = [m for m in ALL if not wanted or any(w in f"{m.name} {m.file}" for w in wanted)]
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
