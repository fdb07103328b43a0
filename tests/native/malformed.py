"""Give malformed programs by the million to a library that checks itself.

``python -m tests.native.malformed COUNT`` runs that many, half of them tapes for the interpreter and
half whole models for the kernel, a piece in each process, and says how many had each fault; 0 is
for those that ran. ``--library FOLDER`` names a library that is compiled already.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from bayes_glmm.native import library
from tests.native.malformed_buffers import spoil_buffers
from tests.native.malformed_tapes import spoil_tapes
from tests.native.sanitized import ROOT, compile_in, environment

PIECE = 50_000
SPOIL = {"tapes": spoil_tapes, "buffers": spoil_buffers}


def piece(folder: Path, kind: str, count: int, seed: int) -> None:
    """Run some on a library of another folder, and write what became of them."""
    library.HERE = folder
    assert library.present()
    codes = SPOIL[kind](count, seed)
    sys.stdout.write(" ".join(f"{code}:{codes[code]}" for code in sorted(codes)))


def pieces(folder: Path, count: int) -> int:
    """Run all in pieces; return how many processes crashed."""
    crashed, env = 0, environment()
    for kind in SPOIL:
        for seed, first in enumerate(range(0, count // 2, PIECE)):
            size = min(PIECE, count // 2 - first)
            command = [sys.executable, "-m", "tests.native.malformed", str(size)]
            command += ["--library", str(folder), "--piece", kind, "--seed", str(seed)]
            done = subprocess.run(
                command, cwd=ROOT, env=env, capture_output=True, text=True, check=False
            )
            crashed += done.returncode != 0
            said = done.stdout if done.returncode == 0 else f"CRASHED: {done.stderr[-3000:]}"
            sys.stdout.write(f"{size} {kind}, seed {seed}: {said}\n")
            sys.stdout.flush()
    return crashed


def main() -> None:
    """Do what the command line asks for; end with status 1 if a process crashed."""
    parser = argparse.ArgumentParser(description="Run malformed programs on a checked library.")
    parser.add_argument("count", type=int)
    parser.add_argument("--library", type=Path, metavar="FOLDER")
    parser.add_argument("--piece", choices=tuple(SPOIL), help="in this process alone")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    if given.piece:
        piece(given.library, given.piece, given.count, given.seed)
        return
    with tempfile.TemporaryDirectory() as made:
        folder = (given.library or Path(made)).resolve()
        if not given.library:
            compile_in(folder)
        raise SystemExit(int(pieces(folder, given.count) > 0))


if __name__ == "__main__":
    main()
