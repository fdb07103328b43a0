"""The compiled library: seconds and bytes for every platform, and what the compiler takes.

Run ``env -u CC python benchmarks/build_size.py`` where ``ziglang`` is installed; ``BG_WHEEL=tag`` asks
for one platform. Each is built twice: first with nothing kept, as on a new machine, when Zig also
compiles what the platform's C library needs, and again after a C file has changed.
"""

from __future__ import annotations

import importlib.util
import os
import resource
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import hatch_build  # noqa: E402


def megabytes(folder: Path) -> float:
    return sum(f.stat().st_size for f in folder.rglob("*") if f.is_file()) / 1e6


def processor() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    zig = importlib.util.find_spec("ziglang")
    if zig is None or not zig.submodule_search_locations:
        sys.exit(f"pip install {hatch_build.ZIG}")
    print(
        f"{hatch_build.ZIG}: {megabytes(Path(zig.submodule_search_locations[0])):.0f} MB installed"
    )
    print(f"{'':24s}{'library':>8s}{'kept':>8s}{'first':>14s}{'again':>14s}")
    print(f"{'platform':24s}{'kB':>8s}{'MB':>8s}" + f"{'s':>7s}{'cpu s':>7s}" * 2)
    for tag in [os.environ["BG_WHEEL"]] if os.environ.get("BG_WHEEL") else hatch_build.TARGETS:
        with tempfile.TemporaryDirectory() as folder:
            kept = Path(folder) / "zig"
            os.environ |= {"ZIG_GLOBAL_CACHE_DIR": str(kept), "ZIG_LOCAL_CACHE_DIR": str(kept)}
            line = ""
            for turn in range(2):
                hatch_build.FLAGS.append(f"-DTURN{turn}")  # or Zig returns the same objects
                began, used = time.monotonic(), processor()
                made = hatch_build.build(hatch_build.Compiler.of(tag), Path(folder))
                line += f"{time.monotonic() - began:7.1f}{processor() - used:7.1f}"
            size = made.stat().st_size / 1e3
            print(f"{tag:24s}{size:8.0f}{megabytes(kept):8.0f}{line}", flush=True)


if __name__ == "__main__":
    main()
