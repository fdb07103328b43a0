"""The explorer as one HTML file: its own script by hash, no network, data as JSON."""

from __future__ import annotations

import base64
import hashlib
import json
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bayes_glmm.explore.posterior_page import posterior_of

if TYPE_CHECKING:
    import xarray as xr

PAGE = Path(__file__).parent / "page"
SCRIPTS = ("numbers", "people", "code", "words", "charts", "controls", "page")
DEFAULT = "explorer.html"


def explore(
    tree: xr.DataTree | None = None,
    path: str | Path | None = None,
    open: bool = True,
    *,
    force: bool = False,
) -> Path:
    """Write a page to play with a mixed model, and open it in the browser.

    Sliders set the intercept, the slope and how people differ in both; the page draws
    the typical person, the average over people and simulated individuals on both
    scales, and says in words and numbers why conditional and averaged effects differ.
    It is one file that asks for nothing from any network.

    Parameters
    ----------
    tree : xarray.DataTree, optional
        A fit whose posterior the page shows; without one it starts from round values.
    path : path, optional
        The file to write, ``"explorer.html"`` in the current folder by default.
    open : bool, default True
        Whether to open the file in the browser.
    force : bool, default False
        Replace a file that is no page of this package.

    Returns
    -------
    pathlib.Path
        The file that was written.

    Raises
    ------
    ArgumentError
        The path is a folder, or in none; or a file that is no page, without ``force``.
    ResultError
        The page cannot show a model like that of the fit; the message says why.

    Examples
    --------
    >>> import bayes_glmm as bg
    >>> bg.explore(path="explorer.html", open=False).name
    'explorer.html'
    """
    from bayes_glmm.disk.atomic_files import write_atomically
    from bayes_glmm.disk.outputs import writable

    path = DEFAULT if path is None else path
    place = writable(path, "page", force=force)
    shown = None if tree is None else posterior_of(tree)
    write_atomically(place, page(shown).encode("utf-8"))
    if open:
        webbrowser.open(place.as_uri())
    return Path(path)


def page(shown: dict[str, Any] | None) -> str:
    """Put the page together around a posterior, or around none."""
    import jinja2
    from markupsafe import Markup

    script = "\n".join(["'use strict';", *(_part(f"{name}.js") for name in SCRIPTS)])
    style = _part("page.css")
    policy = (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; "
        "base-uri 'none'; form-action 'none'"
    )
    return (
        jinja2.Environment(autoescape=True)
        .from_string(_part("page.html.j2"))
        .render(
            title="bayes_glmm explorer" if shown is None else f"Explorer: {shown['formula']}",
            policy=Markup(policy),  # noqa: S704
            style=Markup(style),  # noqa: S704
            script=Markup(script),  # noqa: S704
            data=Markup(_inert(shown)),  # noqa: S704
            fit=shown,
        )
    )


def _part(name: str) -> str:
    return (PAGE / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """Return what names an inline script or style in a Content-Security-Policy."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _inert(value: object) -> str:
    """Write JSON that no parser of HTML takes for a tag."""
    return json.dumps(value, allow_nan=False).replace("<", "\\u003c")
