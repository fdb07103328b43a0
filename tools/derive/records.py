"""Print ``native/records.h`` from the records and numbers that the engine states.

Run ``python -m tools.derive.records`` after a change in them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bayes_glmm.engine.codes import (
    CUMULATIVE,
    HURDLE,
    INFLATED,
    INTERPRETED,
    LAWS,
    LINKS,
    MODES,
    PLAIN_FAMILIES,
    PRINTED,
    PRIORS,
)
from bayes_glmm.engine.records import NUMBER, RECORDS, Record

FILE = Path(__file__).parents[2] / "native/records.h"
PER_LINE = 6


def header() -> str:
    """Return the header's text."""
    numbers = (
        MODES,
        PLAIN_FAMILIES
        | {
            "INFLATED": INFLATED,
            "HURDLE": HURDLE,
            "PRINTED": PRINTED,
            "INTERPRETED": INTERPRETED,
            "CUMULATIVE": CUMULATIVE,
        },
        {link.upper(): number for link, number in LINKS.items()},
        PRIORS,
        {f"{law.upper()}_LAW": number for law, number in LAWS.items()},
    )
    lines = [
        "/* Printed by tools/derive/records.py from bayes_glmm/engine/records.py and codes.py. */",
        "#ifndef RECORDS_H",
        "#define RECORDS_H",
        "#include <stdint.h>",
        *(line for names in numbers for line in _enum(names)),
        *(line for record in RECORDS for line in _struct(record)),
        "#endif",
    ]
    return "\n".join(lines) + "\n"


def _enum(names: dict[str, int]) -> Iterator[str]:
    yield "enum {"
    entries = [f"{name} = {number}," for name, number in names.items()]
    for at in range(0, len(entries), PER_LINE):
        yield "    " + " ".join(entries[at : at + PER_LINE])
    yield "};"


def _struct(record: Record) -> Iterator[str]:
    yield "typedef struct {"
    for name, kind in record.fields:
        yield f"    {'double' if kind == NUMBER else 'int64_t'} {name};"
    yield f"}} {record.name};"
    yield f'_Static_assert(sizeof({record.name}) == 8 * {record.width}, "one word a field");'


if __name__ == "__main__":
    FILE.write_text(header(), "utf-8")
