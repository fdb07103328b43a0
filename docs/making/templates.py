"""One guide for each model template, made from its file."""

from __future__ import annotations

import warnings
from functools import cache

import bayes_glmm as bg
from bayes_glmm.engine.program import uncovered
from bayes_glmm.engine.rotated import rotates
from bayes_glmm.fitting.prepare import prepare
from bayes_glmm.model.default_priors import resolve_priors
from bayes_glmm.spec.templates import Template

FRONT = """---
file_format: mystnb
kernelspec:
  name: python3
---
"""
QUESTIONS = {
    "cell_fate": ('bg.variance_partition(tree)', 'bg.plot_tree(tree, "cell")'),
    "clinician_counselling_rates": ('bg.rank(tree, "clinician").head()',),
    "days_used": ('bg.comparisons(tree, "treated")',),
    "disease_map": ('bg.rank(tree, "county", threshold=0.002).head()',),
    "growth_trajectories": ('bg.coefficients(tree, "rat").head()',
                            'bg.plot_trajectories(tree, "age", "rat")'),
    "heritability": ('bg.variance_partition(tree)',),
    "hospital_infections": ('bg.comparisons(tree, "treat", measure="ratio", per=1000)',
                            'bg.shrinkage(tree, "study")'),
    "hospital_ranking": ('bg.rank(tree, "hospital")', 'bg.plot_shrinkage(tree, "hospital")'),
    "item_response": ('bg.summary(tree)',),
    "kinship_trait": ('bg.variance_partition(tree)',),
    "mating_success": ('bg.comparisons(tree, "size", measure="ratio")',),
    "meta_analysis_rare_events": ('bg.meta_analysis(tree, "study", "treat").tail(3)',
                                  'bg.heterogeneity(tree, "study", "treat")'),
    "multicentre_trial": ('bg.comparisons(tree, "arm")',
                          'bg.comparisons(tree, "arm", measure="odds_ratio")'),
    "overdispersed_counts": ('bg.comparisons(tree, "trt", measure="ratio")',),
    "phylogenetic_trait": ('bg.variance_partition(tree)',),
    "prevalence_points": ('bg.comparisons(tree, "wet")',),
    "senescence": ('bg.hypothesis(tree, "beta[age_within] < beta[age_between]")',),
    "smoking_policy": ('bg.comparisons(tree, "smoke")', 'bg.comparisons(tree, "smoke", groups="typical")'),
    "substance_use_trajectories": ('bg.plot_trajectories(tree, "years", "person", by="programme")',),
    "symptom_severity": ('bg.comparisons(tree, "drug")',),
    "treatment_network": ('bg.comparisons(tree, "treatment", contrast="reference", measure="odds_ratio")',),
    "value_added_teachers": ('bg.variance_partition(tree)', 'bg.rank(tree, "school_by_teacher").head()'),
    "zero_inflated_counts": ('bg.comparisons(tree, "overgrown", measure="ratio")',),
}  # fmt: skip
"""What answers each template's question; a template without an entry fails the build."""

LONGER = {"phylogenetic_trait": 4000}
"""Draws of the models whose chains need more than the default to agree."""


def covered(template: Template) -> bool:
    """Whether the compiled kernel samples the template's model, in seconds."""
    return _covered(template.name)


@cache
def _covered(name: str) -> bool:
    template = bg.template(name)
    table = bg.dataset(template.dataset)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        prepared = prepare(template.name, table, _structures(template))
        _, design = prepared.require()
    return rotates(design) or uncovered(design, resolve_priors(prepared.spec, design)) is None


def _structures(template: Template) -> dict | None:
    return bg.read_structures(template.spec) if template.spec.structures else None


def index() -> str:
    """Write the list of guides."""
    rows = [f"| [{t.title}]({t.name}.md) | {t.question} |" for t in all_templates()]
    names = "\n".join(t.name for t in all_templates())
    return (
        "# Guides: a model for each question\n\n"
        "A template is a ready model for one kind of question, with the columns it needs, the table it "
        "was tried on, and the mistakes that are known. `bg.templates()` lists them, "
        '`bg.template("hospital_ranking")` reads one, and `bg.fit("hospital_ranking", data)` fits it. '
        "The pages are made from the templates' files.\n\n"
        "| guide | question |\n|---|---|\n"
        + "\n".join(rows)
        + f"\n\n```{{toctree}}\n:hidden:\n:maxdepth: 1\n\n{names}\n```\n"
    )


