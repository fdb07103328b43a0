"""Run a contender in a process of its own, with caches of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parents[1]
TAIL = 4


def environment(caches: Path) -> dict[str, str]:
    """Return an environment in which every compiler keeps what it made in one folder."""
    kept = {"numba": "NUMBA_CACHE_DIR", "jax": "JAX_COMPILATION_CACHE_DIR"}
    for name in (*kept, "pytensor"):
        (caches / name).mkdir(parents=True, exist_ok=True)
    flags = [os.environ.get("PYTENSOR_FLAGS", ""), f"base_compiledir={caches / 'pytensor'}"]
    paths = [str(HERE), os.environ.get("PYTHONPATH", "")]
    return {
        **os.environ,
        **{variable: str(caches / name) for name, variable in kept.items()},
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "PYTENSOR_FLAGS": ",".join(filter(None, flags)),
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
    }


def launch(python: str, arguments: list[str], caches: Path, timeout: float) -> dict[str, Any]:
    """Run ``python -m contenders`` and return its figures, or ``{"failed": why}``."""
    with tempfile.TemporaryDirectory() as folder:
        out, log = Path(folder) / "figures.json", Path(folder) / "log"
        with log.open("wb") as stream:
            process = subprocess.Popen(
                [python, "-m", "contenders", *arguments, "--out", str(out)],
                cwd=HERE.parent,
                env=environment(caches),
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
                start_new_session=True,
            )
            why = _wait(process, timeout)
        if not why and out.exists():
            return json.loads(out.read_text("utf-8"))
        said = log.read_text("utf-8", errors="replace").strip().splitlines()[-TAIL:]
        return {"failed": why or f"status {process.returncode}: {' / '.join(said)}"[:600]}


def _wait(process: subprocess.Popen, timeout: float) -> str:
    """Wait; when time is up or the user interrupts, end the process and all it started."""
    try:
        process.wait(timeout)
        return "" if process.returncode >= 0 else f"ended by signal {-process.returncode}"
    except subprocess.TimeoutExpired:
        _end(process)
        return f"over {timeout:g} s"
    except BaseException:
        _end(process)
        raise


def _end(process: subprocess.Popen) -> None:
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
