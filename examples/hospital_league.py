"""Which hospitals are worse, and how sure is that? Shrinkage against a naive league table.

Twelve hospitals, deaths after heart surgery in infants. The raw table ranks by luck
where few were operated; the model shrinks each rate to the common one by as much as its
data are weak, and says how uncertain every rank is.

Run with ``python examples/hospital_league.py``; writes ``hospital_league.html``
and ``hospital_league.png``.
"""

from __future__ import annotations

import bayes_glmm as bg


def main() -> None:
    """Fit, check, rank and report."""
    hospitals = bg.dataset("surgical")
    tree = bg.fit(
        "deaths | trials(operations) ~ 1 + (1 | hospital)",
        hospitals,
        family="binomial",
        seed=1,
        progress=False,
    )
    verdict = bg.diagnose(tree)
    print("Converged and checked:", "yes" if verdict.passed else "read the findings")
    for finding in verdict.findings:
        print(" ", finding)

    print("\nOdds of death, and how much hospitals differ (sd of log odds)")
    print(bg.summary(tree, exponentiate=True).round(3).to_string())

    print("\nRaw and pooled estimates")
    print(bg.shrinkage(tree, "hospital").round(3).to_string())

    league = bg.rank(tree, "hospital")
    print("\nRanks with their uncertainty")
    print(league.round(2).to_string())

    average = bg.predictions(tree, groups="population", by=True)
    rates = bg.predictions(tree, hospitals, groups="known")
    last = league.iloc[-1]
    worst = bg.quote(rates, hospital=last["level"], times=100, unit="%")
    print("\nWhat to report")
    print(f"  Deaths on average over hospitals: {bg.quote(average, times=100, unit='%')}.")
    print(f"  Highest at hospital {last['level']}, {worst}, which is")
    print(
        f"  the worst with probability {last['p_highest']:.0%}. Ranks are less sure than rates, and"
    )
    print("  without the patients' risks a difference may be one between patients.")

    picture = bg.plot_shrinkage(tree, "hospital")
    picture.figure.savefig("hospital_league.png", dpi=110, bbox_inches="tight")
    bg.report(tree, "hospital_league.html")
    print("\nOne page with all of it: hospital_league.html")


if __name__ == "__main__":
    main()
