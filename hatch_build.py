"""Compile ``native/`` into the package: in place for an editable install, into the wheel else.

The compiler is that of ``CC``, or Zig's of the ``ziglang`` wheel, which builds for every platform.
``python hatch_build.py`` builds in place for this machine; see ``--help`` for the rest. Only the
hook needs hatchling.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import platform
import shlex
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent
PLACE = Path("bayes_glmm/native")
ZIG = "ziglang==0.15.2"
"""The compiler that a build asks for where no ``CC`` is given."""
WARNINGS = ("-Wall", "-Wextra", "-Werror", "-Wno-pass-failed")
"""All are errors, but for a loop that the compiler did not vectorise for some instruction set."""
FLAGS = ("-O3 -std=gnu11 -fvisibility=hidden -fopenmp-simd -fno-math-errno -fno-trapping-math "
         "-ffp-contract=fast").split()  # fmt: skip
SANITIZE = (
    "-O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all "
    "-Wno-maybe-uninitialized"
).split()
"""GCC's manual says that this one warning is often wrong of instrumented code; plain builds keep it."""
QUICK = ("-O0", "-DONE_BODY")
"""For tests of what the C files say, not of how fast they run: seconds instead of a minute."""
TARGETS = {
    "manylinux_2_17_x86_64": "x86_64-linux-gnu.2.17",
    "manylinux_2_17_aarch64": "aarch64-linux-gnu.2.17",
    "musllinux_1_2_x86_64": "x86_64-linux-musl",
    "musllinux_1_2_aarch64": "aarch64-linux-musl",
    "macosx_11_0_x86_64": "x86_64-macos.11.0",
    "macosx_11_0_arm64": "aarch64-macos.11.0",
    "win_amd64": "x86_64-windows-gnu",
}
"""By a wheel's tag what Zig calls the platform."""


def here() -> str:
    """Return the tag of wheels that run on this machine, as a key of ``TARGETS`` where it is one."""
    machine = {"AMD64": "x86_64"}.get(platform.machine(), platform.machine())
    if sys.platform == "darwin":
        return f"macosx_11_0_{machine}"
    if sys.platform == "win32":
        return "win_amd64" if machine == "x86_64" else f"win_{machine.lower()}"
    musl = "musl" in str(sysconfig.get_config_var("HOST_GNU_TYPE"))
    return f"{'musllinux_1_2' if musl else 'manylinux_2_17'}_{machine}"


class Compiler(NamedTuple):
    """What compiles for a platform.

    Attributes
    ----------
    tag : str
        Of the platform's wheels.
    command : tuple of str
    zig : bool
    """

    tag: str
    command: tuple[str, ...]
    zig: bool

    @classmethod
    def of(cls, tag: str) -> Compiler:
        """Return that of ``CC``, which knows this machine alone, or Zig's."""
        given = os.environ.get("CC")
        if given and tag != here():
            raise SystemExit(f"CC is set, and {given} builds for {here()}, not {tag}: unset it.")
        if given:
            return cls(tag, tuple(shlex.split(given)), False)
        if tag not in TARGETS:
            raise SystemExit(f"No wheel is known for {tag}: name a C compiler in CC.")
        return cls(tag, (sys.executable, "-m", "ziglang", "cc", "-target", TARGETS[tag]), True)

    @property
    def wheel(self) -> str:
        """Tag of a wheel: another compiler than Zig's promises nothing about older systems."""
        older = self.zig or not self.tag.startswith(("manylinux", "musllinux"))
        return f"py3-none-{self.tag if older else sysconfig.get_platform().replace('-', '_')}"

    @property
    def library(self) -> str:
        """Name of the library on the platform."""
        ends = {"win": "dll", "macosx": "dylib"}
        return f"_kernel.{ends.get(self.tag.split('_', 1)[0], 'so')}"

    def bodies(self) -> dict[str, tuple[str, ...]]:
        """Return the flags of each instruction set that the library has a body for."""
        if not self.tag.endswith(("x86_64", "amd64")):
            return {"base": ()}
        level = "-mcpu=x86_64_v" if self.zig else "-march=x86-64-v"
        return {"base": (), "v3": (f"{level}3",), "v4": (f"{level}4", "-mprefer-vector-width=512")}

    def run(self, folder: str, *arguments: str) -> None:
        """Compile or link in a folder; Zig keeps what it makes once below ``build/``, not at home.

        What is made is named without its folder, which else gets into libraries of macOS.
        """
        kept = str(ROOT / "build" / "zig")
        env = {"ZIG_GLOBAL_CACHE_DIR": kept, "ZIG_LOCAL_CACHE_DIR": kept, **os.environ}
        subprocess.run([*self.command, *arguments], check=True, cwd=folder, env=env)  # noqa: S603


