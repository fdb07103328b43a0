"""Write docs/families.md from the code."""

from __future__ import annotations

from pathlib import Path

from bayes_glmm.families.table import markdown

if __name__ == "__main__":
    Path(__file__).with_suffix(".md").write_text(markdown(), encoding="utf-8")
