"""Ranks of true values among posterior draws, and whether they are uniform."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.answers.diagnose.rhat_ess import diagnostics
from bayes_glmm.answers.diagnose.uniformity import ecdf, holm
from bayes_glmm.errors import ArgumentError, listed, suggestion

type Array = NDArray[np.float64]
MOST, FEWEST = 99, 9
COVERAGES = (0.5, 0.8, 0.95)
LEVEL = 0.05
R_HAT = 1.05


def ranks(
    truth: Mapping[str, float], draws: Mapping[str, Array], rng: np.random.Generator
) -> dict[str, dict[str, float]]:
    """Rank true values among draws that are as good as independent.

    Parameters
    ----------
    truth : mapping of str to float
    draws : mapping of str to ndarray, shape (n_chains, n_draws)
        Of the same quantities.
    rng : numpy.random.Generator
        For ties, and to spread each rank over its share of the unit interval.

    Returns
    -------
    dict of str to dict
        By quantity: ``rank`` among ``of`` thinned draws, as many as the effective sample
        size allows, at most 99; ``u``, the rank as a uniform number; ``share``, that
        among all draws; ``ess``, the smaller of bulk and tail; ``r_hat``.
    """
    names = [name for name in truth if name in draws]
    cube = np.stack([draws[name] for name in names], axis=-1)
    found = diagnostics(cube)
    ess = np.fmin(found["ess_bulk"], found["ess_tail"])
    flat = cube.reshape(-1, len(names))
    out = {}
    for j, name in enumerate(names):
        size = np.nan_to_num(ess[j], nan=MOST)  # a constant: ties decide
        of = int(np.clip(size, min(FEWEST, len(flat)), min(MOST, len(flat))))
        kept = np.linspace(0, len(flat) - 1, of).round().astype(int)
        rank = _rank(truth[name], flat[kept, j], rng)
        share = (_rank(truth[name], flat[:, j], rng) + rng.uniform()) / (len(flat) + 1)
        out[name] = {
            "rank": rank,
            "of": of,
            "u": float((rank + rng.uniform()) / (of + 1)),
            "share": float(share),
            "ess": float(size),
            "r_hat": float(np.nan_to_num(found["r_hat"][j], nan=1.0)),
        }
    return out


def _rank(truth: float, draws: Array, rng: np.random.Generator) -> int:
    return int(np.sum(draws < truth) + rng.integers(0, np.sum(draws == truth), endpoint=True))


@dataclass(frozen=True, eq=False)
class Calibration:
    """Whether posteriors of simulated data are where they claim to be.

    Attributes
    ----------
    table : pandas.DataFrame
        One row per ``quantity``: ``n`` fits, ``p_value`` of uniform ranks, ``p_adjusted``
        for the number of quantities by Holm's method, ``mean`` (0.5 is right: above it
        posteriors are too low) and ``spread`` of the ranks (1 is right: above it posteriors
        are too narrow), how often intervals cover the truth (``coverage50``,
        ``coverage80``, ``coverage95``) and the median effective sample size, ``ess``.
    ranks : pandas.DataFrame, shape (n_fits, n_quantities)
        Ranks as numbers from 0 to 1, by simulation.
    fits : pandas.DataFrame
        ``divergences``, the worst ``r_hat`` and ``ess``, ``seconds``, by simulation.
    failures : pandas.Series of str
        What went wrong, by simulation.
    attrs : dict
    """

    table: pd.DataFrame
    ranks: pd.DataFrame
    fits: pd.DataFrame
    failures: pd.Series[str]
    attrs: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, records: Sequence[Mapping[str, Any]], **attrs: Any) -> Calibration:
        """Put together what single fits found, in the order of the simulations."""
        good = {k: r for k, r in enumerate(records) if "error" not in r}
        failures = {k: str(r["error"]) for k, r in enumerate(records) if "error" in r}
        if not good:
            first = next(iter(failures.values()), "nothing was asked for")
            raise ArgumentError(f"No simulation was fitted. The first one: {first}")

        def column(key: str) -> pd.DataFrame:
            rows = {k: {q: v[key] for q, v in r["ranks"].items()} for k, r in good.items()}
            return pd.DataFrame.from_dict(rows, orient="index").rename_axis("simulation")

        u, share, ess = column("u"), column("share"), column("ess")
        fits = pd.DataFrame(
            {
                "divergences": {k: r["divergences"] for k, r in good.items()},
                "r_hat": column("r_hat").max(axis=1),
                "ess": ess.min(axis=1),
                "seconds": {k: r["seconds"] for k, r in good.items()},
            }
        ).rename_axis("simulation")
        table = _table(u, share, ess)
        failed = pd.Series(failures, dtype="str", name="error").rename_axis("simulation")
        return cls(table, u, fits, failed, attrs)

    @property
    def passed(self) -> bool:
        """Whether no quantity's ranks contradict uniform ones, at the level 0.05 for them all."""
        return not (self.table["p_adjusted"] < LEVEL).any()

    def require(self, quantities: Sequence[str] | None) -> list[str]:
        """Return the quantities asked for, refusing unknown ones; all when none are named."""
        known = list(self.ranks.columns)
        for name in quantities or ():
            if name not in known:
                raise ArgumentError(f"No quantity {name!r} was ranked." + suggestion(name, known))
        return known if quantities is None else list(quantities)

    def __str__(self) -> str:
        worst = self.table.loc[self.table["p_value"].idxmin()]
        bad = self.table.loc[self.table["p_adjusted"] < LEVEL, "quantity"]
        said = f"not uniform: {listed(bad)}" if len(bad) else "ranks are uniform"
        lines = [
            f"{len(self.ranks)} fits, {len(self.table)} quantities: {said}; the least so "
            f"{worst['quantity']}, p = {worst['p_value']:.3g}."
        ]
        if len(self.failures):
            lines.append(f"{len(self.failures)} failed: {self.failures.iloc[0]}")
        if slow := int((self.fits["r_hat"] > R_HAT).sum()):
            lines.append(f"{slow} fits have an R-hat above {R_HAT}: sample longer (draws=, tune=).")
        return "\n".join([*lines, "", self.table.round(3).to_string(index=False)])


def _table(u: pd.DataFrame, share: pd.DataFrame, ess: pd.DataFrame) -> pd.DataFrame:
    p_values = np.array([ecdf(u[q].to_numpy()).p_value for q in u])
    away = (share - 0.5).abs()
    return pd.DataFrame(
        {
            "quantity": list(u.columns),
            "n": u.notna().sum().to_numpy(),
            "p_value": p_values,
            "p_adjusted": holm(p_values),
            "mean": u.mean().to_numpy(),
            "spread": (u.std(ddof=0) * np.sqrt(12)).to_numpy(),
            **{f"coverage{100 * c:g}": (away < c / 2).mean().to_numpy() for c in COVERAGES},
            "ess": ess.median().to_numpy(),
        }
    )
