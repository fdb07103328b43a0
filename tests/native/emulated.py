"""The library on processors that are not here, beside itself on this one.

``python -m tests.native.emulated`` needs qemu's user mode (qemu-user of Debian) and Zig's compiler;
for aarch64 also its C library (libc6-arm64-cross). It says what is missing.
"""

from __future__ import annotations

import importlib.util
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import hatch_build
from bayes_glmm.native.library import ADDRESS, INTEGER, entry, library_file, pointer
from bayes_glmm.native.tape_opcodes import OPCODES
from tests.native.malformed_buffers import buffers, sizes_of
from tests.native.sanitized import ROOT

ARM = Path("/usr/aarch64-linux-gnu")
"""Where Debian puts the C library of aarch64."""
POINTS, NUMBERS = 3, 500
DENSITY, ELEMENTWISE = 0, 1


@dataclass(frozen=True)
class Machine:
    """A processor that is emulated.

    Attributes
    ----------
    name : str
    tag : str
        Of the wheels that run on it.
    command : tuple of str
        What runs a program there.
    level : int
        Of the body that the library must choose.
    """

    name: str
    tag: str
    command: tuple[str, ...]
    level: int


X86 = "manylinux_2_17_x86_64"
MACHINES = (
    Machine("x86-64 without AVX", X86, ("qemu-x86_64", "-cpu", "Nehalem"), 1),
    Machine("x86-64 with AVX but not AVX2", X86, ("qemu-x86_64", "-cpu", "SandyBridge"), 1),
    Machine("x86-64 with AVX2", X86, ("qemu-x86_64", "-cpu", "Haswell"), 3),
    Machine("aarch64", "manylinux_2_17_aarch64", ("qemu-aarch64", "-L", str(ARM)), 1),
)


def missing(machine: Machine) -> str:
    """Return what is not here for a machine, or nothing."""
    if shutil.which(machine.command[0]) is None:
        return f"{machine.command[0]} is not installed"
    if importlib.util.find_spec("ziglang") is None:
        return "ziglang is not installed"
    if str(ARM) in machine.command and not ARM.exists():
        return f"the C library of aarch64 is not in {ARM}"
    if machine.tag == X86 and (sys.platform, platform.machine()) != ("linux", "x86_64"):
        return "the library here is not one of Linux on x86-64"
    return ""


def compiled(machine: Machine, folder: Path) -> tuple[Path, Path]:
    """Return the driver for a machine, and its library: that of x86-64 is the one here."""
    zig = (sys.executable, "-m", "ziglang", "cc", "-target", hatch_build.TARGETS[machine.tag])
    compiler = hatch_build.Compiler(machine.tag, zig, True)
    driver = folder / "driver"
    source = str(ROOT / "tests/native/driver.c")
    compiler.run(str(folder), "-O1", "-Wall", "-Wextra", source, "-ldl", "-o", str(driver))
    return driver, library_file() if machine.tag == X86 else hatch_build.build(compiler, folder)


def questions() -> Iterator[tuple[int, int, int, list[np.ndarray]]]:
    """Yield densities of every kind of model at points, and every operation on columns."""
    rng = np.random.default_rng(3)
    for buffer in buffers():
        dim = sizes_of(buffer).sampled
        for _ in range(POINTS):
            yield DENSITY, dim, len(buffer), [rng.normal(0, 0.3, dim), buffer]
    for op in OPCODES.values():
        yield ELEMENTWISE, op, NUMBERS, [rng.normal(1, 4, NUMBERS) for _ in range(3)]


def answer(kind: int, first: int, second: int, given: list[np.ndarray]) -> np.ndarray:
    """Answer a question with the library here."""
    if kind == DENSITY:
        z, buffer = given
        out = np.zeros(2 + first)
        run = entry("density", INTEGER, INTEGER, *[ADDRESS] * 4)
        places = pointer(out[2:]), pointer(out[1:2]), pointer(buffer, np.int64)
        out[0] = run(first, pointer(z), *places)
        return out
    out = np.zeros(second)
    run = entry("elementwise", INTEGER, INTEGER, INTEGER, *[ADDRESS] * 4)
    assert run(first, second, *map(pointer, given), pointer(out)) == 0
    return out


def answers_there(machine: Machine, folder: Path) -> np.ndarray:
    """Return the level of the body that a machine chooses, and all answers."""
    driver, library = compiled(machine, folder)
    asked = b"".join(
        np.array([kind, first, second], np.int64).tobytes() + b"".join(a.tobytes() for a in given)
        for kind, first, second, given in questions()
    )
    command = [*machine.command, str(driver), str(library)]
    done = subprocess.run(command, input=asked, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return np.frombuffer(done.stdout)


def compare(machine: Machine, folder: Path) -> tuple[int, int, float]:
    """Ask a machine and the library here the same.

    Returns
    -------
    level : int
        Of the body that was chosen there.
    count : int
        How many questions there were.
    difference : float
        The largest between two answers: of a slope relative to the largest one, of any other
        number to itself.
    """
    there = answers_there(machine, folder)
    at, count, most = 1, 0, 0.0
    for kind, first, second, given in questions():
        here = answer(kind, first, second, given)
        other = there[at : at + len(here)]
        np.testing.assert_array_equal(np.isfinite(here), np.isfinite(other))
        size = np.abs(here)
        if kind == DENSITY:
            size[2:] = size[2:].max()
        with np.errstate(invalid="ignore", divide="ignore"):
            apart = np.where(here == other, 0.0, np.abs(here - other) / size)
        most = max(most, float(apart[np.isfinite(here)].max(initial=0.0)))
        at, count = at + len(here), count + 1
    assert at == len(there)
    return int(there[0]), count, most


def main() -> None:
    """Write a line for each machine; end with status 1 if one chose another body."""
    wrong = 0
    for machine in MACHINES:
        said = missing(machine)
        if not said:
            with tempfile.TemporaryDirectory() as folder:
                level, count, apart = compare(machine, Path(folder))
            wrong += level != machine.level
            said = f"body {level}, {count} questions, answers at most {apart:.1e} apart"
        sys.stdout.write(f"{machine.name}: {said}\n")
        sys.stdout.flush()
    raise SystemExit(int(wrong > 0))


if __name__ == "__main__":
    main()
