"""The whole verdict on a fit: what was found, how bad, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from bayes_glmm.answers.convergence import convergence
from bayes_glmm.answers.verdicts import VERDICTS
from bayes_glmm.errors import Finding, Findings
from bayes_glmm.results import Fit

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["Report", "convergence", "diagnose"]


@dataclass(frozen=True)
class Report:
    """Verdicts on one fit.

    Attributes
    ----------
    findings : Findings
        Each with figure, threshold, meaning and next step.
    converged : bool
        Whether the chains may be reported from.
    looked_at : tuple of str
        Names of everything that was looked at, found or not.
    """

    findings: Findings
    converged: bool
    looked_at: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether nothing is worse than information."""
        return self.findings.passed

    def __getitem__(self, name: str) -> tuple[Finding, ...]:
        return self.findings[name]

    def __str__(self) -> str:
        head = "The chains converged." if self.converged else "The chains did NOT converge."
        lines = [head, *(f"- {finding}" for finding in self.findings)]
        if not len(self.findings):
            lines.append(f"Nothing was found among: {', '.join(self.looked_at)}.")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{escape(f.severity)}</td><td>{escape(f.name)}</td><td>{escape(f.message)}</td></tr>"
            for f in self.findings
        )
        head = "converged" if self.converged else "did <strong>not</strong> converge"
        none = "" if rows else f"<p>Nothing found among: {escape(', '.join(self.looked_at))}.</p>"
        table = (
            rows and f"<table><tr><th>severity</th><th>name</th><th>finding</th></tr>{rows}</table>"
        )
        return f"<p>The chains {head}.</p>{none}{table}"


def diagnose(tree: xr.DataTree) -> Report:
    """Judge a fit: its chains, its random effects, and its fit to the data.

    Parameters
    ----------
    tree : xarray.DataTree

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
    >>> print(bg.diagnose(tree))  # doctest: +SKIP
    """
    fit = Fit.of(tree)
    found = tuple(finding for _, verdict in VERDICTS for finding in verdict(fit))
    return Report(Findings(found), bool(fit.info["converged"]), tuple(n for n, _ in VERDICTS))
