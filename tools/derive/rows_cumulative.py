"""The C of ordered categories cut by thresholds: the rows of the cumulative family."""

from __future__ import annotations

from bayes_glmm.native.rows_density import record_cumulative
from bayes_glmm.native.rows_table import CUMULATIVE_LINKS
from tools.derive.rows_families import HEAD, function

SLOPES = "cut_slopes(c, at, m);"
BOTH = f"{SLOPES} cut_curvatures(c, at, m);"


def cumulative_files() -> dict[str, str]:
    """Return the printed files by name: one for each link, and a table of their functions."""
    files = {f"printed_cumulative_{link}.h": _file(link) for link in CUMULATIVE_LINKS}
    table = [HEAD, *(f'#include "{name}"' for name in files)]
    for which, order in (("CUT_FIRST", 1), ("CUT_SECOND", 2)):
        names = ", ".join(f"cumulative_{link}_{order}" for link in CUMULATIVE_LINKS)
        table.append(f"static double (*const {which}[])(Rows *) = {{{names}}};")
    return {**files, "printed_cumulative.h": "\n".join(table) + "\n"}


def _file(link: str) -> str:
    found, name = record_cumulative(link), f"cumulative_{link}"
    lines = [HEAD, f"/* {name}; faces: predictor, threshold below, threshold above. */"]
    lines += function(name, found, second=False, begin="cuts", end=SLOPES)
    lines += function(name, found, second=True, begin="cuts", end=BOTH)
    return "\n".join(lines) + "\n"
