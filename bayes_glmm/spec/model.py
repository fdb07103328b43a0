"""What the user asked for: frozen values without data."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any

from bayes_glmm.errors import ArgumentTypeError, FormulaError, SpecError
from bayes_glmm.spec.priors import Prior
from bayes_glmm.spec.sources import Source


@dataclass(frozen=True)
class Variable:
    """A column of the table."""

    name: str


@dataclass(frozen=True)
class Number:
    """A constant inside a call."""

    value: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "value", float(self.value))
        if not math.isfinite(self.value):
            raise SpecError(f"A number in a model is finite, not {self.value}.")


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


SMOOTHS = ("s", "t2", "hsgp")
"""Calls that are smooth functions: terms of their own, never inside another."""

DISTRIBUTIONS = ("normal", "student")
"""Of random effects."""

type Expression = Variable | Number | Text | Arithmetic | Call
type Factor = Variable | Call
type Term = tuple[Factor, ...]


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
    shared: str | None = None
    members: Membership | None = None
    by: str | None = None
    dist: str = "normal"
    along: str | None = None

    def __post_init__(self) -> None:
        group = (self.group,) if isinstance(self.group, str) else tuple(self.group)
        if not group or not all(isinstance(column, str) and column for column in group):
            raise SpecError("A random effect needs a grouping column, or a tuple of them.")
        object.__setattr__(self, "group", tuple(dict.fromkeys(group)))
        object.__setattr__(self, "terms", _ordered(self.terms))
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
                f"ar({time}, group)."
            )
        if time in self.group and len(self.group) > 1:
            raise SpecError(f"ar({time}, ...): {time!r} is the time and not also a group.")

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
            return f"ar_{'_by_'.join(self.group)}"
        return ("_by_" if self.members is None else "_and_").join(self.group)


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
        for term in self.terms:
            inside = [part for f in term if isinstance(f, Call) for part in f.arguments]
            if any(map(holds_smooth, inside if len(term) == 1 else term)):
                raise SpecError("A smooth term stands alone: curves by group are s(x, by=group).")
        random = (self.random,) if isinstance(self.random, RandomEffect) else tuple(self.random)
        if not all(isinstance(effect, RandomEffect) for effect in random):
            raise ArgumentTypeError("random= holds RandomEffect objects.")
        object.__setattr__(self, "random", tuple(dict.fromkeys(random)))
        offsets = (self.offsets,) if isinstance(self.offsets, str) else tuple(self.offsets)
        object.__setattr__(self, "offsets", tuple(map(_offset, offsets)))


@dataclass(frozen=True)
class Response:
    """The response column with its modifiers, such as ``trials(n)``.

    ``others`` are the further columns of a response over several, ``cbind(a, b, c)``.
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
        """Return the modifier of that name, if there is one."""
        return next((m for m in self.modifiers if m.function == name), None)


