"""Association of many markers with a response, given one fitted null model."""

from __future__ import annotations

from bayes_glmm.scan.scanning import scan

__all__ = ["scan"]
