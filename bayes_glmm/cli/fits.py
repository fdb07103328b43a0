"""Verbs from a model and a table: what is wrong with them, and the fit."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from bayes_glmm.cli.models import input_files, read_model, read_structures
from bayes_glmm.cli.options import (
    Data,
    Exposure,
    Family,
    Force,
    Link,
    Missing,
    Model,
    Offset,
    Roles,
    Structured,
    Success,
)
from bayes_glmm.cli.output_files import Output
from bayes_glmm.cli.running import UNCONVERGED, app, naming, say, show, stop, unwarned


@app.command()
def check(
    model: Model,
    data: Data,
    family: Family = None,
    link: Link = None,
    exposure: Exposure = None,
    offset: Offset = None,
    success: Success = None,
    missing: Missing = None,
    roles: Roles = None,
    structure: Structured = None,
) -> None:
    """Say everything that can be said before sampling.

    Example: `bayes-glmm check "deaths | trials(operations) ~ 1 + (1 | hospital)"
    surgical.csv --family binomial`
    """
    from bayes_glmm.fitting import check as check_design

    spec, table = read_model(
        model, data, roles, family=family, link=link, exposure=exposure, offset=offset,
        success=success, missing=missing,
    )  # fmt: skip
    given = read_structures(model, spec, structure)
    found = naming(data, partial(check_design, spec, table, structures=given))
    for finding in found:
        say(str(finding))
    if found.errors:
        stop(f"{data}: {len(found.errors)} of the checks found an error; nothing can be fitted.")
    say(f"{data}: {len(table)} rows; the model can be fitted.")


@app.command()
def fit(
    model: Model,
    data: Data,
    out: Annotated[str, typer.Option(help="Where the fit is saved (NetCDF).")],
    family: Family = None,
    link: Link = None,
    exposure: Exposure = None,
    offset: Offset = None,
    success: Success = None,
    missing: Missing = None,
    roles: Roles = None,
    structure: Structured = None,
    engine: Annotated[str, typer.Option(help="auto, nuts, collapsed, laplace or jax.")] = "auto",
    seed: Annotated[int, typer.Option(help="Same seed, same bytes.")] = 1,
    chains: Annotated[int, typer.Option(min=1)] = 4,
    draws: Annotated[int, typer.Option(min=1, help="Kept draws per chain.")] = 1000,
    tune: Annotated[int | None, typer.Option(min=1, help="Warm-up; chosen by rule.")] = None,
    cores: Annotated[int | None, typer.Option(min=1)] = None,
    target_accept: Annotated[float | None, typer.Option(min=0.5, max=0.999)] = None,
    store: Annotated[Path | None, typer.Option(help="Keep finished chains; resume here.")] = None,
    progress: Annotated[bool, typer.Option(help="Show a progress bar.")] = True,
    force: Force = False,
) -> None:
    """Fit a model, save it and print its summary; exit status 3 if it did not converge.

    Example: `bayes-glmm fit "deaths | trials(operations) ~ 1 + (1 | hospital)"
    surgical.csv --family binomial --out fit.nc`
    """
    from bayes_glmm import fitting
    from bayes_glmm.answers.summary import summary
    from bayes_glmm.results.fit import Fit
    from bayes_glmm.results.storage import save

    output = Output(out, "fit", input_files(model, data, structure), force)
    output.check()
    output.check_store(store)
    spec, table = read_model(
        model, data, roles, family=family, link=link, exposure=exposure, offset=offset,
        success=success, missing=missing,
    )  # fmt: skip
    output = replace(output, inputs=input_files(model, data, structure, spec))
    output.check()
    given = read_structures(model, spec, structure)
    run = partial(
        fitting.fit, spec, table, structures=given, engine=engine, seed=seed, chains=chains,
        draws=draws, tune=tune, cores=cores, target_accept=target_accept, store=store,
        progress=progress,
    )  # fmt: skip
    tree = naming(data, run)
    output.write(lambda place: save(tree, place, force=force), "The fit")
    say(f"Saved: {out}")
    with unwarned():
        table = summary(tree)
        show(table.drop(columns=["ess_bulk", "ess_tail", "mcse"]))
    for column, level in table.attrs["references"].items():
        say(f"Coefficients of {column} are differences from its level {level}.")
    info = Fit.of(tree).info
    before, after = ([found["message"] for found in info[k]] for k in ("findings", "verdict"))
    for sentence in (*before, *info["notes"], *after):
        say(sentence)
    if not info["converged"]:
        stop(f"{out}: saved, but the fit has NOT converged; see `report`.", UNCONVERGED)
