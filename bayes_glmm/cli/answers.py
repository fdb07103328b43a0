"""Verbs that ask a saved fit."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from bayes_glmm.cli.arguments import FitFile, Force, Groups, Kind
from bayes_glmm.cli.output_files import Output
from bayes_glmm.cli.running import app, console, naming, say, show, unwarned


@app.command()
def report(
    fit: FitFile,
    out: Annotated[str, typer.Option(help="The page to write (HTML).")],
    force: Force = False,
) -> None:
    """Write one self-contained HTML page about a fit.

    Example: `bayes-glmm report fit.nc --out report.html`
    """
    from bayes_glmm.report import report as write_report
    from bayes_glmm.results.storage import load

    Output(out, "page", (fit,), force).check()
    with unwarned():
        write_report(load(fit), out, force=force)
    say(f"Written: {out}")


@app.command()
def predict(
    fit: FitFile,
    data: Annotated[Path, typer.Argument(help="New rows, CSV or Parquet.", show_default=False)],
    groups: Annotated[Groups, typer.Option(help="Whose prediction.")] = Groups.population,
    kind: Annotated[Kind, typer.Option(help="Mean, or a new response.")] = Kind.expected,
    per: Annotated[float | None, typer.Option(help="Exposure that every row is set to.")] = None,
    out: Annotated[
        str | None, typer.Option(help="CSV or Parquet to write; else it is printed.")
    ] = None,
    force: Force = False,
) -> None:
    """Predict new rows from a fit.

    Example: `bayes-glmm predict fit.nc new.csv --groups population --out predictions.csv`
    """
    from bayes_glmm.answers.predict.predictions import predictions
    from bayes_glmm.cli.table_files import csv_of, read_table
    from bayes_glmm.results.fit import Fit
    from bayes_glmm.results.storage import load

    output = None if out is None else Output(out, "table", (fit, data), force)
    if output is not None:
        output.check()
    tree = load(fit)
    rows = read_table(data, Fit.of(tree).spec)
    run = partial(predictions, tree, data=rows, groups=groups.value, kind=kind.value, per=per)
    with unwarned():
        table = naming(data, run)
    if output is None:
        console().print(csv_of(table), end="", markup=False, soft_wrap=True)
    else:
        output.write_table(table)
        say(f"Written: {out} ({len(table)} rows)")


@app.command()
def explore(
    fit: Annotated[
        Path | None, typer.Argument(help="A fit made by `fit`.", show_default=False)
    ] = None,
    out: Annotated[str, typer.Option(help="The page to write (HTML).")] = "explorer.html",
    open: Annotated[bool, typer.Option(help="Open it in the browser.")] = True,
    force: Force = False,
) -> None:
    """Write and open a page to play with: a typical person, and the average of many.

    Example: `bayes-glmm explore fit.nc --out explorer.html`
    """
    from bayes_glmm.explore import explore as write_explorer
    from bayes_glmm.results.storage import load

    Output(out, "page", () if fit is None else (fit,), force).check()
    if fit is None:
        write_explorer(None, out, open, force=force)
    else:
        tree = load(fit)
        naming(fit, lambda: write_explorer(tree, out, open, force=force))
    say(f"Written: {out}")


@app.command()
def scan(
    fit: FitFile,
    genotypes: Annotated[
        str, typer.Argument(help="PLINK prefix, Zarr store, or table.", show_default=False)
    ],
    out: Annotated[str, typer.Option(help="Parquet (or .csv) to write, a row per marker.")],
    covariates: Annotated[Path | None, typer.Option(help="Table with a column 'id'.")] = None,
    markers: Annotated[Path | None, typer.Option(help="Table of markers' chromosomes.")] = None,
    loco: Annotated[bool, typer.Option(help="Leave a marker's chromosome out.")] = False,
    refit: Annotated[int, typer.Option(min=0, help="Sample this many best markers.")] = 0,
    force: Force = False,
) -> None:
    """Test many markers for association beside a fitted null model.

    Example: `bayes-glmm scan fit.nc cohort --out scan.parquet`
    """
    from bayes_glmm.cli.table_files import read_by_id
    from bayes_glmm.results.storage import load
    from bayes_glmm.scan import scan as run_scan

    read = (fit, Path(genotypes), covariates, markers)
    inputs = tuple(path for path in read if path is not None)
    output = Output(out, "table", inputs, force, unnamed="parquet")
    output.check()
    tables = (".csv", ".parquet", ".pq")
    given = read_by_id(genotypes) if Path(genotypes).suffix in tables else genotypes
    extra = None if covariates is None else read_by_id(covariates)
    places = None if markers is None else read_by_id(markers, "marker")
    run = partial(run_scan, load(fit), given, extra, loco, markers=places, refit=refit)
    with unwarned():
        table = naming(Path(genotypes), run)
    output.write_table(table)
    attrs = table.attrs
    shown = [c for c in ("marker", "effect", "se", "p", "log10_bf") if c in table.columns]
    show(table.nsmallest(5, "p")[shown])
    reasons = "".join(f"; {n} {why}" for why, n in attrs["not_tested"].items())
    console().print(
        f"{attrs['n_tested']} of {attrs['n_markers']} markers tested{reasons}. "
        f"Genomic inflation {attrs['genomic_inflation']:.3f}. {attrs['method']}.",
        markup=False, soft_wrap=True,
    )  # fmt: skip
    for sentence in attrs["notes"]:
        say(sentence)
    say(f"Written: {out}")
