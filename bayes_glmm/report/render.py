"""A fit as one HTML file: no network, no script, everything escaped."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Hashable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from bayes_glmm import plots
from bayes_glmm.answers.diagnose.ppc import predictive_check
from bayes_glmm.answers.diagnose.report_card import diagnose
from bayes_glmm.answers.effects.level_effects import random_effects, shrinkage
from bayes_glmm.answers.meta.analysis import heterogeneity, meta_analysis, meta_designs
from bayes_glmm.answers.meta.network import network, networks
from bayes_glmm.answers.predict.comparisons import comparisons
from bayes_glmm.answers.predict.predictions import predictions
from bayes_glmm.answers.predict.student_effects import averages
from bayes_glmm.answers.require import able
from bayes_glmm.answers.summary import fixed_effects, summary
from bayes_glmm.answers.variance.partition import variance_partition
from bayes_glmm.errors import ArgumentError
from bayes_glmm.literals import Groups, Measure
from bayes_glmm.model.variables import INTERCEPT
from bayes_glmm.report.words import in_mathematics, in_words
from bayes_glmm.results.fit import Fit
from bayes_glmm.spec.priors import Prior

if TYPE_CHECKING:
    import xarray as xr

MOST_LEVELS = 200
MOST_SHOWN = 30
MOST_PICTURES = 6
TALL = 1000
SMALLEST = 1e-8
DRAWN = {
    "calibration": "Each dot is a tenth of the rows: its share of ones against the probability the "
    "model gives it. Dots should lie on the bars.",
    "frequencies": "Each dot is the number of observed rows with such a response; the bars are what "
    "the model makes in data sets simulated again. Most dots should lie on the bars.",
    "spreads": "Each dot is how much a category's share differs between rows; the bars are what the "
    "model makes in data sets simulated again. Dots above the bars mean that rows differ more than "
    "the family allows.",
    "rows": "Each dot is one observed row; the bars are what the model makes in data sets simulated "
    "again. Most dots should lie on the bars.",
}


def report(
    tree: xr.DataTree,
    path: str | Path,
    title: str | None = None,
    *,
    per: float | None = None,
    force: bool = False,
) -> Path:
    """Write a fit as one self-contained HTML page.

    Parameters
    ----------
    tree : xarray.DataTree
        A result of :func:`bayes_glmm.fit` or :func:`bayes_glmm.load`.
    path : path
        The file to write.
    title : str, optional
        The question; the formula when not given.
    per : float, optional
        Exposure to predict and compare for, e.g. 1,000; each row's own when not given.
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

    Examples
    --------
    >>> import bayes_glmm as bg
    >>> tree = bg.fit(
    ...     "events ~ treat + (1 | study)", bg.dataset("nielweise2008"), family="poisson",
    ...     exposure="catheter_days",
    ... )
    >>> bg.report(tree, "fit.html", title="Do coated catheters help?").name
    'fit.html'
    """
    import warnings

    import jinja2

    from bayes_glmm.disk.atomic_files import write_atomically
    from bayes_glmm.disk.outputs import writable
    from bayes_glmm.errors import UnconvergedWarning

    place = writable(path, "page", force=force)
    source = (Path(__file__).parent / "page.html.j2").read_text(encoding="utf-8")
    page = jinja2.Environment(autoescape=True).from_string(source)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnconvergedWarning)
        html = page.render(**content(tree, title, per))
    write_atomically(place, html.encode("utf-8"))
    return Path(path)


def content(tree: xr.DataTree, title: str | None, per: float | None) -> dict[str, Any]:
    """Collect what the page shows."""
    fit = Fit.of(tree)
    formula = fit.spec.formula
    text = formula if isinstance(formula, str) else "; ".join(formula.values())
    variables = fixed_variables(fit)
    verdict = diagnose(tree)
    chains = pd.DataFrame(verdict.rows(), columns=["figure", "value", "threshold", "met"])
    return {
        "title": title or text,
        "formula": text,
        "family": fit.family.name,
        "link": fit.link.name,
        "banner": fit.banner,
        "words": in_words(fit),
        "mathematics": in_mathematics(fit),
        "info": fit.info,
        "verdict": verdict,
        "chains": cells(chains, "Each figure with its threshold"),
        "effects": cells(summary(tree), "Parameters, conditional on group effects"),
        "ratios": _ratios(tree, fit),
        "averages": _averages(tree, fit, per),
        "comparisons": _comparisons(tree, fit, variables, per),
        "curves": [
            (
                name,
                picture(partial(plots.plot_predictions, tree, name, groups=_whose(fit), per=per)),
            )
            for name in variables[:MOST_PICTURES]
            if _has_means(fit)
        ],
        "networks": [
            (
                f"{treatment}: which treatments each {study} sets beside one another",
                picture(partial(plots.plot_network, tree, study, treatment)),
            )
            for study, treatment in networks(fit)
        ],
        "studies": [_studies(tree, study, treatment) for study, treatment in meta_designs(fit)],
        "variance": _variance(tree, fit),
        "groups": [_group(tree, fit, g.name) for g in fit.groups],
        "check": _check(tree, fit),
        "priors": [(name, _prior(prior)) for name, prior in fit.priors.items()],
        "prior_picture": picture(partial(plots.plot_prior_posterior, tree)),
    }


def _check(tree: xr.DataTree, fit: Fit) -> dict[str, str]:
    """Draw the responses beside replicated ones, or say why that is left out."""
    try:
        kind = predictive_check(fit, n=20).attrs["kind"]
    except ArgumentError as error:
        return {"picture": "", "meaning": f"This check is left out. {error}"}
    return {"picture": picture(partial(plots.plot_ppc, tree)), "meaning": DRAWN[kind]}


def fixed_variables(fit: Fit) -> list[str]:
    """Return columns of the fixed effects that can be compared."""
    skip = {*fit.spec.response.columns, fit.spec.exposure, fit.spec.offset}
    skip |= {
        treatment for study, treatment in networks(fit) if network(fit, study, treatment).parts > 1
    }
    return [
        c.name
        for c in fit.schema.columns
        if "fixed" in c.roles and len(c.levels) <= MOST_SHOWN and c.name not in skip
    ]


def cells(table: Any, caption: str) -> dict[str, Any]:
    """Turn a table into headings and formatted cells; the first column heads the rows."""
    return {
        "caption": caption,
        "columns": [_heading(str(c)) for c in table.columns],
        "rows": [
            [_format(v, c, _decimals(row)) for c, v in row.items()]
            for row in table.rename(columns=str).to_dict("records")
        ],
        "scale": table.attrs.get("scale", ""),
        "estimand": table.attrs.get("estimand", ""),
    }


def _heading(column: str) -> str:
    """Write ``eti89_lb`` as a reader would."""
    for end, word in (("_lb", "from"), ("_ub", "to")):
        stem = column.removesuffix(end)
        kind = stem.rstrip("0123456789.")
        if stem != column and kind in ("eti", "hdi"):
            return f"{stem[len(kind) :]} % {kind.upper()} {word}"
    named = {"r_hat": "R-hat", "ess_bulk": "ESS bulk", "ess_tail": "ESS tail", "mcse": "MCSE"}
    return named.get(column, column.replace("_", " "))


def _decimals(row: dict[Hashable, Any]) -> int | None:
    """Return the decimals that show two figures of the row's standard deviation."""
    sd = float(row.get("sd", np.nan))
    usual = np.isfinite(sd) and SMALLEST < sd
    return max(0, 1 - int(np.floor(np.log10(sd)))) if usual else None


