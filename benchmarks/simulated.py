"""Tables that are drawn here, because they are larger than what the repository carries."""

from __future__ import annotations

import numpy as np
import pandas as pd

SEED = 20240
ROWS, STUDENTS, LECTURERS = 73_421, 2_972, 1_128


def crossed() -> pd.DataFrame:
    """Ratings of lecturers by students, of the full size of lme4's InstEval.

    SIMULATED: 73,421 rows, 2,972 students ``s`` and 1,128 lecturers ``d``, every one of
    them with a row; the rest of the pairs are drawn with unequal frequencies. The sds of
    students, lecturers and rows, 0.33, 0.51 and 1.18, and the effect of ``service``,
    -0.09, are about those of the real table. Numbers are not ratings of 1 to 5.

    Returns
    -------
    pandas.DataFrame
        ``s``, ``d`` and ``service`` as text, ``y`` as a number.
    """
    rng = np.random.default_rng(SEED)
    s = np.concatenate([np.arange(STUDENTS), _draw(rng, STUDENTS, ROWS - STUDENTS)])
    d = np.concatenate([_draw(rng, LECTURERS, ROWS - LECTURERS), np.arange(LECTURERS)])
    service = rng.integers(0, 2, ROWS)
    y = 3.28 - 0.09 * service + 1.18 * rng.standard_normal(ROWS)
    y += 0.33 * rng.standard_normal(STUDENTS)[s] + 0.51 * rng.standard_normal(LECTURERS)[d]
    text = {"s": s.astype(str), "d": d.astype(str), "service": service.astype(str)}
    return pd.DataFrame({**text, "y": y})


def _draw(rng: np.random.Generator, levels: int, rows: int) -> np.ndarray:
    shares = rng.gamma(2.0, size=levels)
    return rng.choice(levels, rows, p=shares / shares.sum())


def intercepts(family: str, rows: int, groups: int) -> pd.DataFrame:
    """Rows in groups that differ in level. SIMULATED.

    Parameters
    ----------
    family : {"poisson", "bernoulli"}
    rows, groups : int
        Each group has at least one row when there are as many rows.

    Returns
    -------
    pandas.DataFrame
        ``y``, a number ``x`` and whole numbers ``g``.
    """
    rng = np.random.default_rng(SEED)
    g = np.concatenate([np.arange(groups), rng.integers(groups, size=rows - groups)])
    x = rng.standard_normal(rows)
    eta = 0.5 + 0.3 * x + 0.5 * rng.standard_normal(groups)[g]
    if family == "poisson":
        y = rng.poisson(np.exp(eta))
    else:
        y = rng.random(rows) < 1 / (1 + np.exp(-eta))
    return pd.DataFrame({"y": y.astype(np.int64), "x": x, "g": g})
