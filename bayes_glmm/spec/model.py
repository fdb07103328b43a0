"""What the user asked for: frozen values without data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from bayes_glmm.errors import SpecError
from bayes_glmm.spec.priors import Prior


@dataclass(frozen=True)
class Variable:
    """A column of the table."""

    name: str


@dataclass(frozen=True)
class Number:
    """A constant inside a call."""

    value: float


@dataclass(frozen=True)
class Text:
    """A quoted word inside a call: a level's name."""

    value: str


@dataclass(frozen=True)
class Arithmetic:
    """``left operator right`` inside a call, ``operator`` one of ``+ - * /``."""

    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True)
class Call:
    """One of the fixed functions applied to expressions."""

    function: str
    arguments: tuple[Expression, ...]
    options: tuple[tuple[str, Expression], ...] = ()


type Expression = Variable | Number | Text | Arithmetic | Call
type Factor = Variable | Call
type Term = tuple[Factor, ...]


@dataclass(frozen=True)
class RandomEffect:
    """Deviations of the levels of one group from the population.

    Parameters
    ----------
    group : str or tuple of str
        Grouping column, or the columns whose combinations are the levels.
        ``"observation"`` is the observation-level random effect.
    terms : tuple
        Varying slopes: column names or terms. The intercept is separate.
    intercept : bool, default True
        Whether the level of the group varies.
    correlated : bool, default True
        One block with an LKJ prior; ``False`` makes every term independent.
    structure : str or None
        Name of a structured covariance, as in ``(1 | gr(animal, A))``.

    Examples
    --------
    >>> RandomEffect("Subject", terms=("Days",)).name
    'Subject'
    >>> RandomEffect(("school", "class")).name
    'school_by_class'
    """

    group: tuple[str, ...]
    terms: tuple[Term, ...] = ()
    intercept: bool = True
    correlated: bool = True
    structure: str | None = None

    def __post_init__(self) -> None:
        group = (self.group,) if isinstance(self.group, str) else tuple(self.group)
        object.__setattr__(self, "group", group)
        object.__setattr__(self, "terms", _ordered(self.terms))
        object.__setattr__(self, "correlated", self.correlated or not self.terms)
        if not group or not all(group):
            raise SpecError("A random effect needs a grouping column.")
        if not (self.intercept or self.terms):
            raise SpecError(f"The random effect of {self.name} has no term.")

    @property
    def name(self) -> str:
        """Name used in posterior variables: columns joined with ``_by_``."""
        return "_by_".join(self.group)


@dataclass(frozen=True)
class Predictor:
    """The linear predictor of one parameter of the family.

    ``terms`` are interactions of factors in the order written; ``offsets`` are
    expressions added with coefficient one, on the link scale.
    """

    intercept: bool = True
    terms: tuple[Term, ...] = ()
    random: tuple[RandomEffect, ...] = ()
    offsets: tuple[Expression, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "terms", _ordered(self.terms))
        object.__setattr__(self, "random", tuple(dict.fromkeys(self.random)))
        object.__setattr__(self, "offsets", tuple(self.offsets))


@dataclass(frozen=True)
class Response:
    """The response column with its modifiers, such as ``trials(n)``."""

    column: str
    modifiers: tuple[Call, ...] = ()

    def modifier(self, name: str) -> Call | None:
        """Return the modifier of that name, if there is one."""
        return next((m for m in self.modifiers if m.function == name), None)


@dataclass(frozen=True)
class ModelSpec:
    """A model without data; formula, Python and TOML forms are equal.

    Parameters
    ----------
    response : Response or str
        What is modelled.
    predictors : mapping of str to Predictor
        One linear predictor per parameter of the family; ``"mu"`` is always there.
    family : str
        Name of the family.
    link : str or None
        Link of ``mu``; ``None`` is the family's default.
    exposure : str or None
        Positive column, logged and added to the predictor of ``mu``.
    offset : str or None
        Column added as it is to the predictor of ``mu``, on the link scale.
    priors : mapping of str to Prior
        Priors that replace defaults.
    missing : {"error", "drop"}
        What is done with rows that have missing values.
    success : str or None
        Level of a two-level text response that counts as 1.
    """

    response: Response
    predictors: tuple[tuple[str, Predictor], ...]
    family: str = "gaussian"
    link: str | None = None
    exposure: str | None = None
    offset: str | None = None
    priors: tuple[tuple[str, Prior], ...] = field(default=())
    missing: str = "error"
    success: str | None = None

    def __post_init__(self) -> None:
        if isinstance(self.response, str):
            object.__setattr__(self, "response", Response(self.response))
        if isinstance(self.predictors, Predictor):
            object.__setattr__(self, "predictors", (("mu", self.predictors),))
        object.__setattr__(self, "predictors", _pairs(self.predictors))
        object.__setattr__(self, "priors", tuple(sorted(_pairs(self.priors))))
        if "mu" not in dict(self.predictors):
            raise SpecError("A model needs a formula for 'mu'.")
        if self.missing not in ("error", "drop"):
            raise SpecError(f"missing={self.missing!r}: use 'error' or 'drop'.")

    @property
    def mu(self) -> Predictor:
        """The predictor of the conditional mean."""
        return dict(self.predictors)["mu"]

    @property
    def formula(self) -> str | dict[str, str]:
        """The model as formula text; a mapping when several parameters have one."""
        from bayes_glmm.spec.formula import write_formula

        return write_formula(self)

    def to_toml(self) -> str:
        """Return the model as TOML text."""
        from bayes_glmm.spec.toml import write_toml

        return write_toml(self)

    @classmethod
    def from_toml(cls, text: str) -> ModelSpec:
        """Read a model from TOML text; nothing in it is executed."""
        from bayes_glmm.spec.toml import read_toml

        return read_toml(text)

    def with_(self, **changes: Any) -> ModelSpec:
        """Return a copy with some fields replaced."""
        return replace(self, **changes)


def _term(term: Term | Factor | str) -> Term:
    if isinstance(term, str):
        return tuple(Variable(name) for name in term.split(":"))
    return (term,) if isinstance(term, Variable | Call) else tuple(term)


def _ordered(terms: Iterable[Term | Factor | str]) -> tuple[Term, ...]:
    """Sort by order of interaction, keeping the first of equal terms."""
    unique: dict[frozenset[Factor], Term] = {}
    for term in map(_term, terms):
        unique.setdefault(frozenset(term), tuple(dict.fromkeys(term)))
    return tuple(sorted(unique.values(), key=len))


def _pairs[V](mapping: Mapping[str, V] | tuple[tuple[str, V], ...]) -> tuple[tuple[str, V], ...]:
    items = mapping.items() if isinstance(mapping, Mapping) else mapping
    return tuple((str(k), v) for k, v in items)
