"""Compile ``native/`` into the package: in place for an editable install, into the wheel else.

The compiler is that of ``CC``, or Zig's of the ``ziglang`` wheel. ``python hatch_build.py`` builds
for this machine alone.
"""

from __future__ import annotations

import importlib.util
import os
import platform
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent
FLAGS = ("-O3 -std=gnu11 -fvisibility=hidden -fopenmp-simd -fno-math-errno -fno-trapping-math "
         "-ffp-contract=fast -Wall -Wextra -Werror").split()  # fmt: skip
TARGETS = {
    "manylinux_2_17_x86_64": "x86_64-linux-gnu.2.17",
    "manylinux_2_17_aarch64": "aarch64-linux-gnu.2.17",
    "musllinux_1_1_x86_64": "x86_64-linux-musl",
    "musllinux_1_1_aarch64": "aarch64-linux-musl",
    "macosx_11_0_x86_64": "x86_64-macos.11.0",
    "macosx_11_0_arm64": "aarch64-macos.11.0",
    "win_amd64": "x86_64-windows-gnu",
}
"""By a wheel's tag what Zig calls the platform."""


def here() -> str:
    """Return the tag of this machine's wheel."""
    machine = {"AMD64": "x86_64"}.get(platform.machine(), platform.machine())
    if sys.platform == "darwin":
        return f"macosx_11_0_{machine}"
    if sys.platform == "win32":
        return "win_amd64"
    return f"manylinux_2_17_{machine}"


def compiler(tag: str) -> list[str]:
    """Return the command of the compiler for a platform."""
    if os.environ.get("CC"):
        return shlex.split(os.environ["CC"])
    return [sys.executable, "-m", "ziglang", "cc", "-target", TARGETS[tag]]


def bodies(tag: str, zig: bool) -> dict[str, list[str]]:
    """Return the flags of each instruction set that a platform's library has a body for."""
    if "x86_64" not in tag and "amd64" not in tag:
        return {"base": []}
    v3, v4 = ("-mcpu=x86_64_v3", "-mcpu=x86_64_v4") if zig else ("-march=x86-64-v3", "-march=x86-64-v4")
    return {"base": [], "v3": [v3], "v4": [v4, "-mprefer-vector-width=512"]}


def build(tag: str, folder: Path, more: list[str] | None = None) -> Path:
    """Compile the library of a platform into a folder; return it.

    Parameters
    ----------
    more : list of str, optional
        Further flags, as those of a sanitizer.
    """
    of = _sources()
    native = ROOT / "native"
    kind = "dll" if tag.startswith("win") else "dylib" if tag.startswith("macosx") else "so"
    out = folder / f"_kernel.{kind}"
    cc, zig = compiler(tag), not os.environ.get("CC")
    flags = [*FLAGS, *([] if kind == "dll" else ["-fPIC"]), *(more or [])]
    source = f'-DSOURCE="{of.digest(of.sources(native))}"'
    with tempfile.TemporaryDirectory() as made:
        objects = [f"{made}/dispatch.o"]
        subprocess.run([*cc, *flags, source, "-c", str(native / "dispatch.c"), "-o", objects[0]], check=True)
        for isa, own in bodies(tag, zig).items():
            objects.append(f"{made}/{isa}.o")
            subprocess.run([*cc, *flags, *own, f"-DISA={isa}", "-c", str(native / "body.c"), "-o", objects[-1]], check=True)
        libs = [] if kind == "dll" else ["-lm"]
        subprocess.run([*cc, *flags, "-shared", "-s", *objects, "-o", f"{made}/{out.name}", *libs], check=True)
        os.replace(f"{made}/{out.name}", out) if os.stat(made).st_dev == os.stat(folder).st_dev else out.write_bytes(Path(made, out.name).read_bytes())
    return out


def _sources():
    """Load the module that knows the library's sources, without the package around it."""
    spec = importlib.util.spec_from_file_location("_sources", ROOT / "bayes_glmm/native/c_files.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    sys.stdout.write(f"{build(here(), ROOT / 'bayes_glmm/native')}\n")
