"""The C of links: the faces of a mean from its predictor, with first and second derivatives."""

from __future__ import annotations

from collections.abc import Iterable

from bayes_glmm.maths.links import Link, mean_of
from bayes_glmm.maths.tape import Tape
from bayes_glmm.maths.tape_derivatives import derivative
from bayes_glmm.maths.tape_maths import TAPE
from bayes_glmm.native.tape_records import between
from tools.derive.c_text import counter, statements


def link_function(link: Link) -> list[str]:
    """Return the lines of a function of a block of predictors.

    What a call does not use the compiler leaves out: ``use`` and ``second`` are constants there.
    """
    tape = Tape()
    eta = tape.input("eta")
    mean = mean_of(TAPE, link, eta)
    faces = [mean.value, mean.log, mean.log_complement]
    given = {i: tape.constant(node) for i, node in enumerate(faces) if node is not None}
    first = {i: derivative(node, eta) for i, node in given.items()}
    second = {i: derivative(node, eta) for i, node in first.items()}
    outputs = [node for group in (given, first, second) for node in group.values()]
    names = {eta.number: "eta[j]"}
    lines = statements(between(outputs, {eta.number}), outputs, names, counter())
    for i in given:
        values = [names[group[i].number] for group in (given, first, second)]
        lines += [
            f"if (use & {1 << i}) c->mean[{i}][j] = {values[0]}, c->first[{i}][j] = {values[1]};",
            f"if (second && use & {1 << i}) c->second[{i}][j] = {values[2]};",
        ]
    return [
        f"INLINE void link_{link.name}(Rows *c, const double *eta, int64_t m, const int use, "
        "const int second) {",
        "    SIMD",
        "    for (int64_t j = 0; j < m; j++) {",
        *(f"        {line}" for line in lines),
        "    }",
        "}",
    ]


def choice(combinations: Iterable[tuple[int, str, int]]) -> list[str]:
    """Return the lines of the function that fills a block's means.

    Parameters
    ----------
    combinations : iterable of (int, str, int)
        Number and name of a link, and the bits of the faces that a family uses with it.
    """
    lines = [
        "static void fill_means(Rows *c, const double *eta, int64_t m, int use, int second) {",
        "    switch (c->link * 16 + use * 2 + second) {",
    ]
    for number, name, use in sorted(set(combinations)):
        lines += [
            f"    case {number * 16 + use * 2 + second}: link_{name}(c, eta, m, {use}, {second}); break;"
            for second in (0, 1)
        ]
    return [*lines, "    }", "}"]
