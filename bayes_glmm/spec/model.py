"""What the user asked for: frozen values without data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any

from bayes_glmm.errors import ArgumentTypeError, FormulaError, SpecError
from bayes_glmm.spec.formula.formula_io import formula_text
from bayes_glmm.spec.priors import Prior
from bayes_glmm.spec.sides import Predictor, Response
from bayes_glmm.spec.sources import Source
from bayes_glmm.spec.spec_toml import OPTIONS, fields_of, load_toml, write_toml
from bayes_glmm.spec.terms import Call, Variable, columns_read


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
    >>> import bayes_glmm as bg
    >>> spec = bg.ModelSpec("pulls", bg.Predictor(terms=("dose",), random=(bg.RandomEffect("lab"),)))
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
            for factor in predictor.expressions:
                if column in columns_read(factor):
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
            plain = [f for _, p in self.predictors for f in p.expressions if f != _imputed(name)]
            if any(name in columns_read(f) for f in plain):
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
            read = {c for f in predictor.expressions for c in columns_read(f)}
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
        factors = (f for _, p in self.predictors for f in p.expressions)
        columns = (
            f.arguments[0].name
            for f in factors
            if isinstance(f, Call) and f.function == "mi" and isinstance(f.arguments[0], Variable)
        )
        return tuple(dict.fromkeys(columns))

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
        return formula_text(self.response, self.predictors, self.covariates)

    def to_toml(self) -> str:
        """Return the model as TOML text.

        Returns
        -------
        str
            What :meth:`from_toml` reads.
        """
        options = {key: vars(self)[key] for key in OPTIONS}
        return write_toml(self.formula, options, dict(self.priors), dict(self.structures))

    @classmethod
    def from_toml(cls, text: str) -> ModelSpec:
        """Read a model from TOML text; nothing in it is executed.

        Parameters
        ----------
        text : str
            As :meth:`to_toml` writes it, or by hand.

        Returns
        -------
        ModelSpec
            The model, without data.

        Raises
        ------
        SpecError
            The text is malformed, or a key in it is unknown.
        """
        return cls(**fields_of(load_toml(text), "The model"))

    def with_(self, **changes: Any) -> ModelSpec:
        """Return a copy with some fields replaced.

        Parameters
        ----------
        **changes
            Fields by name, such as ``family="poisson"``.

        Returns
        -------
        ModelSpec
            The copy.
        """
        return replace(self, **changes)


def _imputed(column: str) -> Call:
    return Call("mi", (Variable(column),))


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
