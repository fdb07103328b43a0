"""The two sides of a formula as frozen values: the response and a linear predictor."""

from __future__ import annotations

from dataclasses import dataclass

from bayes_glmm.errors import ArgumentTypeError, FormulaError, SpecError
from bayes_glmm.spec.effects import RandomEffect
from bayes_glmm.spec.terms import Call, Expression, Term, as_offset, holds_smooth, ordered_terms


@dataclass(frozen=True)
class Predictor:
    """The linear predictor of one parameter of the family.

    Parameters
    ----------
    intercept : bool, default True
        Whether there is one.
    terms : tuple
        Fixed effects: columns, or interactions of factors in the order written.
    random : tuple of RandomEffect
        Deviations of groups.
    offsets : tuple
        Expressions added with coefficient one, on the link scale.

    Examples
    --------
    >>> import bayes_glmm as bg
    >>> mu = bg.Predictor(terms=("dose",), random=(bg.RandomEffect("lab"),))
    >>> bg.ModelSpec("pulls", mu, family="poisson").formula
    'pulls ~ dose + (1 | lab)'
    """

    intercept: bool = True
    terms: tuple[Term, ...] = ()
    random: tuple[RandomEffect, ...] = ()
    offsets: tuple[Expression, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "terms", ordered_terms(self.terms))
        for term in self.terms:
            inside = [part for f in term if isinstance(f, Call) for part in f.arguments]
            if any(map(holds_smooth, inside if len(term) == 1 else term)):
                raise SpecError("A smooth term stands alone: curves by group are s(x, by=group).")
        random = (self.random,) if isinstance(self.random, RandomEffect) else tuple(self.random)
        if not all(isinstance(effect, RandomEffect) for effect in random):
            raise ArgumentTypeError("random= holds RandomEffect objects.")
        object.__setattr__(self, "random", tuple(dict.fromkeys(random)))
        offsets = (self.offsets,) if isinstance(self.offsets, str) else tuple(self.offsets)
        object.__setattr__(self, "offsets", tuple(map(as_offset, offsets)))

    @property
    def all_terms(self) -> tuple[Term, ...]:
        """Terms of fixed effects, then those that vary by group."""
        return (*self.terms, *(term for effect in self.random for term in effect.terms))

    @property
    def expressions(self) -> tuple[Expression, ...]:
        """All that reads columns: factors of all terms, and offsets."""
        return (*(factor for term in self.all_terms for factor in term), *self.offsets)


@dataclass(frozen=True)
class Response:
    """The response column with its modifiers, such as ``trials(n)``.

    Parameters
    ----------
    column : str
        The column, or the first of several.
    modifiers : tuple of Call
        What stands beside it: ``trials(n)``, ``cens(status)``, ``se(error)``, ...
    others : tuple of str
        The further columns of a response over several, ``cbind(a, b, c)``.

    Examples
    --------
    >>> import bayes_glmm as bg
    >>> response = bg.parse("yes | trials(n) ~ 1", family="binomial").response
    >>> isinstance(response, bg.Response), response.column
    (True, 'yes')
    """

    column: str
    modifiers: tuple[Call, ...] = ()
    others: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "modifiers", tuple(self.modifiers))
        object.__setattr__(self, "others", tuple(self.others))
        if len(set(self.columns)) < len(self.columns):
            raise FormulaError(f"A column stands twice in {self.name}: remove one.")

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the response, one for most families."""
        return (self.column, *self.others)

    @property
    def name(self) -> str:
        """The column, or all of them as the formula has them."""
        return f"cbind({', '.join(self.columns)})" if self.others else self.column

    def modifier(self, name: str) -> Call | None:
        """Return the modifier of that name, if there is one.

        Parameters
        ----------
        name : str
            Such as ``"trials"``.

        Returns
        -------
        Call or None
            With its ``arguments``.
        """
        return next((m for m in self.modifiers if m.function == name), None)
