"""Bars that show how far a long run is: in a terminal, and in a notebook without extensions."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import StringIO
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.progress import Progress

PERIOD = 0.5
"""Seconds between two writings of a notebook's output."""
WIDTH = 100
HTML = (
    '<pre class="bayes-glmm-progress" style="margin: 0; line-height: normal; overflow-x: auto">'
    "{code}</pre>"
)


@contextmanager
def bars(wanted: bool, last: str) -> Iterator[Progress | None]:
    """Show bars while a block lasts, where there is somebody to see them.

    Parameters
    ----------
    last : str
        Text of the last column.

    Returns
    -------
    context manager of rich.progress.Progress or None
        ``None`` where there is neither a terminal nor a notebook.
    """
    console = _console(wanted)
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
    if not console.is_jupyter:
        with Progress(*columns, console=console) as shown:
            yield shown
        return
    # never started: rich would draw it by ipywidgets, and leave nothing in a saved notebook
    counted, place = Progress(*columns, console=_page()), _Place()
    try:
        with _again_and_again(lambda: place.write(counted.get_renderable())):
            yield counted
    finally:
        place.write(counted.get_renderable())


@contextmanager
def status(wanted: bool, during: str, after: str) -> Iterator[None]:
    """Say what is being done while a block lasts, where there is somebody to see it.

    A terminal forgets it. A notebook's output cannot be taken back: what is done in a moment
    is not announced there, and other work ends in the sentence ``after``.
    """
    console = _console(wanted)
    if console is None:
        yield
    elif not console.is_jupyter:
        with console.status(during):
            yield
    else:
        place = _Place()
        with _again_and_again(lambda: place.write(during)):
            yield
        if place.handle is not None:
            place.write(after)


def _console(wanted: bool) -> Console | None:
    """Return a terminal or a notebook, if there is one to show progress on."""
    if not wanted:
        return None
    from rich.console import Console

    console = Console(stderr=True)
    return console if console.is_terminal or console.is_jupyter else None


def _page() -> Console:
    """Return a console that shows nothing, and remembers what is printed in its colours."""
    from rich.console import Console

    return Console(
        file=StringIO(), record=True, force_terminal=True, force_jupyter=False, width=WIDTH
    )


class _Place:
    """One output of a notebook's cell, which is written over."""

    def __init__(self) -> None:
        self.handle: Any = None

    def write(self, content: RenderableType) -> None:
        """Show a text or a table there."""
        from IPython.display import display

        page = _page()
        page.print(content)
        bundle = {
            "text/plain": page.export_text(clear=False).rstrip(),
            "text/html": page.export_html(inline_styles=True, code_format=HTML),
        }
        if self.handle is None:
            self.handle = display(bundle, raw=True, display_id=True)
        else:
            self.handle.update(bundle, raw=True)


@contextmanager
def _again_and_again(show: Callable[[], None]) -> Iterator[None]:
    """Call a function after each period, in a thread, while a block lasts."""
    over = threading.Event()

    def run() -> None:
        while not over.wait(PERIOD):
            show()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
