"""Densities that the kernel interprets: a user's family, and responses seen between bounds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.engine.linear import linears
from bayes_glmm.engine.plan import Writer
from bayes_glmm.engine.records import TAPE
from bayes_glmm.families import get_family
from bayes_glmm.families.recorded import RecordedDensity, record_observed
from bayes_glmm.maths.tape_derivatives import gradient
from bayes_glmm.model.design import Design
from bayes_glmm.native.tape_program import Program, write_program

type Array = NDArray[np.float64]
MOST_OWN, MOST_COLUMNS = 3, 255
"""What ``native/printed.h`` has room for."""
SIZES = ("constants", "numbers", "temporaries", "columns", "rows", "records", "outputs")


@dataclass(frozen=True, eq=False)
class Taped:
    """A density as a program of the interpreter, and what it reads of the data.

    Attributes
    ----------
    program : Program
        Of each row the slope in its predictors; and summed the log-density and its slopes in
        the parameters.
    table : ndarray, shape (n_known, n_rows)
    """

    program: Program
    table: Array

    def write(self, writer: Writer) -> dict[str, float]:
        """Append the tape to a buffer; return the header's fields."""
        given = self.program
        places: dict[str, float] = dict(zip(SIZES, map(int, given.sizes), strict=True))
        places["at_constants"] = writer.floats(given.constants)
        places["at_records"] = writer.ints(given.records)
        places["at_outputs"] = writer.ints(given.outputs)
        return {
            "at_tape": writer.ints(TAPE.words(**places)),
            "columns": len(self.table),
            "at_known": writer.floats(self.table),
        }


def tape_density(design: Design) -> Taped | None:
    """Return the density of a design's rows for the interpreter.

    Parameters
    ----------
    design : Design
        With a response.

    Returns
    -------
    Taped or None
        ``None`` where the family's density asks for more than a tape holds, or does not depend
        on its predictor or on one of its parameters.
    """
    y = design.response
    assert y is not None
    family = get_family(design.family)
    formulas = tuple(one.predictor.parameter for one in linears(design)[1:])
    found = record_observed(family, family.link(design.link), design.modifiers, y, formulas)
    if found is None:
        return None
    given = {"y": y, **design.modifiers}
    if design.trials is not None:
        given["trials"] = design.trials
    moving = ("eta", *(f"eta_{name}" for name in formulas))
    program = _program(found, set(given), moving)
    names = tuple(str(n.data) for n in found.parameters if n.data not in moving)
    if (program.numbers, program.moving) != (names, moving):
        return None
    if len(names) > MOST_OWN or len(program.known) > MOST_COLUMNS:
        return None
    return Taped(program, program.table(given, design.n_rows))


def _program(found: RecordedDensity, data: set[str], moving: tuple[str, ...]) -> Program:
    """Write the density; a parameter with a formula is a predictor, not a number."""
    inputs = {str(node.data): node for node in (*found.predictors, *found.parameters)}
    names = [name for name in inputs if name not in moving]
    slopes = gradient(found.value, [inputs[name] for name in (*moving, *names)])
    rows, sums = slopes[: len(moving)], slopes[len(moving) :]
    return write_program(rows, [found.value, *sums], data=data, numbers=names)
