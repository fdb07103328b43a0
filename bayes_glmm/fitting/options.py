"""The options that many calls share: their types, their defaults, and what a wrong name says.

A call that takes them is written ``def check(model, data, **options: Unpack[ModelOptions])`` and
decorated by :func:`takes`, so that type checkers, ``help()`` and completion see every name.
What each means is in the docstring of :func:`bayes_glmm.fit`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import wraps
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypedDict, cast

from bayes_glmm.engine.settings import choose_settings
from bayes_glmm.errors import ArgumentTypeError, suggestion
from bayes_glmm.literals import Engine, Missing

if TYPE_CHECKING:
    from pathlib import Path

    from bayes_glmm.families.contract import Family
    from bayes_glmm.spec.priors import Prior
    from bayes_glmm.structures import Structure

DEFAULTS: Mapping[str, Any] = MappingProxyType(
    {p.name: p.default for p in inspect.signature(choose_settings).parameters.values()}
    | {"log_likelihood": False, "refit_draws": 500}
)
"""Of options that are not given; all others are then ``None``."""


class FormulaOptions(TypedDict, total=False):
    """What a formula leaves open."""

    family: str | Family | None
    link: str | None
    exposure: str | None
    offset: str | None
    missing: Missing | None
    success: str | None


class ModelOptions(FormulaOptions, total=False):
    """What makes a formula a model."""

    priors: Mapping[str, Prior] | None
    structures: Mapping[str, Structure] | None


class ChainOptions(TypedDict, total=False):
    """How each chain is sampled."""

    engine: Engine
    tune: int | None
    target_accept: float | None


class ChainsOptions(ChainOptions, total=False):
    """How many chains are sampled, and how many at a time."""

    chains: int
    cores: int | None


class SamplingOptions(ChainsOptions, total=False):
    """How one model is sampled."""

    draws: int
    seed: int
    progress: bool
    store: str | Path | None


class RefitOptions(ChainsOptions, total=False):
    """How a model is sampled again."""

    store: str | Path | None
    log_likelihood: bool


class FitOptions(ModelOptions, SamplingOptions, total=False):
    """What :func:`bayes_glmm.fit` takes."""

    log_likelihood: bool


class ManyOptions(TypedDict, total=False):
    """Where many fits are done, and what keeps them."""

    executor: Any
    store: str | Path | None
    progress: bool


class AgainOptions(ChainsOptions, ManyOptions, total=False):
    """Many fits of a model that was fitted before."""


class MarkerOptions(ChainsOptions, total=False):
    """How models with one marker more are sampled."""

    refit_draws: int
    seed: int | None
    progress: bool


class StudyOptions(ModelOptions, ChainOptions, ManyOptions, total=False):
    """Many fits of a model to data that are drawn."""


def part[R](options: Mapping[str, Any], record: type[R]) -> R:
    """Return those of the options that a record has.

    Examples
    --------
    >>> part({"link": "log", "draws": 10}, FormulaOptions)
    {'link': 'log'}
    """
    return cast(R, {k: v for k, v in options.items() if k in record.__annotations__})


def expanded(
    function: Callable[..., Any],
    hints: Mapping[str, Any],
    defaults: Mapping[str, Any],
    *,
    eval_str: bool = False,
) -> inspect.Signature:
    """Return the signature of a call with its options one by one.

    Examples
    --------
    >>> def check(model, **options): ...
    >>> print(expanded(check, {"chains": int}, {"chains": 4}))
    (model, *, chains: int = 4)
    """
    signature = inspect.signature(function, eval_str=eval_str)
    own = [p for p in signature.parameters.values() if p.kind is not p.VAR_KEYWORD]
    options = [
        inspect.Parameter(
            name, inspect.Parameter.KEYWORD_ONLY, default=defaults.get(name), annotation=hint
        )
        for name, hint in hints.items()
    ]
    return signature.replace(parameters=[*own, *options])


def takes[F: Callable[..., Any]](record: type, **own: Any) -> Callable[[F], F]:
    """Let a call take the options of a record, and no others.

    Parameters
    ----------
    record : type
        A typed dictionary, also named in the call's ``Unpack``.
    **own
        Defaults that differ from :data:`DEFAULTS`, as its signature shows them.

    Raises
    ------
    ArgumentTypeError
        The decorated call, when it is given a name that it does not know.
    """
    # the text of a postponed annotation, as signatures show it
    hints = {k: getattr(v, "__forward_arg__", v) for k, v in record.__annotations__.items()}

    def decorate(function: F) -> F:
        signature = expanded(function, hints, {**DEFAULTS, **own})

        @wraps(function)
        def call(*args: Any, **given: Any) -> Any:
            for name in given:
                if name not in signature.parameters:
                    known = list(signature.parameters)
                    raise ArgumentTypeError(
                        f"{function.__name__}() has no option {name!r}." + suggestion(name, known)
                    )
            return function(*args, **given)

        call.__signature__ = signature  # type: ignore[attr-defined]
        return cast(F, call)

    return decorate
