"""What the kernel's buffer holds, record by record: the C structs are printed from here.

Every field is one word of eight bytes. A field that begins with ``at_`` is the place,
counted in words from the buffer's beginning, where a table starts; zero where there is none.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

WHOLE, NUMBER = "int64", "float64"


@dataclass(frozen=True)
class Record:
    """A row of named words.

    Attributes
    ----------
    name : str
        Of the C struct.
    fields : tuple of (str, str)
        Name and ``"int64"`` or ``"float64"``, in order.
    """

    name: str
    fields: tuple[tuple[str, str], ...]

    @property
    def width(self) -> int:
        """Number of words."""
        return len(self.fields)

    def place(self, name: str) -> int:
        """Return the word of a field, counted from the record's first."""
        return [field for field, _ in self.fields].index(name)

    def words(self, **values: float) -> NDArray[np.int64]:
        """Return one record as words, shape (width,); fields that are not named are zero.

        Raises
        ------
        KeyError
            The record has no such field.
        """
        out = np.zeros(self.width, np.int64)
        places = {name: (k, kind) for k, (name, kind) in enumerate(self.fields)}
        for name, value in values.items():
            k, kind = places[name]
            out[k] = np.float64(value).view(np.int64) if kind == NUMBER else value
        return out

    def read(self, words: NDArray[np.int64], name: str) -> float:
        """Return the value of a field of a record."""
        k = self.place(name)
        word = words[k]
        return float(word.view(np.float64)) if self.fields[k][1] == NUMBER else int(word)


def _record(name: str, whole: str, numbers: str = "") -> Record:
    return Record(
        name, (*((f, WHOLE) for f in whole.split()), *((f, NUMBER) for f in numbers.split()))
    )


PROGRAM = _record(
    "Program",
    """
    length dim rows predictors coefficients slopes intercept groups family link parameters mode columns
    threads distinct at_fixed at_offset at_y at_counts at_known at_weights at_distinct at_times at_tape
    at_intercept_prior at_beta_prior at_parameter_prior at_climbs at_groups at_plan
    """,
    "constant within",
)
"""Begins the buffer. Rows by hand read ``y``, others a table of ``columns`` by rows, ``at_known``.
Gaussian rows are means of ``at_counts`` rows each, and ``within`` is the sum of squares around them.
Where ``at_climbs`` is not zero, it says of each parameter whether it is above the one before, by the
exponential of its coordinate. Where ``distinct`` is not zero, a table holds the values of ``y``, another
how many rows have each. Up to ``threads`` threads share the rows of large tables; it is the one word that
changes during a chain."""

COLUMN = _record("Column", "predictor group term level at_values")
"""A column of a predictor, of which there are ``slopes``: first those of the coefficients, which have
a value for each row where ``group`` is -1, else one for each of its levels, beside the effects of ``term``,
a column of ones; then those of single effects, which are what ``level`` has in a group without rows."""

GROUP = _record(
    "Group",
    """
    predictor levels terms blocks at_index at_Z at_sd_prior at_blocks at_weight at_pull at_starts at_field
    rest same
    """,
)
"""A grouping: ``at_index`` is zero where columns alone read its effects, ``at_Z`` for a column of ones,
``at_starts`` says where each level's rows begin where rows are sorted, ``at_weight`` and ``at_pull``
centre levels where their data are, ``at_field`` is that of related levels. ``rest`` is one for independent
effects that share the scale of the map's field before them, ``same`` one more than the number of the group
whose effects this one reads, and zero of a group with effects of its own."""

FIELD = _record(
    "Field", "law absorbed entries at_rows at_columns at_values at_first at_second at_prior"
)
"""How levels are related: the precision's entries, the diagonal and then some below it, see
:class:`.related_levels.Law`. Its parameter, if it has one, has a prior and a coordinate before the effects.
``absorbed`` is one where the intercept's coordinate takes up the effects' mean."""

BLOCK = _record("Block", "width", "eta")
"""Correlated terms of a group and the LKJ prior's shape."""

PRIOR = _record("Prior", "kind", "a b c")
"""A prior's kind and numbers: location, scale and degrees of freedom of a real number; two
shapes of a positive one and the unit of a signed standard deviation, or zero."""

PLAN = _record(
    "Plan",
    """
    scalars tail size at_edges at_rows at_targets targets at_order at_segments segments
    sigma at_theta theta at_centre at_factor at_values at_middle at_perm at_unit at_fields
    """,
    "reference constant squares observations",
)
"""Coordinates of everything linear given the scales, see :class:`.plan.Plan`. ``at_perm`` says when each
effect is eliminated, ``at_unit`` the prior precision of those that are independent, and ``at_fields`` where
each group's table of the places of its field's entries is, or zero."""

SEGMENT = _record(
    "Segment", "left right pairs rows_left rows_right at_products at_places offset at_c"
)
"""Pairs of units of two parts that meet in some row; -1 as ``left`` or ``right``: fixed effects."""

TAPE = _record(
    "Tape",
    "constants numbers temporaries columns rows records outputs at_constants at_records at_outputs",
)
"""A density that is interpreted: the sizes and tables of a :class:`.tape_program.Program`, whose
numbers are the family's parameters and whose last column is the predictor. Its outputs are each
row's slope in the predictor, then sums: the log-density and its slopes in the parameters."""

RECORDS = (PROGRAM, COLUMN, GROUP, FIELD, BLOCK, PRIOR, PLAN, SEGMENT, TAPE)
