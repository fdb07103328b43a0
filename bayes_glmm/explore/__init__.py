"""One self-contained page to play with: a typical person, and the average of many."""

from __future__ import annotations

from bayes_glmm.explore.assemble import explore

__all__ = ["explore"]