def build(cc: Compiler, folder: Path, *, sanitize: bool = False, quick: bool = False) -> Path:
    """Compile the library of a platform into a folder; return it.

    Parameters
    ----------
    sanitize : bool, default False
        Whether it stops where an array is left or arithmetic is undefined.
    quick : bool, default False
        Whether it has the plain body alone, which is not optimised.
    """
    dll = cc.library.endswith("dll")
    more = [*(SANITIZE if sanitize else []), *(QUICK if quick else [])]
    flags = [*FLAGS, *WARNINGS, *([] if dll else ["-fPIC"]), *more]
    files, native = _c_files(), ROOT / "native"
    source = f'-DSOURCE="{files.digest(files.sources(native))}"'
    with tempfile.TemporaryDirectory(dir=folder, prefix=".") as made:
        parts: dict[str, tuple[str, tuple[str, ...]]] = {"dispatch": ("dispatch.c", (source,))}
        bodies = {"base": ()} if quick else cc.bodies()
        parts |= {isa: ("body.c", (*own, f"-DISA={isa}")) for isa, own in bodies.items()}

        def compile_part(name: str) -> None:
            file, own = parts[name]
            cc.run(made, *flags, *own, "-c", str(native / file), "-o", f"{name}.o")

        with ThreadPoolExecutor(len(parts)) as side_by_side:
            done = list(side_by_side.map(lambda name: _survived(compile_part, name), parts))
        for name in (name for name, whole in zip(parts, done, strict=True) if not whole):
            compile_part(name)
        objects = [f"{name}.o" for name in parts]
        link = ["-shared", *([] if sanitize else ["-s"]), *([] if dll else ["-lm", "-pthread"])]
        cc.run(made, *flags, *objects, *link, "-o", cc.library)
        os.replace(f"{made}/{cc.library}", folder / cc.library)
    return folder / cc.library


def _survived(compile_part: Callable[[str], None], name: str) -> bool:
    """Return whether a compiler was not killed: Zig aborts now and then beside others of its kind."""
    try:
        compile_part(name)
    except subprocess.CalledProcessError as error:
        if error.returncode >= 0:
            raise
        return False
    return True


def _c_files() -> ModuleType:
    """Load the module that knows the C files, without the package around it."""
    spec = importlib.util.spec_from_file_location("_c_files", ROOT / PLACE / "c_files.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def requires() -> list[str]:
    """Return what a build needs besides hatchling."""
    return [] if os.environ.get("CC") else [ZIG]


def get_build_hook() -> type:
    """Return the hook; hatchling calls this."""
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface

    class KernelHook(BuildHookInterface):
        """Puts the library into the wheel, or beside the package where this is editable."""

        def dependencies(self) -> list[str]:
            return requires()

        def initialize(self, version: str, build_data: dict[str, Any]) -> None:
            cc = Compiler.of(os.environ.get("BG_WHEEL") or here())
            build_data |= {"pure_python": False, "tag": cc.wheel}
            if version == "editable":
                build(cc, ROOT / PLACE)
                return
            self.made = tempfile.TemporaryDirectory()
            built = build(cc, Path(self.made.name))
            build_data["force_include"][str(built)] = str(PLACE / built.name)

        def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
            if version != "editable":
                self.made.cleanup()

    return KernelHook


def wheels(folder: Path) -> None:
    """Build the wheel of every platform, or that of ``BG_WHEEL``."""
    command = [
        sys.executable,
        "-m",
        "build",
        "--wheel",
        "--no-isolation",
        "-o",
        str(folder),
        str(ROOT),
    ]
    for tag in [os.environ["BG_WHEEL"]] if os.environ.get("BG_WHEEL") else TARGETS:
        subprocess.run(command, check=True, env=os.environ | {"BG_WHEEL": tag})  # noqa: S603


def main() -> None:
    """Do what the command line asks for."""
    parser = argparse.ArgumentParser(description="Build the compiled library of bayes_glmm.")
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--requires", action="store_true", help="print what a build needs to be installed"
    )
    what.add_argument(
        "--sanitize", type=Path, metavar="FOLDER", help="build one that checks itself there"
    )
    what.add_argument(
        "--wheels", type=Path, metavar="FOLDER", help="build every wheel, or that of BG_WHEEL"
    )
    what.add_argument(
        "--quick", action="store_true", help="build in place the plain body, not optimised"
    )
    given = parser.parse_args()
    if given.requires:
        sys.stdout.write("".join(f"{name}\n" for name in requires()))
    elif given.wheels:
        wheels(given.wheels)
    else:
        folder = given.sanitize or ROOT / PLACE
        checked = given.sanitize is not None
        built = build(Compiler.of(here()), folder, sanitize=checked, quick=given.quick)
        sys.stdout.write(f"{built}\n")


if __name__ == "__main__":
    main()
