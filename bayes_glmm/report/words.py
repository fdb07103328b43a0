"""The model in words and in mathematics, from its spec."""

from __future__ import annotations

from bayes_glmm.results import Fit


def in_words(fit: Fit) -> list[str]:
    """Say what is modelled, sentence by sentence."""
    design, spec = fit.design, fit.spec
    family = fit.family.name.replace("_", " ")
    known = (
        f", per unit of {spec.exposure} (its logarithm is a known term)" if spec.exposure else ""
    )
    trials = spec.response.modifier("trials")
    of = " out of its trials" if trials else ""
    lines = [
        f"{spec.response.column}{of} follows the {family} family, its mean on the {fit.link.name} "
        f"link{known}.",
    ]
    if design.mu.coefficients:
        lines.append(f"The mean changes with {', '.join(design.mu.coefficients)}.")
    for group in design.mu.groups:
        what = ", ".join(group.terms)
        tied = " (correlated)" if any(len(b) > 1 for b in group.blocks) else ""
        lines.append(
            f"The {group.n_levels} levels of {group.name} differ in {what}{tied}; their effects come from "
            "one normal distribution whose standard deviation is estimated, which shrinks small levels "
            "towards the others."
        )
    return lines


def in_mathematics(fit: Fit) -> list[str]:
    """Write the model line by line in Unicode."""
    design = fit.design
    parameters = "".join(f", {p.name}" for p in fit.family.parameters)
    trials = "nᵢ, " if fit.family.has_trials else ""
    parts = ["α"] if design.mu.intercept else []
    parts += [f"β[{c}]·{c}ᵢ" for c in design.mu.coefficients]
    for group in design.mu.groups:
        for term in group.terms:
            tail = "" if term == "intercept" else f"·{term}ᵢ"
            parts.append(f"u[{group.name}, {term}]{tail}")
    if fit.spec.exposure:
        parts.append(f"log({fit.spec.exposure}ᵢ)")
    elif fit.spec.offset or fit.spec.mu.offsets:
        parts.append("offsetᵢ")
    lines = [
        f"yᵢ ~ {fit.family.name}({trials}μᵢ{parameters})",
        f"{fit.link.name}(μᵢ) = " + " + ".join(parts),
    ]
    for group in design.mu.groups:
        tied = any(len(b) > 1 for b in group.blocks)
        spread = f"D·R·D, D = diag(sd_{group.name})" if tied else f"sd_{group.name}²"
        lines.append(f"u[{group.name}] ~ Normal(0, {spread})")
    return lines
