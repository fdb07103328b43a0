"""Random effects, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass

from bayes_glmm.errors import SpecError
from bayes_glmm.spec.terms import Call, Term, holds_smooth, no_slope, ordered_terms
from bayes_glmm.spec.time_processes import Process

DISTRIBUTIONS = ("normal", "student")
"""Of random effects."""


@dataclass(frozen=True)
class Membership:
    """Rows that belong to several levels of one group, as in ``(1 | mm(first, second))``.

    Parameters
    ----------
    weights : tuple of str
        Columns of weights, one for each grouping column; equal weights when empty.
    scaled : bool, default True
        Whether the weights of each row are divided by their sum.
    """

    weights: tuple[str, ...] = ()
    scaled: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "weights", tuple(self.weights))
        object.__setattr__(self, "scaled", bool(self.scaled or not self.weights))


@dataclass(frozen=True)
class RandomEffect:
    """Deviations of the levels of one group from the population.

    Parameters
    ----------
    group : str or tuple of str
        Grouping column, or the columns whose combinations are the levels.
        ``"observation"`` is the observation-level random effect.
    terms : tuple
        Varying slopes: column names or terms. The intercept is separate. ``"a:b"``
        is the interaction of two columns; ``Variable("a:b")`` is a column of that name.
    intercept : bool, default True
        Whether the level of the group varies.
    correlated : bool, default True
        One block with an LKJ prior; ``False`` makes every column of every term
        independent, the columns of a factor with several levels among them.
    structure : str or None
        Name of a structured covariance, as in ``(1 | gr(animal, A))``.
    shared : str or None
        Effects of one group with one such name, in formulas of several parameters,
        are correlated: ``(1 |p| site)``.
    members : Membership or None
        The columns of ``group`` are several memberships of one row, not combined.
    by : str or None
        Column whose every level has standard deviations and correlations of its own.
    dist : {"normal", "student"}
        Distribution of the effects; Student's t has its degrees of freedom as ``nu_<group>``.
    along : str or None
        Column of times: the effect is a series of its own in each level of ``group``, or
        one series where that is the column of times itself, as in ``ar(week, person)``.
    process : Process
        The law of the series: ``Process("ar")``, or ``Process("rw", (("order", 2),))``.

    Examples
    --------
    >>> import bayes_glmm as bg
    >>> bg.RandomEffect("Subject", terms=("Days",)).name
    'Subject'
    >>> bg.RandomEffect(("school", "class")).name
    'school_by_class'
    """

    group: tuple[str, ...]
    terms: tuple[Term, ...] = ()
    intercept: bool = True
    correlated: bool = True
    structure: str | None = None
    shared: str | None = None
    members: Membership | None = None
    by: str | None = None
    dist: str = "normal"
    along: str | None = None
    process: Process = Process()

    def __post_init__(self) -> None:
        group = (self.group,) if isinstance(self.group, str) else tuple(self.group)
        if not group or not all(isinstance(column, str) and column for column in group):
            raise SpecError("A random effect needs a grouping column, or a tuple of them.")
        object.__setattr__(self, "group", tuple(dict.fromkeys(group)))
        object.__setattr__(self, "terms", ordered_terms(self.terms))
        if any(map(holds_smooth, (f for term in self.terms for f in term))):
            raise SpecError(f"A smooth term does not vary by {self.name}: write s(x, by=...).")
        object.__setattr__(self, "correlated", bool(self.correlated or not self.terms))
        if self.structure is not None and len(self.group) > 1:
            raise SpecError(
                f"The structure {self.structure!r} belongs to one column, not to the "
                f"combinations of {' and '.join(self.group)}: combine them in the table."
            )
        if not (self.intercept or self.terms):
            raise SpecError(f"The random effect of {self.name} has no term.")
        for factor in (f for term in self.terms for f in term):
            if isinstance(factor, Call) and factor.function in ("mo", "mi"):
                raise SpecError(no_slope(factor.function))
        if self.shared is not None and not self.correlated:
            raise SpecError(
                f"|{self.shared}| correlates effects of {self.name}: it cannot keep them independent."
            )
        plain = self.members is None and self.by is None and self.dist == "normal"
        if self.shared is not None and not plain:
            raise SpecError(
                f"|{self.shared}| joins normal effects of one column, without mm(), by= and dist=: "
                "leave these out."
            )
        self._check_members()
        if self.dist not in DISTRIBUTIONS:
            raise SpecError(f"dist={self.dist!r}: use {' or '.join(map(repr, DISTRIBUTIONS))}.")
        if self.dist != "normal" and (self.structure or self.members):
            raise SpecError(f"Effects of {self.name} with a structure or memberships are normal.")
        if self.along is not None:
            self._check_series(self.along)
        if self.structure is not None and self.by is not None:
            raise SpecError(
                f"The structure {self.structure!r} relates all levels of {self.name}, so that by= "
                "cannot part them: leave one of the two out."
            )

    def _check_members(self) -> None:
        if self.members is None:
            return
        n, given = len(self.group), len(self.members.weights)
        if n < 2:
            raise SpecError("mm() takes two or more different columns: mm(first, second).")
        if given not in (0, n):
            raise SpecError(f"mm() has {n} grouping columns and {given} of weights: give {n}.")
        if self.structure is not None or self.by is not None:
            raise SpecError("The memberships of mm() have neither a structure nor by=.")

    def _check_series(self, time: str) -> None:
        plain = self.structure is None and self.members is None and self.by is None
        plain = plain and self.dist == "normal"
        if self.terms or not self.intercept or not plain:
            raise SpecError(
                f"A series along {time!r} has no varying terms, structure, memberships or by=: "
                f"{self.process.name}({time}, group)."
            )
        if time in self.group and len(self.group) > 1:
            raise SpecError(
                f"{self.process.name}({time}, ...): {time!r} is the time and not also a group."
            )

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns whose combinations are the levels."""
        if self.along is None or self.along in self.group:
            return self.group
        return (*self.group, self.along)

    @property
    def weights(self) -> tuple[str, ...]:
        """Columns of the weights of several memberships."""
        return () if self.members is None else self.members.weights

    @property
    def name(self) -> str:
        """Name used in posterior variables: columns joined with ``_by_`` or ``_and_``."""
        if self.along is not None:
            return f"{self.process.name}_{'_by_'.join(self.group)}"
        return ("_by_" if self.members is None else "_and_").join(self.group)
