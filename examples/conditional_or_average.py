"""Whose odds ratio? That of one child, and that of all children, from the same fit.

In Steubenville 537 children were examined each year from age 7 to 10: did they wheeze, and did their
mothers smoke? A coefficient of the mixed model compares one and the same child. A policy is
about all children, whose average moves less, because children differ so much.

Run with ``python examples/conditional_or_average.py``; writes ``conditional_or_average.html``,
a page to play with what was fitted.
"""

from __future__ import annotations

import bayes_glmm as bg


def main() -> None:
    """Fit, set the two odds ratios side by side, and say which to report."""
    children = bg.dataset("ohio")
    tree = bg.fit(
        "resp ~ smoke + age + (1 | id)",
        children,
        family="bernoulli",
        seed=1,
        progress=False,
    )
    verdict = bg.diagnose(tree)
    print("Converged and checked:", "yes" if verdict.passed else "read the findings")
    for finding in verdict.findings:
        print(" ", finding)

    print("\nConditional odds ratios: one and the same child")
    print(bg.summary(tree, exponentiate=True).iloc[:, :6].round(2).to_string())

    averaged = bg.comparisons(tree, "smoke", measure="odds_ratio")
    print("\nAveraged odds ratio of smoking: all children, with and without")
    print(averaged.round(2).to_string())

    print("\nThe averages behind it: children wheezing in a year")
    print(bg.predictions(tree, groups="population", by="smoke").round(3).to_string())
    print("\nA typical child, whose effect is zero, wheezes much less than the average")
    print(bg.predictions(tree, groups="typical", by="smoke").round(3).to_string())

    difference = bg.comparisons(tree, "smoke")
    print("\nWhat to report")
    print("  To a family: the conditional odds ratio, with how much children differ (sd_id).")
    print("  To those who plan for all: the difference of averages,")
    print(f"  {1000 * difference['mean'].iloc[0]:.0f} more of 1000 children wheezing, its interval")
    low, high = difference.filter(regex="_[lu]b$").iloc[0]
    print(f"  from {1000 * low:.0f} to {1000 * high:.0f}. Say which of the two an odds ratio is.")
    print("  Smoking was not assigned: what is compared are children, not a mother's choice.")

    bg.explore(tree, "conditional_or_average.html", open=False)
    print("\nA page to play with it: conditional_or_average.html")


if __name__ == "__main__":
    main()
