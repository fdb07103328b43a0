"""How a model fits its rows: residuals, neighbours, verdicts; and what is written to disk."""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from arviz_stats.base import array_stats
from scipy import special

import bayes_glmm as bg
from tests.matrix.ask_effects import check_summary, parameters
from tests.matrix.held import by_chance, near
from tests.matrix.laws import ORDERED
from tests.matrix.questions import Question
from tests.matrix.responses import draw, observed, seen
from tests.matrix.rows import LEVELS, RING
from tests.matrix.world import World

type Array = np.ndarray
REPEATS, REPLICATIONS = 30, 80


def effects_anew(w: World, rng: np.random.Generator) -> dict[str, Array]:
    """Return predictors of the rows with new effects of all levels, row by row independent."""
    rows = pd.concat([w.rows] * REPEATS)
    eta, (names, covariance) = w.eta(w.rows, "typical"), w.covariance(w.rows)
    found = {k: np.tile(v, REPEATS) for k, v in eta.items()}
    if not names:
        return found
    size = np.stack([_own_size(w, p) for p in names], axis=-1)
    root = np.linalg.cholesky(covariance + 1e-18 * np.eye(len(names)))
    root = np.tile(root * size[..., None], (1, REPEATS, 1, 1))
    z = rng.standard_normal(root.shape[:3])
    if any(g.student for p in names for g in w.of(p).side.groups):
        nu = w.draw("nu_g")[:, None, None]
        z = z / np.sqrt(rng.chisquare(np.broadcast_to(nu, z.shape)) / nu)
    assert len(rows) == z.shape[1]
    moved = np.einsum("dnij,dnj->idn", root, z)
    return {**found, **{k: found[k] + v for k, v in zip(names, moved, strict=True)}}


def _own_size(w: World, parameter: str) -> Array:
    """Return each row's sd over that of a level of mean variance, shape (n_draws, n_rows)."""
    at = w.of(parameter)
    related = [g for g in at.side.groups if g.structure]
    if not related:
        return np.ones((w.n_draws, len(w.rows)))
    (group,) = related
    own = np.diagonal(at.relation(group), axis1=1, axis2=2)
    index = [at.known(group)[v] for v in group.members(w.rows)[0][0]]
    return np.broadcast_to(
        np.sqrt(own / own.mean(-1, keepdims=True))[:, index], (w.n_draws, len(index))
    )


def predictive(w: World, anew: bool) -> Array:
    """Return responses of the rows again, shape (n_draws, repeats, n_rows)."""
    rng = np.random.default_rng(7)
    eta = effects_anew(w, rng) if anew else {
        k: np.tile(v, REPEATS) for k, v in w.eta(w.rows, "known").items()}  # fmt: skip
    y = draw(w, eta, pd.concat([w.rows] * REPEATS), rng)
    return np.broadcast_to(y, (w.n_draws, y.shape[1])).reshape(w.n_draws, REPEATS, -1)


def check_pit(w: World, table: pd.DataFrame, anew: bool) -> None:
    """Hold ranks among 80 replications to the share of 2,400 others below, ties halved."""
    anew = anew or "observation" in str(w.term.mu.text)
    again, y = predictive(w, anew), observed(w)
    if w.family == "von_mises":
        again = (again + np.pi) % (2 * np.pi) - np.pi
    below, tied = (again < y).mean(axis=(0, 1)), (again == y).mean(axis=(0, 1))
    middle = below + tied / 2
    variance = (below * (1 - below)) * (1 / REPLICATIONS + 1 / again[..., 0].size) + tied**2 / 12
    by_chance(table["pit"].to_numpy()[None], middle, variance + 1e-4, of_squares=False)
    near(table["residual"], special.ndtri(table["pit"]))
    near(table["observed"], y)


def check_pearson(w: World, table: pd.DataFrame) -> None:
    if "observation" in w.term.mu.text:  # effects of single rows are drawn anew
        return
    mean, variance = seen(w, w.eta(w.rows, "known"))
    away = observed(w) - mean
    if w.family == "von_mises":
        away = (away + np.pi) % (2 * np.pi) - np.pi
    rel = 1e-4 if "trunc" in w.modifier else 1e-7
    near(table["fitted"], np.broadcast_to(mean, (w.n_draws, len(w.rows))).mean(axis=0), rel)
    near(table["residual"], (away / np.sqrt(variance)).mean(axis=0), rel)


def ask_moran(w: World) -> Any:
    options = {"groups": "new", "n": 60, "seed": 2}
    return bg.moran(w.tree, "g", RING, **options), bg.residuals(w.tree, **options)


