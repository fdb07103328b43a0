"""What long runs share: a folder that belongs to one call, and bars that show how far it is."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bayes_glmm.errors import EngineError
from bayes_glmm.files import write_atomically
from bayes_glmm.outputs import usable_folder

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

IDENTITY = "run.json"


def claim(folder: Path, identity: Mapping[str, Any]) -> None:
    """Open or begin a folder for one call, refusing one that holds something else.

    Raises
    ------
    ArgumentError
        It is a file, or nothing can be written there.
    EngineError
        The folder holds other files or the run of another call, or cannot be read.
    """
    usable_folder(folder).mkdir(parents=True, exist_ok=True)
    path = folder / IDENTITY
    wanted = json.loads(json.dumps(dict(identity)))
    if not path.exists():
        strangers = [p.name for p in folder.iterdir() if not p.name.endswith(".part")]
        if strangers:
            raise EngineError(
                f"store={str(folder)!r} is not empty and holds no run: {strangers[0]!r} is "
                "there. Give an empty or new folder."
            )
        write_atomically(path, json.dumps(wanted, sort_keys=True, indent=1).encode())
    try:
        found = json.loads(path.read_text())
    except ValueError as error:
        raise EngineError(f"{path} cannot be read ({error}). Give a new folder.") from error
    different = sorted(k for k in found.keys() | wanted.keys() if found.get(k) != wanted.get(k))
    if different:
        raise EngineError(
            f"store={str(folder)!r} holds a run of another call: {', '.join(different)} "
            "differ. Repeat that call exactly, or give a new folder."
        )


def shown_on(wanted: bool) -> Console | None:
    """Return where progress is shown: a terminal, or a notebook with ipywidgets."""
    from rich.console import Console

    console = Console(stderr=True)
    notebook = console.is_jupyter and find_spec("ipywidgets") is not None
    return console if wanted and (console.is_terminal or notebook) else None


@contextmanager
def bars(wanted: bool, last: str) -> Iterator[Progress | None]:
    """Show bars whose last column is that text, where there is somebody to see them."""
    console = shown_on(wanted)
    if console is None:
        yield None
        return
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn(last),
    )
    with Progress(*columns, console=console) as shown:
        yield shown
