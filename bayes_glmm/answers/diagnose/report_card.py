"""The whole verdict on a fit: what was found, how bad, and what to do."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import pandas as pd

from bayes_glmm.answers.diagnose.convergence import Measure, convergence, measures
from bayes_glmm.answers.diagnose.verdicts import VERDICTS
from bayes_glmm.errors import Finding, Findings
from bayes_glmm.results.fit import Fit

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["Report", "convergence", "diagnose"]
TALL = 10


@dataclass(frozen=True)
class Report:
    """Verdicts on one fit.

    Attributes
    ----------
    findings : Findings
        Each with figure, threshold, meaning and next step.
    converged : bool
        Whether the chains may be reported from.
    chains : tuple of Measure
        What was measured about the chains, met or not.
    looked_at : tuple of str
        Names of everything else that was looked at, found or not.
    """

    findings: Findings
    converged: bool
    chains: tuple[Measure, ...] = ()
    looked_at: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether nothing is worse than information."""
        return self.findings.passed

    @property
    def table(self) -> pd.DataFrame:
        """What was measured about the chains: ``name``, ``figure``, ``threshold``, ``met``."""
        return pd.DataFrame(
            [(m.name, m.meaning, m.figure, m.threshold, m.finding is None) for m in self.chains],
            columns=["name", "meaning", "figure", "threshold", "met"],
        )

    def rows(self) -> list[tuple[str, str, str, str]]:
        """Return what was measured about the chains as text, met or not."""
        return [
            (m.meaning, _figure(m.figure, m.name), _limit(m), "no" if m.finding else "yes")
            for m in self.chains
        ]

    def __getitem__(self, name: str) -> tuple[Finding, ...]:
        return self.findings[name]

    def __str__(self) -> str:
        lines = ["The chains converged." if self.converged else "The chains did NOT converge."]
        width = max((len(m.meaning) for m in self.chains), default=0)
        for meaning, figure, limit, met in self.rows():
            ok = "ok" if met == "yes" else "NOT MET"
            lines.append(f"  {meaning:<{width}}  {figure:>8}  {limit:<8}  {ok}")
        lines += [f"- {finding}" for finding in self.findings]
        if not len(self.findings):
            lines.append(f"Nothing was found among: {', '.join(self.looked_at)}.")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        head = "converged" if self.converged else "did <strong>not</strong> converge"
        chains = _html_table(("figure", "value", "threshold", "met"), self.rows())
        found = _html_table(
            ("severity", "name", "finding"),
            [(f.severity, f.name, f.message) for f in self.findings],
        )
        none = "" if found else f"<p>Nothing found among: {escape(', '.join(self.looked_at))}.</p>"
        return f"<p>The chains {head}.</p>{chains}{found}{none}"


def diagnose(tree: xr.DataTree) -> Report:
    """Judge a fit: its chains, its random effects, its priors and its fit to the data.

    Findings of the checks before sampling are repeated, so that the report is whole.

    Parameters
    ----------
    tree : xarray.DataTree
        A result of :func:`bayes_glmm.fit` or :func:`bayes_glmm.load`.

    Returns
    -------
    Report
        ``.passed``, ``.converged``, ``.findings``; prints as a list.

    Raises
    ------
    ResultError
        The tree was not made by this package.

    Examples
    --------
    >>> import bayes_glmm as bg
    >>> tree = bg.fit(
    ...     "deaths | trials(operations) ~ 1 + (1 | hospital)", bg.dataset("surgical"),
    ...     family="binomial",
    ... )
    >>> report = bg.diagnose(tree)
    >>> report.converged, report.passed
    (True, True)
    """
    fit = Fit.of(tree)
    chains = tuple(measures(fit.posterior, tree["sample_stats"].to_dataset()))
    found = tuple(_unique([*_said(fit, "verdict"), *(m.finding for m in chains if m.finding)]))
    judged = tuple(f for _, verdict, limit in VERDICTS for f in verdict(fit, limit))
    names = {f.name for f in judged}
    before = tuple(f for f in _said(fit, "findings") if f.name not in names)
    converged = bool(fit.info["converged"]) and not any(f.severity == "error" for f in found)
    looked_at = ("convergence", *(name for name, _, _ in VERDICTS), "checks before sampling")
    return Report(Findings(found + judged + before), converged, chains, looked_at)


def _said(fit: Fit, record: str) -> Iterator[Finding]:
    """Repeat findings kept in the result."""
    for finding in fit.info[record]:
        yield Finding(**{**finding, "rows": tuple(finding["rows"])})


def _unique(findings: list[Finding]) -> list[Finding]:
    return list({f.name: f for f in reversed(findings)}.values())[::-1]


def _limit(measure: Measure) -> str:
    least = measure.name in ("ess_bulk", "ess_tail", "energy")
    return f"{'≥' if least else '≤'} {_figure(measure.threshold, '')}"


def _figure(value: float, name: str) -> str:
    if math.isnan(value):
        return "–"
    if name.startswith("r_hat"):
        return f"{value:.4f}"
    return f"{value:,.0f}" if abs(value) >= TALL else f"{value:.4g}"


def _html_table(columns: tuple[str, ...], rows: Sequence[tuple[Any, ...]]) -> str:
    if not rows:
        return ""
    head = "".join(f'<th scope="col">{escape(c)}</th>' for c in columns)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(str(v))}</td>" for v in row) + "</tr>" for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
