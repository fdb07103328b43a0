"""Do treated catheters prevent infections, per day at risk? A report with rates and a forest.

Nine trials counted bloodstream infections and the days that patients had a catheter. Days are the
exposure; trials differ in their rates, and in the alternative also in the effect.

Run with ``python examples/infection_report.py``; writes ``infection_report.html`` and
``infection_forest.png``.
"""

from __future__ import annotations

import bayes_glmm as bg


def main() -> None:
    """Fit, check, and say what to report."""
    trials = bg.dataset("nielweise2008")
    print(bg.check("hospital_infections", trials))
    tree = bg.fit("hospital_infections", trials, seed=1, progress=False)
    print(bg.diagnose(tree))

    print("\nRaw rates per 1,000 catheter-days")
    raw = trials.groupby("treat")[["events", "catheter_days"]].sum()
    print((1000 * raw["events"] / raw["catheter_days"]).round(2).to_string())

    rates = bg.predictions(tree, groups="population", by="treat", per=1000)
    ratio = bg.comparisons(tree, "treat", measure="ratio")
    difference = bg.comparisons(tree, "treat", per=1000)

    varied = "events ~ treat + (1 + treat || study)"
    other = bg.fit(
        varied, trials, family="poisson", exposure="catheter_days", seed=1, progress=False
    )
    effects = bg.meta_analysis(other, "study", "treat")
    names = trials.drop_duplicates("study").set_index("study")["label"].to_dict()
    picture = bg.plot_forest(other, "study", "treat", names=names)
    picture.figure.savefig("infection_forest.png", dpi=110, bbox_inches="tight")

    print("\nWhat to report")
    print(f"  Infections per 1,000 catheter-days: {bg.quote(rates, treat=0)} with standard")
    print(f"  catheters and {bg.quote(rates, treat=1)} with treated ones, averaged over the")
    print("  population of trials, each counted once; raw rates count trials by their days;")
    print(f"  rate ratio {bg.quote(ratio)}, difference {bg.quote(difference)}.")
    print(f"  With effects that differ between trials: {bg.quote(effects, kind='average')} on")
    print(f"  average and {bg.quote(effects, kind='new study')} in a new trial.")
    print("  Nine trials say little about how much trials differ: that sd rests on its prior.")

    bg.report(tree, "infection_report.html", per=1000)
    print("\nOne page with all of it: infection_report.html")


if __name__ == "__main__":
    main()