def _format(value: Any, column: Hashable, decimals: int | None = None) -> str:
    if isinstance(value, float | np.floating):
        number = float(value)
        if not np.isfinite(number):
            return "–" if np.isnan(number) else "∞" if number > 0 else "−∞"
        if column == "r_hat":
            return f"{number:.3f}"
        bound = column in ("mean", "sd") or str(column).endswith(("_lb", "_ub"))
        if bound and decimals is not None:
            text = f"{number:,.{decimals}f}"
        else:
            text = f"{number:.3g}" if abs(number) < TALL else f"{number:,.0f}"
        return text.replace("-", "−", 1) if text.startswith("-") else text
    return str(value)


def _prior(prior: Prior) -> str:
    inside = ", ".join(f"{name} = {_format(value, name)}" for name, value in prior.parameters)
    return f"{prior.name}({inside})"


def _ratios(tree: xr.DataTree, fit: Fit) -> dict[str, Any] | None:
    means = fit.design.means
    if fit.family.ratios(fit.link) is None:
        return None
    if not any(p.coefficients for p in means):
        return None
    table = summary(tree, exponentiate=True)
    fixed = fixed_effects(fit)
    return cells(table[table.parameter.isin(fixed)].iloc[:, :6], "Fixed effects as ratios")


def _has_means(fit: Fit) -> bool:
    """Whether responses have means to compare: angles, and pairs given their total, have not."""
    return able(fit, "average") and able(fit, "mean")


def _averages(tree: xr.DataTree, fit: Fit, per: float | None) -> dict[str, Any] | None:
    """Set the average over the population beside a typical group's response."""
    if not _has_means(fit):
        return None
    parts = []
    whole_population: dict[Groups, str] = {"population": "all rows"}
    for groups, whose in (WHOSE if fit.groups else whole_population).items():
        if groups == "population" and not averages(fit):
            continue
        table = predictions(tree, groups=groups, by=True, per=per)
        table.insert(0, "whose response", whose)
        parts.append(table.drop(columns="rows"))
    whole = pd.concat(parts, ignore_index=True)
    whole.attrs = {"scale": parts[0].attrs["scale"]}
    return cells(whole, f"{fit.family.averaged()} of the rows of the data")


