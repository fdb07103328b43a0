"""The model in words and in mathematics, from its spec."""

from __future__ import annotations

from bayes_glmm.design.terms.base_levels import references
from bayes_glmm.model.blocks.group import GroupDesign
from bayes_glmm.model.design import PredictorDesign
from bayes_glmm.results.fit import Fit

SEEN = {
    "status": "Censored responses count with the probability of the range they are known to lie in.",
    "least": "Responses could be seen between their bounds only; means are of all, seen or not.",
    "weights": "Every row counts as many times as its weight says.",
    "total": "Given the events of both arms together, the odds of the other arm cancel: the "
    "predictor is the log odds ratio to it.",
    "se": "The standard deviation of each row's error is known.",
}
MODELLED = {
    "mi": "Missing values of {0} are estimated, together with a normal model of {0}.",
    "mo": "The effect of {0} rises or falls all the way over its categories; the coefficient of "
    "mo({0}) is the average step between neighbouring ones.",
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
    if fit.family.unordered:
        what = _against_first(fit)
    elif fit.family.categorical:
        what = (
            f"its {len(design.categories)} categories cut by thresholds on the {fit.link.name} link"
        )
    else:
        what = f"its {_location(fit)} on the {fit.link.name} link{known}"
    lines = [f"{spec.response.name}{of} follows the {family} family, {what}."]
    if counted := fit.schema.response.counted:
        lines.append(f"{counted}.")
    if fit.family.unordered:
        lines += [
            f"The odds of {p.category} change with {', '.join(p.coefficients)}."
            for p in design.means
            if p.coefficients
        ]
    elif design.mu.coefficients:
        later = "The share of later categories"
        subject = later if fit.family.categorical else f"The {_location(fit)}"
        lines.append(f"{subject} changes with {', '.join(design.mu.coefficients)}.")
    lines += [
        f"Coefficients of {column} are differences from its level {level}."
        for column, level in references(fit.schema).items()
    ]
    factors = [f for p in design.predictors.values() for f in p.modelled.factors]
    lines += dict.fromkeys(MODELLED[f.kind].format(f.column) for f in factors)
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
        kind = "a Gaussian process" if smooth.waves else "a curve whose wiggliness is estimated"
        lines.append(
            f"{smooth.label} is {kind}, with sd_{smooth.name} its spread on the link scale."
        )
    for group in design.groups:
        what = ", ".join(group.terms)
        tied = " (correlated)" if any(len(b) > 1 for b in group.blocks) else ""
        lines.append(
            f"The {group.n_levels} levels of {group.name} differ in {what}{tied}; their effects come from "
            f"one {'normal' if group.dist == 'normal' else 'Student t'} distribution whose "
            f"{'standard deviation' if group.dist == 'normal' else 'scale'} is estimated, which "
            "shrinks small levels towards the others."
            + (" A row has the effects of its levels by their weights." if _mixes(group) else "")
        )
    return lines


def _location(fit: Fit) -> str:
    """Say what the predictor is of: the mean of all responses, or another figure, or of some."""
    tail = f" ({fit.family.part})" if fit.family.part else ""
    return fit.family.location + tail


def _mixes(group: GroupDesign) -> bool:
    return group.weights is not None and group.weights.shape[1] > 1


def _against_first(fit: Fit) -> str:
    first, *others = fit.design.categories
    what = "shares" if fit.family.composed and not fit.family.has_trials else "probabilities"
    return (
        f"the {what} of its {len(others) + 1} categories by their log odds against {first}, each "
        "category with coefficients and effects of its own"
    )


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
            value = "" if term == "intercept" else f"·{term}ᵢ"
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
    trials = "nᵢ, " if fit.family.has_trials else ""
    known = _known(fit)
    parts = [*_parts(design.mu), *known]
    lines = [
        f"yᵢ ~ {fit.family.name}({trials}μᵢ{parameters})",
        f"{fit.link.name}(μᵢ) = " + " + ".join(parts),
    ]
    if fit.family.unordered:
        first = design.categories[0]
        lines[1:] = [
            f"log(μᵢ[{p.category}] / μᵢ[{first}]) = " + " + ".join([*_parts(p), *known])
            for p in design.means
        ]
    elif fit.family.categorical:
        lines = [
            f"yᵢ ~ {fit.family.name}(ηᵢ{parameters}), {fit.link.name} link",
            "ηᵢ = " + (" + ".join(parts) or "0"),
            *(f"threshold[{p.boundary}]ᵢ = τ − ({' + '.join(_parts(p))})" for p in design.specific),
        ]
    for parameter, predictor in _others(fit):
        link = fit.family.parameter(parameter).link
        offset = ["offsetᵢ"] * bool(dict(fit.spec.predictors)[parameter].offsets)
        lines.append(f"{link}({parameter}ᵢ) = " + " + ".join([*_parts(predictor), *offset]))
    for smooth in design.smooths:
        scale = "·S(range)" if smooth.waves else ""
        lines.append(f"f[{smooth.label}]ᵢ = Bᵢ·b, b ~ Normal(0, sd_{smooth.name}²{scale})")
    for column, covariate in design.covariates.items():
        name = covariate.predictor.parameter
        mean = " + ".join(_parts(covariate.predictor))
        lines.append(f"{column}ᵢ ~ Normal({mean}, sigma_{name})")
    for group in design.groups:
        tied = any(len(b) > 1 for b in group.blocks)
        spread = f"D·R·D, D = diag(sd_{group.name})" if tied else f"sd_{group.name}²"
        law = "Normal(" if group.dist == "normal" else f"Student(nu_{group.name}, "
        lines.append(f"u[{group.name}] ~ {law}0, {spread})")
    return lines
