"""A tape as a program that the library interprets over blocks of rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bayes_glmm.errors import EngineError
from bayes_glmm.maths.tape_nodes import Node
from bayes_glmm.maths.tape_values import evaluate
from bayes_glmm.native.library import ADDRESS, INTEGER, entry, pointer
from bayes_glmm.native.rows_density import columns
from bayes_glmm.native.tape_records import REPEAT, UNLESS, Record, Writer, between, last_uses

type Array = NDArray[np.float64]
type Integers = NDArray[np.int64]
FAULTS = (
    "", "sizes are wrong", "no such operation", "no such slot", "a slot is read before it is filled",
    "no place for results", "one number for all rows is computed from rows", "a loop is wrong",
    "too many steps", "no memory",
)  # fmt: skip
"""What the library finds wrong with a program, by its code."""


@dataclass(frozen=True, eq=False)
class Program:
    """A program in the integers that the library reads, see ``native/interpret.h``.

    Attributes
    ----------
    sizes : ndarray of int, shape (7,)
        Constants, numbers, temporary numbers, columns, temporary rows, records, outputs.
    records : ndarray of int, shape (n_records, 5)
        Operation, slot of the result, three operands.
    outputs : ndarray of int, shape (n_outputs, 2)
        Slot, and whether it is summed over rows.
    constants : ndarray
    numbers : tuple of str
        Inputs that are one number for all rows.
    known : tuple of Node
        Columns that depend on data alone.
    moving : tuple of str
        Inputs that are columns and no data, after the known ones.
    """

    sizes: Integers
    records: Integers
    outputs: Integers
    constants: Array
    numbers: tuple[str, ...]
    known: tuple[Node, ...]
    moving: tuple[str, ...]

    def table(self, data: Mapping[str, ArrayLike], n: int) -> Array:
        """Return the columns that depend on data alone, shape (n_known, n).

        Parameters
        ----------
        data : mapping of str to array_like
        n : int
            Rows.
        """
        found = [np.broadcast_to(c, n) for c in evaluate(self.known, data)] if self.known else []
        return np.array(found, np.float64).reshape(len(found), n)

    def run(
        self, table: Array, moving: Mapping[str, Array], numbers: Mapping[str, float]
    ) -> tuple[Array, ...]:
        """Return the outputs: arrays over rows, or sums of no dimension.

        Parameters
        ----------
        table : ndarray, shape (n_known, n)
            As of :meth:`table`.
        moving : mapping of str to ndarray, shape (n,)
        numbers : mapping of str to float

        Raises
        ------
        EngineError
            The program is not well formed.
        """
        n = table.shape[1]
        rows = [np.ascontiguousarray(moving[name], np.float64) for name in self.moving]
        assert all(row.shape == (n,) for row in rows)
        out = tuple(np.empty(() if summed else n) for _, summed in self.outputs)
        given = np.array([numbers[name] for name in self.numbers], np.float64)
        fault = interpret(
            self.sizes, self.records, self.outputs, self.constants, n, given, [*table, *rows], out
        )
        if fault:
            raise EngineError(f"The program of a density is not well formed: {FAULTS[fault]}.")
        return out


def interpret(
    sizes: Integers, records: Integers, outputs: Integers, constants: Array,
    n: int, numbers: Array, columns: Sequence[Array], out: Sequence[Array],
) -> int:  # fmt: skip
    """Run the library's interpreter; return what is wrong with the program, or zero."""
    run = entry("interpreted", INTEGER, *[ADDRESS] * 4, INTEGER, *[ADDRESS] * 3)
    ins, outs = (np.array([a.ctypes.data for a in some], np.int64) for some in (columns, out))
    program = [pointer(a, np.int64) for a in (sizes, records, outputs)]
    places = [pointer(numbers), pointer(ins, np.int64), pointer(outs, np.int64)]
    return int(run(*program, pointer(constants), n, *places))


