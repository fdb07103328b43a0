"""A library that checks itself, and the environment in which Python can load it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RUNTIMES = ("libasan.so", "libstdc++.so.6")
"""The runtime of C++ is needed too, or the other does not see the exceptions of other libraries."""


def compiler() -> str:
    """Return where gcc is."""
    gcc = shutil.which("gcc")
    assert gcc, "the sanitizers of gcc are needed: install gcc"
    return gcc


def compile_in(folder: Path) -> None:
    """Compile a library that checks itself."""
    command = [sys.executable, "hatch_build.py", "--sanitize", str(folder)]
    subprocess.run(command, cwd=ROOT, env=os.environ | {"CC": compiler()}, check=True)


def environment() -> dict[str, str]:
    """Return that of a process which loads one."""
    found = [
        subprocess.run(
            [compiler(), f"-print-file-name={name}"], capture_output=True, text=True, check=True
        ).stdout.strip()
        for name in RUNTIMES
    ]
    return os.environ | {"LD_PRELOAD": " ".join(found), "ASAN_OPTIONS": "detect_leaks=0"}