def _whose(fit: Fit) -> Groups:
    """Return whose response is shown: a typical group's where there is no average."""
    return "population" if averages(fit) else "typical"


WHOSE: dict[Groups, str] = {
    "population": "average over the population of groups",
    "typical": "typical group (effects of zero)",
}


def _comparisons(
    tree: xr.DataTree, fit: Fit, variables: list[str], per: float | None
) -> list[dict[str, Any]]:
    """Tabulate differences, and ratios where the link keeps means positive."""
    measures: list[Measure] = ["difference"]
    if able(fit.link, "positive_means"):
        measures.append("ratio")
    tables = []
    for measure in measures if variables and _has_means(fit) else []:
        parts = [
            comparisons(tree, name, measure=measure, groups=_whose(fit), per=per).drop(
                columns="measure"
            )
            for name in variables
        ]
        whole = pd.concat(parts, ignore_index=True)
        whole.attrs = {k: parts[0].attrs.get(k, "") for k in ("scale", "estimand")}
        tables.append(cells(whole, CAPTIONS[measure]))
    return tables


CAPTIONS = {
    "difference": "Difference of average responses",
    "ratio": "Ratio of average responses",
}


def _studies(tree: xr.DataTree, study: str, treatment: str | None) -> dict[str, Any]:
    """Draw and tabulate what each study says, the average and what a new one may find."""
    try:
        table = meta_analysis(tree, study, treatment)
    except ArgumentError as error:  # parts of a network that nothing compares
        return {"name": study, "refused": str(error)}
    return {
        "name": study,
        "picture": picture(partial(plots.plot_forest, tree, study, treatment)),
        "table": cells(table, f"Effect in each {study}, on average, and in a new one"),
        "heterogeneity": cells(
            heterogeneity(tree, study, treatment),
            f"How much effects differ between levels of {study}",
        ),
    }


def _variance(tree: xr.DataTree, fit: Fit) -> dict[str, Any] | None:
    """Say where the variance comes from, on the latent scale; of models that have such shares."""
    if not fit.groups:
        return None
    try:
        shares = variance_partition(tree)
    except ArgumentError:
        return None
    table = cells(shares, "Shares of variance, intraclass correlations and R²")
    return {"table": table, "picture": picture(partial(plots.plot_variance, tree))}


def _group(tree: xr.DataTree, fit: Fit, name: str) -> dict[str, Any]:
    design = fit.group(name)
    if design.n_levels > MOST_LEVELS:
        return {"name": name, "n": design.n_levels, "pictures": [], "tables": []}
    pictures, tables = [], []
    own = design.whole and fit.predictor_of(name).parameter == "mu"
    if INTERCEPT in design.terms and own:
        alt = f"Each {name}: the estimate of its own rows beside the partially pooled one"
        pictures.append((alt, picture(partial(plots.plot_shrinkage, tree, name))))
        tables.append(cells(shrinkage(tree, name), "Estimates of own rows, and partially pooled"))
    for term in design.terms:
        alt = f"Deviations of each {name} in {term}, sorted, with intervals"
        pictures.append((alt, picture(partial(plots.plot_caterpillar, tree, name, term))))
        pictures += _placed(tree, fit, name, term)
    tables.append(cells(random_effects(tree, name), "Deviations from the population"))
    return {"name": name, "n": design.n_levels, "pictures": pictures, "tables": tables}


def _placed(tree: xr.DataTree, fit: Fit, name: str, term: str) -> list[tuple[str, str]]:
    """Draw the tree or the map that a group's levels are on."""
    structure = fit.group(name).structure
    kind = "" if structure is None else fit.structures[structure].kind
    if kind == "lineage":
        alt = f"The tree of {name}, coloured by the deviation in {term}"
        return [(alt, picture(partial(plots.plot_tree, tree, name, term)))]
    if kind in ("areal", "coordinates"):
        alt = f"{name} on a map: deviation in {term}, and the probability that it is above zero"
        return [(alt, picture(partial(plots.plot_map, tree, name, term=term)))]
    return []


def picture(draw: Callable[[], Any]) -> str:
    """Draw, and return the picture as a data address."""
    import matplotlib as mpl
    import matplotlib.pyplot as plt

    with mpl.rc_context({"font.size": 9, "font.family": "DejaVu Sans"}), plt.ioff():
        figure = np.ravel(draw())[0].figure
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=130, metadata={"Software": None})
        plt.close(figure)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