def write_program(
    rows: Sequence[Node],
    sums: Sequence[Node] = (),
    *,
    data: Collection[str],
    numbers: Sequence[str],
) -> Program:
    """Write a program that computes nodes of a tape.

    Parameters
    ----------
    rows, sums : sequence of Node
        What is wanted for each row, and what is summed over them; outputs in this order.
    data : collection of str
        Names of inputs that stay the same.
    numbers : sequence of str
        Names of inputs that are one number for all rows; other inputs are columns.

    Returns
    -------
    Program
    """
    outputs = (*rows, *sums)
    known = columns(outputs, data)
    nodes = between(outputs, {node.number for node in known})
    inputs = {str(node.data): node for node in nodes if node.op == "input"}
    moving = tuple(sorted(set(inputs) - set(numbers)))
    used = tuple(name for name in numbers if name in inputs)
    writer = Writer()
    at = {inputs[name].number: writer.register(fixed=True) for name in used}
    at |= {node.number: writer.register(fixed=False) for node in known}
    at |= {inputs[name].number: writer.register(fixed=False) for name in moving}
    given = list(at.values())
    written = [node for node in nodes if node.op != "input"]
    kept = _records(writer, outputs, written, at, frozenset(used))
    slots, temporaries, temporary_rows = _slots(writer, given, kept)
    table = np.array([_integers(record, slots) for record in writer.records], np.int64)
    wanted = [(slots[register], int(k >= len(rows))) for k, register in enumerate(kept)]
    sizes = [len(writer.values), len(used), temporaries, len(known) + len(moving), temporary_rows,
             len(writer.records), len(wanted)]  # fmt: skip
    return Program(
        np.array(sizes, np.int64), table.reshape(-1, 5), np.array(wanted, np.int64).reshape(-1, 2),
        np.array(writer.values, np.float64), used, known, moving,
    )  # fmt: skip


def _records(
    writer: Writer,
    outputs: Sequence[Node],
    nodes: Sequence[Node],
    at: dict[int, int],
    given: frozenset[str],
) -> list[int]:
    """Record what outputs need; return their registers.

    What depends on numbers alone comes first. A condition on these that chooses for rows is
    decided before them: the one that most choices ask.
    """
    shared = [node for node in nodes if node.inputs <= given]
    writer.write(shared, at)
    known = {node.number for node in shared}
    rows = [node for node in nodes if node.number not in known]
    asked = Counter(n.args[0] for n in rows if n.op == "where" and n.args[0].number in known)
    if not asked:
        writer.write(rows, at)
        return [at[node.number] for node in outputs]
    ((condition, _),) = asked.most_common(1)
    return writer.choose(outputs, condition, at)


def _slots(
    writer: Writer, given: Sequence[int], kept: Sequence[int]
) -> tuple[dict[int, int], int, int]:
    """Return the slot of each register, and how many temporary numbers and rows there are.

    A temporary row is free for others after its last use; its operation may already write there.
    """
    numbers = [r for r in given if writer.fixed[r]]
    rows = [r for r in given if not writer.fixed[r]]
    fixed = [*writer.constants.values(), *numbers]
    fixed += [r for r, one in enumerate(writer.fixed) if one and r not in set(fixed)]
    slots = {register: k for k, register in enumerate([*fixed, *rows])}
    last = last_uses(writer.records, kept)
    ends: dict[int, list[int]] = {}
    for register, place in last.items():
        ends.setdefault(place, []).append(register)
    base, most, free = len(slots), 0, list[int]()
    for place, record in enumerate(writer.records):
        ending = [r for r in ends.get(place, []) if r in slots and slots[r] >= base]
        free += sorted((slots[r] for r in ending if r != record.result), reverse=True)
        if record.result not in slots:
            slots[record.result] = free.pop() if free else base + most
            most = max(most, slots[record.result] - base + 1)
        if record.result in ends.get(place, []) and slots[record.result] >= base:
            free.append(slots[record.result])
    return slots, len(fixed) - len(writer.constants) - len(numbers), most


def _integers(record: Record, slots: Mapping[int, int]) -> list[int]:
    operands = record.operands
    if record.op == UNLESS:
        operands = (slots[operands[0]], operands[1])
    elif record.op != REPEAT:
        operands = tuple(slots[r] for r in operands)
    return [record.op, slots[record.result], *operands, *[0] * (3 - len(operands))]
