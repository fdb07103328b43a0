"""Arguments and options that several verbs take."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


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
Family = Annotated[str | None, typer.Option(help="Family of a formula.", show_default="gaussian")]
Link = Annotated[str | None, typer.Option(help="Link, if not the family's own.")]
Exposure = Annotated[str | None, typer.Option(help="Positive column, logged for you.")]
Offset = Annotated[str | None, typer.Option(help="Column added on the link scale.")]
Success = Annotated[str | None, typer.Option(help="Level of a text response that counts as 1.")]
Missing = Annotated[
    str | None,
    typer.Option(help="'drop' leaves rows out, 'predict' predicts responses."),
]
Roles = Annotated[
    list[str] | None,
    typer.Option("--map", help="ROLE=COLUMN: which column plays a template's role; repeatable."),
]

Structured = Annotated[
    list[str] | None,
    typer.Option(
        "--structure",
        help="NAME=KIND:FILE[,option=value]: a structure the model names, such as "
        "A=pedigree:ped.csv; repeatable.",
    ),
]
Force = Annotated[
    bool, typer.Option("--force", help="Replace a file of another kind; never an input.")
]
