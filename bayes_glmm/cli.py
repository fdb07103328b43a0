"""The command line: arguments in, tables and files out; everything else is the library's."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, cast

import typer

from bayes_glmm.errors import ArgumentError, BayesGLMMError

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

    from bayes_glmm.spec.model import ModelSpec

BAD_INPUT, UNCONVERGED = 2, 3

app = typer.Typer(
    name="bayes-glmm",
    help="Bayesian generalized linear mixed models: from a formula to answers you can defend.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)
UsageError = cast("type[Exception]", typer.BadParameter.__base__)


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

    spec, table = _model(
        model, data, roles, family=family, link=link, exposure=exposure, offset=offset,
        success=success, missing=missing,
    )  # fmt: skip
    given = _structures(model, spec, structure)
    found = _naming(data, partial(check_design, spec, table, structures=given))
    for finding in found:
        _console().print(str(finding), markup=False, soft_wrap=True)
    if found.errors:
        _stop(f"{data}: {len(found.errors)} of the checks found an error; nothing can be fitted.")
    _console().print(f"{data}: {len(table)} rows; the model can be fitted.", soft_wrap=True)


@app.command()
def fit(
    model: Model,
    data: Data,
    out: Annotated[Path, typer.Option(help="Where the fit is saved (NetCDF).")],
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
) -> None:
    """Fit a model, save it and print its summary; exit status 3 if it did not converge.

    Example: `bayes-glmm fit "deaths | trials(operations) ~ 1 + (1 | hospital)"
    surgical.csv --family binomial --out fit.nc`
    """
    from bayes_glmm import fitting
    from bayes_glmm.answers.summary import summary
    from bayes_glmm.results import Fit
    from bayes_glmm.results_io import save

    if not out.resolve().parent.is_dir():
        _stop(f"{out}: the folder does not exist; make it first.")
    spec, table = _model(
        model, data, roles, family=family, link=link, exposure=exposure, offset=offset,
        success=success, missing=missing,
    )  # fmt: skip
    given = _structures(model, spec, structure)
    run = partial(
        fitting.fit, spec, table, structures=given, engine=engine, seed=seed, chains=chains,
        draws=draws, tune=tune, cores=cores, target_accept=target_accept, store=store,
        progress=progress,
    )  # fmt: skip
    tree = _naming(data, run)
    save(tree, out)
    with _unwarned():
        _show(summary(tree).drop(columns=["ess_bulk", "ess_tail", "mcse"]))
    info = Fit.of(tree).info
    before, after = ([found["message"] for found in info[k]] for k in ("findings", "verdict"))
    for sentence in (*before, *info["notes"], *after):
        _console().print(sentence, markup=False, soft_wrap=True)
    _console().print(f"Saved: {out}", markup=False, soft_wrap=True)
    if not info["converged"]:
        _stop(f"{out}: saved, but the fit has NOT converged; see `report`.", UNCONVERGED)


@app.command()
def report(
    fit: FitFile, out: Annotated[Path, typer.Option(help="The page to write (HTML).")]
) -> None:
    """Write one self-contained HTML page about a fit.

    Example: `bayes-glmm report fit.nc --out report.html`
    """
    from bayes_glmm.report import report as write_report
    from bayes_glmm.results_io import load

    with _unwarned():
        write_report(load(fit), out)
    _console().print(f"Written: {out}", markup=False, soft_wrap=True)


@app.command()
def predict(
    fit: FitFile,
    data: Annotated[Path, typer.Argument(help="New rows, CSV or Parquet.", show_default=False)],
    groups: Annotated[Groups, typer.Option(help="Whose prediction.")] = Groups.population,
    kind: Annotated[Kind, typer.Option(help="Mean, or a new response.")] = Kind.expected,
    per: Annotated[float | None, typer.Option(help="Exposure that every row is set to.")] = None,
    out: Annotated[Path | None, typer.Option(help="CSV to write; else it is printed.")] = None,
) -> None:
    """Predict new rows from a fit.

    Example: `bayes-glmm predict fit.nc new.csv --groups population --out predictions.csv`
    """
    from bayes_glmm.answers.predictions import predictions
    from bayes_glmm.results import Fit
    from bayes_glmm.results_io import load
    from bayes_glmm.tables import csv_of, read_table, write_csv

    tree = load(fit)
    rows = read_table(data, Fit.of(tree).spec)
    run = partial(predictions, tree, data=rows, groups=groups.value, kind=kind.value, per=per)
    with _unwarned():
        table = _naming(data, run)
    if out is None:
        _console().print(csv_of(table), end="", markup=False, soft_wrap=True)
    else:
        write_csv(table, out)
        _console().print(f"Written: {out} ({len(table)} rows)", markup=False, soft_wrap=True)


@app.command()
def explore(
    fit: Annotated[
        Path | None, typer.Argument(help="A fit made by `fit`.", show_default=False)
    ] = None,
    out: Annotated[Path, typer.Option(help="The page to write (HTML).")] = Path("explorer.html"),
    open: Annotated[bool, typer.Option(help="Open it in the browser.")] = True,
) -> None:
    """Write and open a page to play with: a typical person, and the average of many.

    Example: `bayes-glmm explore fit.nc --out explorer.html`
    """
    from bayes_glmm.explore import explore as write_explorer
    from bayes_glmm.results_io import load

    if fit is None:
        write_explorer(None, out, open)
    else:
        tree = load(fit)
        _naming(fit, lambda: write_explorer(tree, out, open))
    _console().print(f"Written: {out}", markup=False, soft_wrap=True)


@app.command()
def scan(
    fit: FitFile,
    genotypes: Annotated[
        str, typer.Argument(help="PLINK prefix, Zarr store, or table.", show_default=False)
    ],
    out: Annotated[Path, typer.Option(help="Parquet (or .csv) to write, a row per marker.")],
    covariates: Annotated[Path | None, typer.Option(help="Table with a column 'id'.")] = None,
    markers: Annotated[Path | None, typer.Option(help="Table of markers' chromosomes.")] = None,
    loco: Annotated[bool, typer.Option(help="Leave a marker's chromosome out.")] = False,
    refit: Annotated[int, typer.Option(min=0, help="Sample this many best markers.")] = 0,
) -> None:
    """Test many markers for association beside a fitted null model.

    Example: `bayes-glmm scan fit.nc cohort --out scan.parquet`
    """
    from bayes_glmm.results_io import load
    from bayes_glmm.scan import scan as run_scan
    from bayes_glmm.tables import read_by_id, write_csv

    if not out.resolve().parent.is_dir():
        _stop(f"{out}: the folder does not exist; make it first.")
    tables = (".csv", ".parquet", ".pq")
    given = read_by_id(genotypes) if Path(genotypes).suffix in tables else genotypes
    extra = None if covariates is None else read_by_id(covariates)
    places = None if markers is None else read_by_id(markers, "marker")
    run = partial(run_scan, load(fit), given, extra, loco, markers=places, refit=refit)
    with _unwarned():
        table = _naming(Path(genotypes), run)
    if out.suffix == ".csv":
        write_csv(table, out)
    else:
        table.to_parquet(out, index=False)
    attrs = table.attrs
    shown = [c for c in ("marker", "effect", "se", "p", "log10_bf") if c in table.columns]
    _show(table.nsmallest(5, "p")[shown])
    reasons = "".join(f"; {n} {why}" for why, n in attrs["not_tested"].items())
    _console().print(
        f"{attrs['n_tested']} of {attrs['n_markers']} markers tested{reasons}. "
        f"Genomic inflation {attrs['genomic_inflation']:.3f}. {attrs['method']}.",
        markup=False, soft_wrap=True,
    )  # fmt: skip
    for sentence in attrs["notes"]:
        _console().print(sentence, markup=False, soft_wrap=True)
    _console().print(f"Written: {out}", markup=False, soft_wrap=True)


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
            _console().print(
                f"[bold]{row.name}[/]\n  {row.title}\n  {row.question}", soft_wrap=True
            )
    else:
        path = library.template_folder() / f"{library.template(name).name}.toml"
        _console().print(path.read_text("utf-8"), markup=False, soft_wrap=True, end="")


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="The page to write (HTML).")] = Path("demo/report.html"),
) -> None:
    """Fit a bundled real table and show what comes out of it.

    Example: `bayes-glmm demo`
    """
    from bayes_glmm.demo import run_demo

    run_demo(_console(), out)


def _model(
    model: str, data: Path, roles: list[str] | None, **options: str | None
) -> tuple[ModelSpec, pd.DataFrame]:
    """Read the model and, in its light, the table."""
    from bayes_glmm.design.resolve import resolve_spec
    from bayes_glmm.roles import cast_roles
    from bayes_glmm.spec.model import ModelSpec
    from bayes_glmm.spec.templates import template
    from bayes_glmm.spec.toml import toml_text
    from bayes_glmm.tables import column_names, existing, read_table

    path, chosen = Path(model), _pairs(roles or [])
    is_formula, is_file = "~" in model, path.suffix == ".toml"
    if chosen and (is_formula or is_file):
        raise ArgumentError("--map is for templates: this model names its columns itself.")
    if any(options.values()) and not is_formula:
        given = ", ".join(f"--{key}" for key, value in options.items() if value)
        raise ArgumentError(f"{given} goes with a formula; {model} is a ready model.")
    if is_formula:
        spec = resolve_spec(model, **options)
    elif is_file:
        text = toml_text(existing(path))
        spec = resolve_spec(_naming(path, lambda: ModelSpec.from_toml(text)))
    else:
        found, columns = template(model), column_names(data)
        spec = _naming(data, lambda: cast_roles(found, chosen, columns))
    return spec, read_table(data, spec)


def _structures(model: str, spec: ModelSpec, written: list[str] | None) -> dict[str, Any]:
    """Read the structures that options name, and those that the model's file describes."""
    from bayes_glmm.spec.sources import parse_source
    from bayes_glmm.structures.reading import read_sources

    chosen = dict(map(parse_source, written or []))
    if len(chosen) < len(written or []):
        raise ArgumentError("--structure names one structure twice.")
    folder = Path(model).parent if Path(model).suffix == ".toml" else Path()
    described = {
        name: source
        for name, source in spec.structures
        if name not in chosen and not source.bundled
    }
    return read_sources(chosen) | read_sources(described, folder)