@dataclass(frozen=True)
class ModelSpec:
    """A model without data; formula, Python and TOML forms are equal.

    Parameters
    ----------
    response : Response or str
        What is modelled.
    predictors : mapping of str to Predictor, or Predictor
        One linear predictor per parameter of the family; ``"mu"`` is always there and
        comes first. Of unordered categories it is that of every category without one
        of its own, named ``"mu_<category>"``.
    family : str or Family
        Name of the family; of an object the name is kept.
    link : str or None
        Link of ``mu``; ``None`` is the family's default.
    exposure : str or None
        Positive column, logged and added to the predictor of ``mu``.
    offset : str or None
        Column added as it is to the predictor of ``mu``, on the link scale.
    priors : mapping of str to Prior
        Priors that replace defaults.
    missing : {"error", "drop", "predict"}
        What is done with rows that have missing values.
    success : str or None
        Level of a two-level text response that counts as 1.
    structures : mapping of str to Source
        Where structures that the formula names are read from; none are read here.
    covariates : mapping of str to Predictor
        The normal models of columns that stand in ``mi()``: missing values of these are
        estimated.

    Raises
    ------
    SpecError
        No predictor of ``"mu"``, a name that stands twice, the response among the
        terms, or an unknown value of ``missing``.
    ArgumentTypeError
        A field has the wrong type.

    Examples
    --------
    >>> spec = ModelSpec("pulls", Predictor(terms=("dose",), random=(RandomEffect("lab"),)))
    >>> spec.formula
    'pulls ~ dose + (1 | lab)'
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
    structures: tuple[tuple[str, Source], ...] = field(default=())
    covariates: tuple[tuple[str, Predictor], ...] = ()

    def __post_init__(self) -> None:
        if isinstance(self.response, str):
            object.__setattr__(self, "response", Response(self.response))
        if isinstance(self.predictors, Predictor):
            object.__setattr__(self, "predictors", (("mu", self.predictors),))
        object.__setattr__(self, "family", getattr(self.family, "name", self.family))
        predictors = _pairs(self.predictors, Predictor, "predictors")
        object.__setattr__(self, "predictors", tuple(sorted(predictors, key=_mu_first)))
        covariates = _pairs(self.covariates, Predictor, "covariates")
        object.__setattr__(self, "covariates", tuple(covariates))
        object.__setattr__(self, "priors", tuple(sorted(_pairs(self.priors, Prior, "priors"))))
        described = sorted(_pairs(self.structures, Source, "structures"), key=_name)
        object.__setattr__(self, "structures", tuple(described))
        self._check_texts()
        if "mu" not in dict(self.predictors):
            raise SpecError("A model needs a formula for 'mu'.")
        self._check_response()
        self._check_structures()
        self._check_shared()
        self._check_covariates()
        if self.missing not in ("error", "drop", "predict"):
            raise SpecError(f"missing={self.missing!r}: use 'error', 'drop' or 'predict'.")

    def _check_texts(self) -> None:
        for key in ("family", "link", "exposure", "offset", "missing", "success"):
            value = vars(self)[key]
            if not isinstance(value, str) and (value is not None or key in ("family", "missing")):
                raise ArgumentTypeError(f"{key}= takes text, not {value!r}.")

    def _check_response(self) -> None:
        stated = (*self.predictors, *self.covariates)
        for column, (_, predictor) in product(self.response.columns, stated):
            for effect in predictor.random:
                if column in (*effect.columns, effect.by, *effect.weights):
                    raise FormulaError(f"The response {column!r} is also a group: remove one.")
            slopes = (term for effect in predictor.random for term in effect.terms)
            factors = (f for term in (*predictor.terms, *slopes) for f in term)
            for factor in (*factors, *predictor.offsets):
                if column in _columns(factor):
                    raise FormulaError(f"The response {column!r} is also a term: remove one.")

    def _check_structures(self) -> None:
        used = {e.structure for _, p in self.predictors for e in p.random}
        for name, _ in self.structures:
            if name not in used:
                raise SpecError(
                    f"The structure {name!r} is described, but no term of the model uses it: write "
                    f"(1 | gr(level, {name})), or leave it out."
                )

    def _check_shared(self) -> None:
        effects = [e for _, p in self.predictors for e in p.random if e.shared is not None]
        uses = Counter((e.group, e.structure, e.shared) for e in effects)
        for (group, _, shared), n in uses.items():
            if n == 1:
                raise FormulaError(
                    f"|{shared}| joins effects of {':'.join(group)} that stand in several places, but "
                    f"it stands at one only: write it at the others too, or write | there."
                )

    def _check_covariates(self) -> None:
        own = dict(self.covariates)
        for name in self.imputed:
            if name not in own:
                raise FormulaError(
                    f"mi({name}) needs a model of {name!r}, from which its missing values come: add "
                    f'{{"{name}": "{name} ~ 1"}}, or more terms, to the formulas.'
                )
            plain = [f for _, p in self.predictors for f in _factors(p) if f != _imputed(name)]
            if any(name in _columns(f) for f in plain):
                raise FormulaError(
                    f"{name!r} stands in mi({name}) and elsewhere, where it must have no missing values: "
                    f"write mi({name}) in its place."
                )
        for name, predictor in own.items():
            if name not in self.imputed:
                raise FormulaError(
                    f"There is a formula of {name!r}, but no mi({name}) in the others: add it, or leave "
                    "the formula out."
                )
            read = {c for f in _factors(predictor) for c in _columns(f)}
            if read & set(self.imputed):
                raise FormulaError(
                    f"The formula of {name!r} reads {', '.join(sorted(read & set(self.imputed)))}, which has "
                    "missing values itself: a covariate's own model takes complete columns."
                )
            if any(e.shared for e in predictor.random):
                raise FormulaError(
                    f"The formula of {name!r} shares no effects with others: write |."
                )

    @property
    def imputed(self) -> tuple[str, ...]:
        """Columns in ``mi()``, whose missing values are estimated."""
        factors = (f for _, p in self.predictors for f in _factors(p))
        found = (
            f.arguments[0].name
            for f in factors
            if isinstance(f, Call) and f.function == "mi" and isinstance(f.arguments[0], Variable)
        )
        return tuple(dict.fromkeys(found))

    @property
    def every(self) -> dict[str, Predictor]:
        """Linear predictors of parameters and of covariates, by name."""
        return dict((*self.predictors, *self.covariates))

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


def holds_smooth(expression: Expression) -> bool:
    """Whether a smooth function stands in an expression."""
    match expression:
        case Arithmetic(_, left, right):
            return holds_smooth(left) or holds_smooth(right)
        case Call(function, arguments):
            return function in SMOOTHS or any(map(holds_smooth, arguments))
    return False


def _imputed(column: str) -> Call:
    return Call("mi", (Variable(column),))


def _factors(predictor: Predictor) -> Iterator[Expression]:
    """Yield everything that reads columns: factors of terms and slopes, and offsets."""
    slopes = (term for effect in predictor.random for term in effect.terms)
    yield from (f for term in (*predictor.terms, *slopes) for f in term)
    yield from predictor.offsets


def no_slope(function: str) -> str:
    """Say why a term whose values depend on parameters cannot vary by group."""
    return (
        f"{function}() cannot vary by group: a slope of values that are themselves estimated would be "
        "a product of two unknowns. Let the column itself vary, or write the term outside the bars."
    )


def _term(term: Term | Factor | str) -> Term:
    factors: tuple[Any, ...]
    if isinstance(term, str):
        factors = tuple(map(Variable, term.split(":")))
    elif isinstance(term, tuple | list):
        factors = tuple(Variable(f) if isinstance(f, str) else f for f in term)
    else:
        factors = (term,)
    if not factors or not all(isinstance(f, Variable | Call) for f in factors):
        raise ArgumentTypeError(f"A term is columns and calls, not {term!r}.")
    return tuple(dict.fromkeys(factors))


def _ordered(terms: Iterable[Term | Factor | str] | str) -> tuple[Term, ...]:
    """Sort by order of interaction, keeping the first of equal terms."""
    unique: dict[frozenset[Factor], Term] = {}
    for term in map(_term, (terms,) if isinstance(terms, str) else terms):
        unique.setdefault(frozenset(term), term)
    return tuple(sorted(unique.values(), key=len))


def _offset(offset: Expression | str) -> Expression:
    match offset:
        case str(name):
            return Variable(name)
        case Call("offset", (inside,)):
            return inside
    return offset


def _columns(expression: Expression) -> Iterator[str]:
    """Name the columns that an expression reads."""
    match expression:
        case Variable(name):
            yield name
        case Arithmetic(_, left, right):
            yield from (*_columns(left), *_columns(right))
        case Call(function, arguments, options):
            for argument in arguments[:1] if function == "C" else arguments:
                yield from _columns(argument)
            if function in SMOOTHS:
                yield from (name for _, value in options for name in _columns(value))


def _name(pair: tuple[str, Any]) -> str:
    return pair[0]


def _mu_first(pair: tuple[str, Predictor]) -> bool:
    return pair[0] != "mu"


def _pairs[V](
    given: Mapping[str, V] | Iterable[tuple[str, V]], kind: type[V], what: str
) -> tuple[tuple[str, V], ...]:
    pairs = tuple(given.items() if isinstance(given, Mapping) else given)
    if not all(
        isinstance(p, tuple) and len(p) == 2 and isinstance(p[0], str) and isinstance(p[1], kind)
        for p in pairs
    ):
        raise ArgumentTypeError(f"{what}= is a mapping of names to {kind.__name__} objects.")
    if len(dict(pairs)) < len(pairs):
        raise SpecError(f"A name stands twice in {what}=.")
    return pairs
