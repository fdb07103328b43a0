"""Print the rows of every family and link as C: ``python -m tools.derive.rows``."""

from __future__ import annotations

import sys
from pathlib import Path

from bayes_glmm.families.density_family import Written
from bayes_glmm.maths.links import LINKS
from bayes_glmm.native.rows_density import record_rows
from bayes_glmm.native.rows_table import FAMILY_NUMBERS, LINK_NUMBERS, printed_family
from tools.derive.rows_cumulative import cumulative_files
from tools.derive.rows_families import HEAD, file
from tools.derive.rows_links import choice, link_function

NATIVE = Path(__file__).parents[2] / "native"


def texts() -> dict[str, str]:
    """Return the printed files by name."""
    families = [printed_family(name) for name in FAMILY_NUMBERS]
    pairs = [
        (LINK_NUMBERS[link], link, sum(1 << i for i in record_rows(family).uses))
        for family in families
        for link in family.links
    ]
    links = [line for name in LINK_NUMBERS for line in link_function(LINKS[name])]
    table = [HEAD, *(f'#include "printed_{f.name}.h"' for f in families)]
    for which, order in (("FIRST", 1), ("SECOND", 2)):
        table.append(f"static double (*const {which}[])(Rows *) = {{")
        table += [f"    {family.name}_{order}," for family in families]
        table.append("};")
    table.append("static const Needs NEEDS[] = {")
    table += [f"    {_needs(family)}," for family in families]
    table.append("};")
    return {
        **{f"printed_{f.name}.h": file(f) for f in families},
        "printed_links.h": "\n".join(
            [HEAD, f"enum {{ LINKS = {len(LINK_NUMBERS)} }};", *links, *choice(pairs)]
        )
        + "\n",
        **cumulative_files(),
        "printed_table.h": "\n".join(table) + "\n",
    }


def _needs(family: Written) -> str:
    """Return how many parameters and columns a family has, and the bits of its links."""
    links = sum(1 << LINK_NUMBERS[link] for link in family.links)
    return f"{{{len(family.parameters)}, {len(record_rows(family).columns)}, {links}}}"


def write(folder: Path = NATIVE) -> None:
    """Write the printed files."""
    for name, text in texts().items():
        (folder / name).write_text(text)


if __name__ == "__main__":
    write()
    sys.stdout.write(f"{len(texts())} files in {NATIVE}\n")
