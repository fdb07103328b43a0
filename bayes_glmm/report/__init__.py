"""One self-contained page from a fit."""

from __future__ import annotations

from bayes_glmm.report.render import report

__all__ = ["report"]
