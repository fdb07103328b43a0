"""Arguments and options that several verbs take, each described once.

A verb that takes the options of a record is written ``def check(model, **options:
Unpack[ModelArguments])`` and decorated by :func:`takes_arguments`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, TypedDict, get_type_hints

import typer

from bayes_glmm.fitting.options import DEFAULTS, expanded
from bayes_glmm.literals import Engine, allowed

ENGINES = allowed(Engine)


class Groups(StrEnum):
    """Estimands of a prediction."""

    known = "known"
    typical = "typical"
    new = "new"
    population = "population"


class Kind(StrEnum):
    """What is predicted."""

    expected = "expected"
    response = "response"


Model = Annotated[
    str, typer.Argument(help="A TOML file, a template's name, or a formula.", show_default=False)
]
Data = Annotated[
    Path,
    typer.Argument(
        help="A CSV or Parquet file; its rows are counted from 1 below the header.",
        show_default=False,
    ),
]
FitFile = Annotated[Path, typer.Argument(help="A fit made by `fit`.", show_default=False)]
Force = Annotated[
    bool, typer.Option("--force", help="Replace a file of another kind; never an input.")
]


class FormulaArguments(TypedDict, total=False):
    """What a formula leaves open."""

    family: Annotated[
        str | None, typer.Option(help="Family of a formula.", show_default="gaussian")
    ]
    link: Annotated[str | None, typer.Option(help="Link, if not the family's own.")]
    exposure: Annotated[str | None, typer.Option(help="Positive column, logged for you.")]
    offset: Annotated[str | None, typer.Option(help="Column added on the link scale.")]
    success: Annotated[str | None, typer.Option(help="Level of a text response that counts as 1.")]
    missing: Annotated[
        str | None, typer.Option(help="'drop' leaves rows out, 'predict' predicts responses.")
    ]


class ModelArguments(FormulaArguments, total=False):
    """What makes a formula, a file or a template a model."""

    roles: Annotated[
        list[str] | None,
        typer.Option(
            "--map", help="ROLE=COLUMN: which column plays a template's role; repeatable."
        ),
    ]
    structure: Annotated[
        list[str] | None,
        typer.Option(
            help="NAME=KIND:FILE[,option=value]: a structure the model names, such as "
            "A=pedigree:ped.csv; repeatable.",
        ),
    ]


class SamplingArguments(TypedDict, total=False):
    """How a model is sampled."""

    engine: Annotated[str, typer.Option(help=f"{', '.join(ENGINES[:-1])} or {ENGINES[-1]}.")]
    seed: Annotated[int, typer.Option(help="Same seed, same bytes.")]
    chains: Annotated[int, typer.Option(min=1)]
    draws: Annotated[int, typer.Option(min=1, help="Kept draws per chain.")]
    tune: Annotated[int | None, typer.Option(min=1, help="Warm-up; chosen by rule.")]
    cores: Annotated[int | None, typer.Option(min=1)]
    target_accept: Annotated[float | None, typer.Option(min=0.5, max=0.999)]
    store: Annotated[Path | None, typer.Option(help="Keep finished chains; resume here.")]
    progress: Annotated[bool, typer.Option(help="Show a progress bar.")]


class FitArguments(ModelArguments, SamplingArguments, total=False):
    """What a fit takes."""


def takes_arguments[F: Callable[..., Any]](record: type) -> Callable[[F], F]:
    """Let a verb take the options of a record, as typer reads them from its signature."""
    hints: Mapping[str, Any] = get_type_hints(record, include_extras=True)

    def decorate(verb: F) -> F:
        verb.__signature__ = expanded(verb, hints, DEFAULTS, eval_str=True)  # type: ignore[attr-defined]
        return verb

    return decorate