def check_moran(w: World, found: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    table, residuals = found
    means = residuals.groupby("g")["residual"].mean().loc[LEVELS].to_numpy()
    away = means - means.mean()
    expected = (away * np.roll(away, 1)).mean() / (away**2).mean()
    near(table["moran"], [expected])
    assert (table["places"][0], table["pairs"][0]) == (len(LEVELS), len(LEVELS))
    error = 1 / np.sqrt(len(LEVELS)) / np.sqrt(999)  # of the mean of 999 shuffles
    assert abs(table["permuted"][0] + 1 / (len(LEVELS) - 1)) < 5 * error
    for name in ("p_predictive", "p_permutation"):
        assert 0 < table[name][0] <= 1


def check_diagnose(w: World, report: Any) -> None:
    measured = {m.name: m.figure for m in report.chains}
    for method, prob in (("bulk", None), ("tail", (0.05, 0.95))):
        sizes = [_sizes(str(name), variable.values, method, prob)
                 for name, variable in w.tree["posterior"].data_vars.items()]  # fmt: skip
        near(measured[f"ess_{method}"], np.concatenate(sizes).min(), 1e-6)
    for finding in report.findings:
        assert finding.severity in ("error", "warning", "info") and len(finding.message) > 20
        assert finding.figure is None or np.isfinite(finding.figure)
    assert report.converged == (not report.findings.errors)


def _sizes(name: str, values: Array, method: str, prob: Any) -> Array:
    """Return ArviZ's effective sample sizes of what is not fixed by its definition."""
    cube = values.reshape(*values.shape[:2], -1)
    free = np.ptp(cube, axis=(0, 1)) > 1e-12
    if "corr_" in name:
        n = values.shape[2]
        lower = np.tril(np.ones((n, n), bool), 0 if "chol" in name else -1).ravel()
        free &= lower
    cube = cube[:, :, free]
    return np.array([
        array_stats.ess(cube[:, :, k], chain_axis=0, draw_axis=1, method=method, prob=prob)
        for k in range(cube.shape[2])
    ])  # fmt: skip


def ask_report(w: World) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        return bg.report(w.tree, Path(folder) / "fit.html").read_text("utf-8")


def check_report(w: World, page: str) -> None:
    text = re.sub(r"\s+", " ", page)
    for name, values in parameters(w):
        assert name.replace("'", "&#39;").replace(">", "&gt;") in text, name
        assert np.isfinite(values).all()
    cells = re.findall(r"<td[^>]*>([^<]*)</td>", text)
    plain = [c.strip().replace(",", "").replace("−", "-") for c in cells]
    numbers = np.array([float(c) for c in plain if re.fullmatch(r"-?\d+(\.\d+)?", c)])
    middle = next(parameters(w))[1].mean()
    shown = np.exp(middle) if "ratio" in page else middle
    assert min(np.abs(numbers - v).min() for v in (middle, shown)) < 0.01 * abs(middle) + 0.006
    assert "nan" not in {c.lower() for c in plain}


def ask_save(w: World) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        return bg.load(bg.save(w.tree, Path(folder) / "fit.nc"))


def check_save(w: World, tree: Any) -> None:
    assert tree.identical(w.tree)
    check_summary(w, bg.summary(tree))


def ask_explore(w: World) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        page = bg.explore(w.tree, Path(folder) / "page.html", open=False).read_text("utf-8")
    return json.loads(re.search(r'id="data">(.*?)</script>', page, re.DOTALL)[1])


def check_explore(w: World, shown: dict[str, Any]) -> None:
    labels, beta = w.labels("beta", 0), w.draw("beta")
    name = shown["x"]["name"]
    near(shown["draws"]["slope"], beta[:, labels.index(name)])
    mu, share = w.of("mu"), w.amounts(w.rows) / w.amounts(w.rows).sum()
    level = np.zeros(w.n_draws) if w.family in ORDERED else w.draw("intercept").copy()
    for k, label in enumerate(labels):
        if label != name:
            level += beta[:, k] * (share @ mu.side.columns[label](mu, w.rows))
    if w.term.options.get("exposure"):
        level += np.log(w.rows["days"].median())
    near(shown["draws"]["intercept"], level)
    for group in mu.side.groups:
        near(shown["draws"]["sd0"], w.draw(f"sd_{group.name}")[:, 0])
    low, high = (f(mu.side.columns[name](mu, w.rows)) for f in (np.min, np.max))
    near([shown["x"]["low"], shown["x"]["high"]], [low, high])


QUESTIONS = (
    Question("residuals", ("residuals",),
             lambda w: bg.residuals(w.tree, n=REPLICATIONS), lambda w, t: check_pit(w, t, False),
             "ranks among responses drawn by NumPy and SciPy, by chance"),
    Question('residuals(groups="new")', ("residuals",),
             lambda w: bg.residuals(w.tree, groups="new", n=REPLICATIONS),
             lambda w, t: check_pit(w, t, True), "the same with new effects of every level"),
    Question('residuals("pearson")', ("residuals",),
             lambda w: bg.residuals(w.tree, "pearson", n=REPLICATIONS), check_pearson,
             "mean and variance of the family in every draw"),
    Question("moran", ("moran",), ask_moran, check_moran,
             "Moran's formula of the residuals' means, and what shuffles give by chance"),
    Question("diagnose", ("diagnose",), lambda w: bg.diagnose(w.tree), check_diagnose,
             "ArviZ's effective sample sizes; findings have finite figures"),
    Question("save and load", ("save", "load"), ask_save, check_save,
             "the result itself, and its summary", costly=True),
    Question("explore", ("explore",), ask_explore, check_explore,
             "draws of the line that the page is given"),
    Question("report", ("report",), ask_report, check_report,
             "every parameter is there, and no figure is missing", costly=True),
)  # fmt: skip