def _pairs(roles: Sequence[str]) -> dict[str, str]:
    for role in roles:
        if not all(role.partition("=")):
            raise ArgumentError(f"--map {role}: write ROLE=COLUMN.")
    return {role.partition("=")[0]: role.partition("=")[2] for role in roles}


def _naming[T](path: Path, question: Callable[[], T]) -> T:
    """Answer a question about a file, naming it when the answer is an error."""
    try:
        return question()
    except BayesGLMMError as error:
        error.add_note(str(path))
        raise


@contextmanager
def _unwarned() -> Iterator[None]:
    """Say on one line of standard error what is a warning to those who program."""
    from bayes_glmm.errors import UnconvergedWarning

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UnconvergedWarning)
        yield
    for said in dict.fromkeys(str(warning.message) for warning in caught):
        sys.stderr.write(" ".join(said.split()) + "\n")


def _console() -> Console:
    from rich.console import Console

    return Console()


def _show(table: pd.DataFrame) -> None:
    from bayes_glmm.tables import rich_table

    _console().print(rich_table(table))


def _stop(message: str, status: int = BAD_INPUT) -> NoReturn:
    sys.stderr.write(" ".join(message.split()) + "\n")
    raise typer.Exit(status)


def _one_line(error: Exception) -> str:
    where = getattr(error, "__notes__", [])
    lines = [line for line in str(error).splitlines() if line.strip(" ^")]
    return " ".join(": ".join([*where, " ".join(lines)]).split())


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit: 0 done, 2 bad input, 3 not converged."""
    run: Any = partial(app, args=arguments, standalone_mode=False)
    try:
        status = run()
    except UsageError as error:
        status = BAD_INPUT
        sys.stderr.write(f"{_one_line_usage(error)}\n")
    except (BayesGLMMError, OSError) as error:
        status = BAD_INPUT
        sys.stderr.write(f"{_one_line(error)}\n")
    except (KeyboardInterrupt, typer.Abort):
        status = 130
        sys.stderr.write("Interrupted; with --store the same command resumes.\n")
    sys.exit(status or 0)


def _one_line_usage(error: Any) -> str:
    context = error.ctx.command_path if error.ctx else "bayes-glmm"
    return " ".join(f"{error.format_message()} See '{context} --help'.".split())
