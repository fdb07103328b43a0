"""A fit as one HTML file: no network, no script, everything escaped."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from bayes_glmm.answers.comparisons import comparisons
from bayes_glmm.answers.diagnose import diagnose
from bayes_glmm.answers.effects import random_effects
from bayes_glmm.answers.predictions import predictions
from bayes_glmm.answers.summary import EXPONENTIATED, summary
from bayes_glmm.errors import ArgumentError
from bayes_glmm.report.words import in_mathematics, in_words
from bayes_glmm.results import Fit

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

MOST_LEVELS = 200
TALL = 1000
MOST_SHOWN = 30


def report(tree: xr.DataTree, path: str | Path, title: str | None = None) -> Path:
    """Write a fit as one self-contained HTML page.

    Parameters
    ----------
    tree : xarray.DataTree
    path : path
        The file to write.
    title : str, optional
        The question; the formula when not given.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    ArgumentError
        The folder does not exist.

    Examples
    --------
    >>> bg.report(tree, "fit.html", title="Do coated catheters help?")  # doctest: +SKIP
    """
    import warnings

    import jinja2

    from bayes_glmm.files import write_atomically
    from bayes_glmm.results import UnconvergedWarning

    path = Path(path)
    if not path.parent.is_dir():
        raise ArgumentError(f"The folder {str(path.parent)!r} does not exist.")
    source = (Path(__file__).parent / "page.html.j2").read_text(encoding="utf-8")
    page = jinja2.Environment(autoescape=True).from_string(source)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnconvergedWarning)
        html = page.render(**content(tree, title))
    write_atomically(path, html.encode("utf-8"))
    return path


def content(tree: xr.DataTree, title: str | None) -> dict[str, Any]:
    """Collect what the page shows."""
    fit = Fit.of(tree)
    verdict = diagnose(tree)
    formula = fit.spec.formula
    return {
        "title": title or (formula if isinstance(formula, str) else formula["mu"]),
        "formula": formula if isinstance(formula, str) else "; ".join(formula.values()),
        "family": fit.family.name,
        "link": fit.link.name,
        "banner": fit.banner,
        "words": in_words(fit),
        "mathematics": in_mathematics(fit),
        "info": fit.info,
        "verdict": verdict,
        "effects": cells(summary(tree)),
        "ratios": _ratios(tree, fit),
        "averages": _averages(tree, fit),
        "comparisons": _comparisons(tree, fit),
        "groups": [_group(tree, fit, g.name) for g in fit.groups],
        "check": picture(_drawn("plot_ppc", tree)),
        "priors": [(name, repr(prior)) for name, prior in fit.priors.items()],
    }


def cells(table: pd.DataFrame, columns: list[str] | None = None) -> dict[str, Any]:
    """Turn a table into headings and formatted cells."""
    table = table[columns] if columns else table
    return {
        "columns": [str(c) for c in table.columns],
        "rows": [[_format(v) for v in row] for row in table.itertuples(index=False)],
        "scale": table.attrs.get("scale", ""),
        "estimand": table.attrs.get("estimand", ""),
    }


def _format(value: Any) -> str:
    if isinstance(value, float | np.floating):
        number = float(value)
        return "–" if np.isnan(number) else f"{number:.3g}" if abs(number) < TALL else f"{number:,.0f}"
    return str(value)


def _ratios(tree: xr.DataTree, fit: Fit) -> dict[str, Any] | None:
    if (fit.link.name, fit.family.discrete) not in EXPONENTIATED or not fit.design.mu.coefficients:
        return None
    table = summary(tree, exponentiate=True)
    assert isinstance(table, pd.DataFrame)
    fixed = len(fit.design.mu.coefficients) + fit.design.mu.intercept
    return cells(table.iloc[:fixed, :6])


def _averages(tree: xr.DataTree, fit: Fit) -> dict[str, Any]:
    """Set the average over the population beside a typical group's response."""
    parts = []
    for groups in ("population", "typical") if fit.groups else ("population",):
        table = predictions(tree, groups=groups, by=True)
        assert isinstance(table, pd.DataFrame)
        table.insert(0, "whose response", groups)
        parts.append(table.drop(columns="rows"))
    whole = pd.concat(parts, ignore_index=True)
    whole.attrs = {"scale": parts[0].attrs["scale"]}
    return cells(whole)


def _comparisons(tree: xr.DataTree, fit: Fit) -> dict[str, Any] | None:
    variables = [
        c.name for c in fit.schema.columns if "fixed" in c.roles and len(c.levels) <= MOST_SHOWN
    ]
    if not variables:
        return None
    parts = [comparisons(tree, name) for name in variables]
    tables = [p for p in parts if isinstance(p, pd.DataFrame)]
    whole = pd.concat(tables, ignore_index=True)
    whole.attrs = {k: tables[0].attrs[k] for k in ("scale", "estimand")}
    return cells(whole)


def _group(tree: xr.DataTree, fit: Fit, name: str) -> dict[str, Any]:
    design = fit.group(name)
    if design.n_levels > MOST_LEVELS:
        return {"name": name, "n": design.n_levels, "pictures": [], "table": None}
    pictures = [picture(_drawn("plot_caterpillar", tree, name))]
    if "intercept" in design.terms:
        pictures.append(picture(_drawn("plot_shrinkage", tree, name)))
    table = random_effects(tree, name)
    assert isinstance(table, pd.DataFrame)
    return {"name": name, "n": design.n_levels, "pictures": pictures, "table": cells(table)}


def _drawn(name: str, *arguments: Any) -> Callable[[], Axes]:
    from bayes_glmm import plots

    return lambda: vars(plots)[name](*arguments)


def picture(draw: Callable[[], Axes]) -> str:
    """Draw on a canvas of its own and return it as a data address."""
    import matplotlib as mpl
    import matplotlib.pyplot as plt

    with mpl.rc_context({"figure.dpi": 110, "font.size": 9}):
        draw()
        figure = plt.gcf()
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", metadata={"Software": None})
        plt.close(figure)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
