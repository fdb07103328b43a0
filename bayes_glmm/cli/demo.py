"""A walk through one real table: from the formula to an answer that can be defended."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bayes_glmm.cli.table_files import rich_table

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from rich.console import Console

    from bayes_glmm.literals import Measure

MODEL = "hospital_infections"
TABLE = "nielweise2008"


def fit_demo(data: pd.DataFrame, *, progress: bool) -> xr.DataTree:
    """Fit the demonstration's model."""
    from bayes_glmm.fitting.fit_model import fit_whole

    return fit_whole(MODEL, data, seed=1, progress=progress)


def run_demo(console: Console, out: str | Path, *, force: bool = False) -> None:
    """Fit, judge, summarise, compare and report; say where the page is."""
    from bayes_glmm.answers.diagnose.report_card import diagnose
    from bayes_glmm.answers.effects.level_effects import shrinkage
    from bayes_glmm.answers.predict.comparisons import comparisons
    from bayes_glmm.answers.summary import summary
    from bayes_glmm.datasets import dataset
    from bayes_glmm.disk.outputs import usable_folder, writable
    from bayes_glmm.report import report
    from bayes_glmm.results.fit import Fit

    usable_folder(Path(out).parent).mkdir(parents=True, exist_ok=True)
    place = writable(out, "page", force=force)
    data = dataset(TABLE)
    console.print(f"[bold]{data.attrs['title']}[/]\n{data.attrs['source']}\n")
    console.print("Do anti-infective catheters prevent infections, and how sure is that?")
    tree = fit_demo(data, progress=console.is_terminal)
    fitted = Fit.of(tree)
    console.print(f"Model: {fitted.spec.formula}, {fitted.spec.family}, rate per catheter-day")
    console.print(f"Fitted in {fitted.info['wall_seconds']:.1f} s.\n")

    console.print("[bold]Convergence:[/] " + (fitted.banner or "the chains converged."))
    for finding in diagnose(tree).findings:
        console.print(str(finding), markup=False, soft_wrap=True)
    rates = summary(tree, exponentiate=True).drop(columns=["sd", "ess_bulk", "ess_tail", "mcse"])
    console.print(rich_table(rates, title="Rate ratios (IRR) and sds"))
    console.print(
        rich_table(shrinkage(tree, "study"), title="Trials' log rates, shrunken to the population")
    )
    answers: tuple[tuple[Measure, str], ...] = (
        ("ratio", "Rate ratio, averaged over the population of trials"),
        ("difference", "Difference in infections per 1,000 catheter-days, averaged likewise"),
    )
    for measure, title in answers:
        table = comparisons(tree, "treat", measure=measure, groups="population", per=1000)
        console.print(rich_table(table, title=title))
    report(tree, out, force=force)
    console.print(f"[bold]One page with all of it:[/] {place}", soft_wrap=True)
