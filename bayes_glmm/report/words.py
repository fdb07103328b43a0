"""The model in words and in mathematics, from its spec."""

from __future__ import annotations

from bayes_glmm.design.terms.base_levels import references
from bayes_glmm.model.blocks.group import GroupDesign
from bayes_glmm.model.design import PredictorDesign
from bayes_glmm.model.variables import INTERCEPT
from bayes_glmm.results.fit import Fit

SEEN = {
    "status": "Censored responses count with the probability of the range they are known to lie in.",
    "least": "Responses could be seen between their bounds only; means are of all, seen or not.",
    "weights": "Every row counts as many times as its weight says.",
    "total": "Given the events of both arms together, the odds of the other arm cancel: the "
    "predictor is the log odds ratio to it.",
    "se": "The standard deviation of each row's error is known.",
}


def in_words(fit: Fit) -> list[str]:
    """Say what is modelled, sentence by sentence."""
    design, spec = fit.design, fit.spec
    family = fit.family.name.replace("_", " ")
    known = (
        f", per unit of {spec.exposure} (its logarithm is a known term)" if spec.exposure else ""
    )
    trials = spec.response.modifier("trials")
    of = " out of its trials" if trials else ""
    what = fit.family.modelled(fit.link, design.categories, known)
    lines = [f"{spec.response.name}{of} follows the {family} family, {what}."]
    if counted := fit.schema.response.counted:
        lines.append(f"{counted}.")
    lines += [
        fit.family.changes(p.category, ", ".join(p.coefficients))
        for p in design.means
        if p.coefficients and not p.boundary
    ]
    lines += [
        f"Coefficients of {column} are differences from its level {level}."
        for column, level in references(fit.schema).items()
    ]
    factors = [f for p in design.predictors.values() for f in p.modelled.factors]
    lines += dict.fromkeys(f.words.format(f.column) for f in factors)
    if design.specific:
        names = ", ".join(design.specific[0].coefficients)
        lines.append(f"Each boundary between categories has an effect of its own of {names}.")
    if thresholds := fit.schema.response.thresholds:
        lines.append(f"Each level of {thresholds.column} has thresholds of its own.")
    lines += [text for name, text in SEEN.items() if name in design.modifiers]
    if fit.spec.response.modifier("collapsed"):
        lines.append(
            "Rows were collapsed: each says what several equal rows say, and counts as many."
        )
    for parameter, predictor in _others(fit):
        link = fit.family.parameter(parameter).link
        terms = ", ".join(predictor.coefficients) or "nothing but its groups"
        lines.append(f"{parameter} has a formula of its own, on the {link} link: {terms}.")
    for smooth in design.smooths:
        kind = "a Gaussian process" if smooth.spectrum else "a curve whose wiggliness is estimated"
        lines.append(
            f"{smooth.label} is {kind}, with sd_{smooth.name} its spread on the link scale."
        )
    for group in design.groups:
        what = ", ".join(group.terms)
        tied = " (correlated)" if any(len(b) > 1 for b in group.blocks) else ""
        lines.append(
            f"The {group.n_levels} levels of {group.name} differ in {what}{tied}; their effects come from "
            f"one {group.distribution.words[0]} distribution whose "
            f"{group.distribution.words[1]} is estimated, which "
            "shrinks small levels towards the others."
            + (" A row has the effects of its levels by their weights." if _mixes(group) else "")
        )
    return lines


def _mixes(group: GroupDesign) -> bool:
    return group.most_levels > 1


def _others(fit: Fit) -> list[tuple[str, PredictorDesign]]:
    """Return the predictors of other parameters than the mean."""
    return [(n, p) for n, p in fit.design.predictors.items() if not p.of_mean]


def _parts(predictor: PredictorDesign) -> list[str]:
    """Write the terms of a predictor."""
    tail = "" if predictor.parameter == "mu" else f"_{predictor.parameter}"
    parts = [f"α{tail}"] if predictor.intercept else []
    parts += [f"β{tail}[{c}]·{c}ᵢ" for c in predictor.coefficients]
    parts += [f"f[{s.label}]ᵢ" for s in predictor.smooths]
    for group in predictor.groups:
        for t, term in group.own(predictor.parameter):
            value = "" if term == INTERCEPT else f"·{term}ᵢ"
            parts.append(f"u[{group.name}, {group.terms[t]}]{value}")
    return parts


def _known(fit: Fit) -> list[str]:
    """Write the known term of the mean."""
    if fit.spec.exposure:
        return [f"log({fit.spec.exposure}ᵢ)"]
    return ["offsetᵢ"] if fit.spec.offset or fit.spec.mu.offsets else []


def in_mathematics(fit: Fit) -> list[str]:
    """Write the model line by line in Unicode."""
    design = fit.design
    parameters = "".join(
        f", {p.name}" + "ᵢ" * (p.name in design.predictors) for p in fit.family.parameters
    )
    known = _known(fit)
    means = [p for p in design.means if not p.boundary]
    predictors = {p.category: " + ".join([*_parts(p), *known]) for p in means}
    lines = fit.family.equations(fit.link, parameters, predictors, design.categories)
    lines += [f"threshold[{p.boundary}]ᵢ = τ − ({' + '.join(_parts(p))})" for p in design.specific]
    for parameter, predictor in _others(fit):
        link = fit.family.parameter(parameter).link
        offset = ["offsetᵢ"] * bool(dict(fit.spec.predictors)[parameter].offsets)
        lines.append(f"{link}({parameter}ᵢ) = " + " + ".join([*_parts(predictor), *offset]))
    for smooth in design.smooths:
        scale = "·S(range)" if smooth.spectrum else ""
        lines.append(f"f[{smooth.label}]ᵢ = Bᵢ·b, b ~ Normal(0, {smooth.sd}²{scale})")
    for column, covariate in design.covariates.items():
        mean = " + ".join(_parts(covariate.predictor))
        lines.append(f"{column}ᵢ ~ Normal({mean}, {covariate.sigma})")
    for group in design.groups:
        tied = any(len(b) > 1 for b in group.blocks)
        spread = f"D·R·D, D = diag({group.sd})" if tied else f"{group.sd}²"
        lines.append(f"u[{group.name}] ~ {group.distribution.law(group)}0, {spread})")
    return lines