def all_templates() -> list[Template]:
    """Read every template."""
    return [bg.template(name) for name in bg.templates()["name"]]


def guide(template: Template) -> str:
    """Write the page of one template."""
    parts = [
        FRONT + f"# {template.title}",
        f"**{template.question}**",
        f"`bg.fit({template.name!r}, data)`".replace("'", '"'),
        "## The columns it needs",
        _roles(template),
        "## The model",
        _model(template),
        "## What goes wrong",
        "\n".join(f"- {caution}" for caution in template.cautions),
        "## On a real table",
        _example(template),
        "## Rivals",
        _rivals(template),
        f"Source: {template.reference}",
    ]
    return "\n\n".join(parts) + "\n"


def _roles(template: Template) -> str:
    rows = [f"| `{role}` | {meaning} |" for role, meaning in template.roles.items()]
    mapped = next(iter(template.roles))
    said = (
        "Columns of other names are mapped: "
        f"`bayes-glmm fit {template.name} data.csv --map {mapped}=YOUR_COLUMN --out fit.nc`."
    )
    structures = [f"Structure `{name}`: {text}." for name, text in template.structures.items()]
    return "\n\n".join(
        ["| role | what it holds |\n|---|---|\n" + "\n".join(rows), said, *structures]
    )


def _model(template: Template) -> str:
    spec = template.spec
    about = bg.families().set_index("family").loc[spec.family]
    formulas = "\n".join(_formulas(spec))
    words = str(about["about"]).replace("``", "`")
    link = spec.link or str(about["links"]).split(",")[0]
    exposure = ""
    if spec.exposure:
        exposure = f" The logarithm of `{spec.exposure}` is added: coefficients are of rates."
    return f"```text\n{formulas}\n```\n\nFamily `{spec.family}`, link {link}. {_maths(words)}{exposure}"


def _formulas(spec: bg.ModelSpec) -> list[str]:
    formula = spec.formula
    if isinstance(formula, str):
        return [formula]
    width = max(map(len, formula))
    return [f"{name:<{width}} : {text}" for name, text in formula.items()]


def _maths(text: str) -> str:
    from bayes_glmm.families.table import MATHS

    return MATHS.sub(r"$\1$", text)


def _example(template: Template) -> str:
    table = bg.dataset(template.dataset)
    questions = QUESTIONS[template.name]
    look = (
        f'import bayes_glmm as bg\n\ndata = bg.dataset("{template.dataset}")\n'
        f'print(bg.check("{template.name}", data))\ndata.head(3)'
    )
    more = f", draws={LONGER[template.name]}" if template.name in LONGER else ""
    fit = f'tree = bg.fit("{template.name}", data{more}, seed=1)\nprint(bg.diagnose(tree))'
    about = f"{table.attrs['title']}. {table.attrs['source']}."
    if covered(template):
        summary = [] if "bg.summary(tree)" in questions else ["bg.summary(tree)"]
        cells = "\n\n".join(_cell(code) for code in (fit, *summary, *questions))
        return f"{about}\n\n{_cell(look)}\n\n{cells}"
    lines = "\n".join((fit, "print(bg.summary(tree))", *questions))
    command = f"bayes-glmm fit {template.name} data.csv --out fit.nc"
    why = (
        "This model is sampled on the PyMC graph, which is compiled for it: that takes from half a "
        "minute to a few minutes, and is not run here."
    )
    blocks = (f"```python\n{lines}\n```", f"```console\n$ {command}\n```")
    return "\n\n".join((about, _cell(look), why, *blocks))


def _cell(code: str) -> str:
    return f"```{{code-cell}} python3\n{code}\n```"


def _rivals(template: Template) -> str:
    if not template.alternatives:
        return "The template names none."
    blocks = []
    for name, spec in template.alternatives.items():
        said = f"{name.replace('_', ' ')}, family `{spec.family}`"
        link = f", link {spec.link}" if spec.link else ""
        formulas = "\n  ".join(_formulas(spec))
        blocks.append(f"- {said}{link}:\n\n  ```text\n  {formulas}\n  ```")
    first = next(iter(template.alternatives))
    each = f'`bg.template("{template.name}").alternatives["{first}"]`'
    said = f"{each} is the first of them, ready for `bg.fit`; `bg.compare` sets fits side by side."
    return "\n".join(blocks) + f"\n\n{said}"
