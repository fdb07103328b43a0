"""Verbs that need no data of the user's."""

from __future__ import annotations

from typing import Annotated

import typer

from bayes_glmm.cli.arguments import Force
from bayes_glmm.cli.running import app, console


@app.command()
def templates(
    name: Annotated[str | None, typer.Argument(help="Show this one.", show_default=False)] = None,
) -> None:
    """List the model templates, or show one.

    Example: `bayes-glmm templates hospital_infections`
    """
    from bayes_glmm.spec import templates as library

    if name is None:
        for row in library.templates().itertuples():
            console().print(f"[bold]{row.name}[/]\n  {row.title}\n  {row.question}", soft_wrap=True)
    else:
        path = library.template_folder() / f"{library.template(name).name}.toml"
        console().print(path.read_text("utf-8"), markup=False, soft_wrap=True, end="")


@app.command()
def demo(
    out: Annotated[str, typer.Option(help="The page to write (HTML).")] = "demo/report.html",
    force: Force = False,
) -> None:
    """Fit a bundled real table and show what comes out of it.

    Example: `bayes-glmm demo`
    """
    from bayes_glmm.cli.demo import run_demo

    run_demo(console(), out, force=force)
