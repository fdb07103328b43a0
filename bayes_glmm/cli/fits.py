"""Verbs from a model and a table: what is wrong with them, and the fit."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Annotated, Unpack

import typer

from bayes_glmm.cli.arguments import (
    Data,
    FitArguments,
    Force,
    FormulaArguments,
    Model,
    ModelArguments,
    takes_arguments,
)
from bayes_glmm.cli.models import input_files, read_model, read_structures
from bayes_glmm.cli.output_files import Output
from bayes_glmm.cli.running import UNCONVERGED, app, naming, say, show, stop, unwarned
from bayes_glmm.fitting.options import SamplingOptions, part


@app.command()
@takes_arguments(ModelArguments)
def check(model: Model, data: Data, **options: Unpack[ModelArguments]) -> None:
    """Say everything that can be said before sampling.

    Example: `bayes-glmm check "deaths | trials(operations) ~ 1 + (1 | hospital)"
    surgical.csv --family binomial`
    """
    from bayes_glmm.fitting.check_model import check as check_design

    spec, table = read_model(model, data, options.get("roles"), **part(options, FormulaArguments))
    given = read_structures(model, spec, options.get("structure"))
    findings = naming(data, partial(check_design, spec, table, structures=given))
    for finding in findings:
        say(str(finding))
    if findings.errors:
        stop(f"{data}: {len(findings.errors)} of the checks found an error; nothing can be fitted.")
    say(f"{data}: {len(table)} rows; the model can be fitted.")


@app.command()
@takes_arguments(FitArguments)
def fit(
    model: Model,
    data: Data,
    out: Annotated[str, typer.Option(help="Where the fit is saved (NetCDF).")],
    force: Force = False,
    **options: Unpack[FitArguments],
) -> None:
    """Fit a model, save it and print its summary; exit status 3 if it did not converge.

    Example: `bayes-glmm fit "deaths | trials(operations) ~ 1 + (1 | hospital)"
    surgical.csv --family binomial --out fit.nc`
    """
    from bayes_glmm.answers.summary import summary
    from bayes_glmm.fitting import fit_model
    from bayes_glmm.results.fit import Fit
    from bayes_glmm.results.storage import save

    written = options.get("structure")
    output = Output(out, "fit", input_files(model, data, written), force)
    output.check()
    output.check_store(options.get("store"))
    spec, table = read_model(model, data, options.get("roles"), **part(options, FormulaArguments))
    output = replace(output, inputs=input_files(model, data, written, spec))
    output.check()
    given = read_structures(model, spec, options.get("structure"))
    how = part(options, SamplingOptions)
    run = partial(fit_model.fit_whole, spec, table, structures=given, **how)
    tree = naming(data, run)
    output.write(lambda place: save(tree, place, force=force), "The fit")
    say(f"Saved: {out}")
    with unwarned():
        table = summary(tree)
        show(table.drop(columns=["ess_bulk", "ess_tail", "mcse"]))
    for column, level in table.attrs["references"].items():
        say(f"Coefficients of {column} are differences from its level {level}.")
    info = Fit.of(tree).info
    before, after = ([finding["message"] for finding in info[k]] for k in ("findings", "verdict"))
    for sentence in (*before, *info["notes"], *after):
        say(sentence)
    if not info["converged"]:
        stop(f"{out}: saved, but the fit has NOT converged; see `report`.", UNCONVERGED)
