"""Nodes of a tape as records over registers: one for each value, and loops for sums."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from bayes_glmm.maths.tape_nodes import TOTALS, Loop, Node, loop_of
from bayes_glmm.native.tape_opcodes import OPCODES

REPEAT, UNLESS = len(OPCODES), len(OPCODES) + 1
"""The codes of a loop, whose records run again and again with a step from 0, and of a choice, whose
records are passed over where a number is zero."""


@dataclass(frozen=True, slots=True)
class Record:
    """An operation on registers.

    Of a loop the operands are how often, and how many records; of a choice the number's register,
    and how many records.
    """

    op: int
    result: int
    operands: tuple[int, ...]


@dataclass(eq=False)
class Writer:
    """Registers and the records that fill them.

    Attributes
    ----------
    records : list of Record
    constants : dict of str to int
        Register of each constant, by its digits.
    values : list of float
        The constants in the order of their registers' first use.
    fixed : list of bool
        Of each register, whether it is one number for all rows.
    """

    records: list[Record] = field(default_factory=list)
    constants: dict[str, int] = field(default_factory=dict)
    values: list[float] = field(default_factory=list)
    fixed: list[bool] = field(default_factory=list)

    def register(self, fixed: bool) -> int:
        """Return a new register."""
        self.fixed.append(fixed)
        return len(self.fixed) - 1

    def constant(self, value: float) -> int:
        """Return the register of a constant."""
        key = float(value).hex()
        if key not in self.constants:
            self.constants[key] = self.register(fixed=True)
            self.values.append(float(value))
        return self.constants[key]

    def apply(self, op: str, *operands: int, into: int | None = None) -> int:
        """Record an operation; return the register of its value."""
        if into is None:
            into = self.register(all(self.fixed[a] for a in operands))
        self.records.append(Record(OPCODES[op], into, operands))
        return into

    def write(
        self,
        nodes: Sequence[Node],
        known: dict[int, int],
        decided: Mapping[int, bool] | None = None,
    ) -> None:
        """Record nodes, each after its arguments.

        Parameters
        ----------
        nodes : sequence of Node
        known : dict of int to int
            Registers by the numbers of nodes; it is added to.
        decided : mapping of int to bool, optional
            Outcomes of conditions, by number.
        """
        for node in nodes:
            if node.number in known:
                continue
            taken = branch(node, decided or {})
            if taken is not None:
                known[node.number] = known[taken.number]
            elif node.op == "const":
                known[node.number] = self.constant(node.data)
            elif node.op in TOTALS:
                self._sums(loop_of(node, nodes), known)
            else:
                known[node.number] = self.apply(node.op, *(known[a.number] for a in node.args))

    def choose(
        self,
        outputs: Sequence[Node],
        condition: Node,
        known: Mapping[int, int],
    ) -> list[int]:
        """Record outputs once for each outcome of a condition on numbers; return their registers.

        Both branches of a choice are computed for every row: of one that is the same for all rows
        only the branch that is taken.
        """
        yes = known[condition.number]
        no = self.apply("not", yes)
        out = [self.register(fixed=False) for _ in outputs]
        for number, outcome in ((yes, True), (no, False)):
            decided, inside = {condition.number: outcome}, dict(known)
            place = len(self.records)
            self.records.append(Record(UNLESS, number, (number, 0)))
            self.write(between(outputs, known, decided), inside, decided)
            for register, node in zip(out, outputs, strict=True):
                self.apply("steady", inside[node.number], into=register)
            length = len(self.records) - place - 1
            self.records[place] = Record(UNLESS, number, (number, length))
        return out

    def _sums(self, loop: Loop, known: dict[int, int]) -> None:
        """Record sums over the same values as one loop."""
        step = self.register(fixed=True)
        inside = loop.leaves(step, lambda arg: known[arg.number])
        self.write(loop.fixed, inside)
        sums = {total.number: self._begin(total) for total in loop.totals}
        place = len(self.records)
        self.records.append(Record(REPEAT, step, (loop.n, 0)))
        self.write(loop.moving, inside)
        for total in loop.totals:
            self._add(total, sums[total.number], inside[total.data[1].number])
        self.records[place] = Record(REPEAT, step, (loop.n, len(self.records) - place - 1))
        for total in loop.totals:
            known[total.number] = self._end(total, sums[total.number])

    def _begin(self, total: Node) -> tuple[int, ...]:
        """Return the registers of a sum, and of the largest term of its logs, at their start."""
        starts = (0.0,) if total.op == "total" else (0.0, -math.inf)
        return tuple(
            self.apply("steady", self.constant(start), into=self.register(fixed=False))
            for start in starts
        )

    def _add(self, total: Node, sums: tuple[int, ...], term: int) -> None:
        r"""Record one term more; of logs from the largest one so far.

        :math:`S' = S e^{L - L'} + e^{t - L'}` with :math:`L' = \max(L, t)`, or zero where that
        is infinite.
        """
        if total.op == "total":
            self.apply("add", sums[0], term, into=sums[0])
            return
        whole, largest = sums
        most = self.apply("max", largest, term)
        middle = self.apply("neg", self._middle(most))
        before = self.apply("exp", self.apply("add", largest, middle))
        power = self.apply("exp", self.apply("add", term, middle))
        self.apply("add", self.apply("mul", whole, before), power, into=whole)
        self.apply("steady", most, into=largest)

    def _end(self, total: Node, sums: tuple[int, ...]) -> int:
        if total.op == "total":
            return sums[0]
        return self.apply("add", self.apply("log", sums[0]), self._middle(sums[1]))

    def _middle(self, largest: int) -> int:
        endless = self.apply("equal", self.apply("abs", largest), self.constant(math.inf))
        return self.apply("where", endless, self.constant(0.0), largest)


def branch(node: Node, decided: Mapping[int, bool]) -> Node | None:
    """Return the branch of a choice whose condition has a known outcome."""
    if node.op != "where" or node.args[0].number not in decided:
        return None
    return node.args[1] if decided[node.args[0].number] else node.args[2]


def between(
    outputs: Sequence[Node], leaves: Collection[int], decided: Mapping[int, bool] | None = None
) -> list[Node]:
    """Return what outputs need down to leaves given by number, in the order of the tape.

    Parameters
    ----------
    outputs : sequence of Node
    leaves : collection of int
    decided : mapping of int to bool, optional
        Outcomes of conditions: of a choice the other branch is not needed.
    """
    seen: dict[int, Node] = {}
    waiting = list(outputs)
    while waiting:
        node = waiting.pop()
        if node.number not in seen and node.number not in leaves:
            seen[node.number] = node
            taken = branch(node, decided or {})
            waiting.extend(node.args if taken is None else (taken,))
    return [seen[number] for number in sorted(seen)]


def last_uses(records: Sequence[Record], kept: Collection[int]) -> Mapping[int, int]:
    """Return the last record that needs each register.

    What a loop uses and something before it has filled is needed until the loop ends. What is
    kept is needed until all records have run.
    """
    first: dict[int, int] = {}
    last: dict[int, int] = {}
    loops: list[tuple[int, int]] = []
    for place, record in enumerate(records):
        loops = [loop for loop in loops if loop[1] >= place]
        used = [record.result]
        if record.op == REPEAT:
            loops.append((place, place + record.operands[1]))
        elif record.op != UNLESS:
            used += record.operands
        for register in used:
            since = first.setdefault(register, place)
            around = [end for begin, end in loops if begin > since]
            last[register] = max(last.get(register, 0), *around, place)
    last.update({register: len(records) for register in kept})
    return last
