"""Errors that somebody could make: each one a small change of one place of the package.

None of them stops a model from being fitted, and most leave chains that converge. Those of the C
files are in ``table_c.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Mutant:
    """An error, and the quick tests that are there to find it.

    Attributes
    ----------
    name : str
    file : str
        Within the package, or, where it is one of C, within ``native/``.
    old, new : str
        Text that stands once in the file, and what is put in its place.
    tests : tuple of str
        Files, or single tests.
    """

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]

    @property
    def in_c(self) -> bool:
        """Whether the library must be compiled again."""
        return self.file.endswith((".c", ".h"))

    @property
    def place(self) -> Path:
        """The file from the root of the repository."""
        return Path("native" if self.in_c else "bayes_glmm", self.file)


MUTANTS = (
    Mutant(
        "ordered categories kept without their order",
        "design/table/kept_columns.py",
        'about = {"kind": "category", "ordered": bool(dtype.ordered), ',
        'about = {"kind": "category", "ordered": False, ',
        ("tests/design/test_plain.py",),
    ),
    Mutant(
        "a group with the name of a variable of the model",
        "design/reserved_names.py",
        'name = f"{name}_group"',
        "break",
        ("tests/test_names.py",),
    ),
    Mutant(
        "a relationship matrix taken by position, not by label",
        "structures/kinship.py",
        "own = self.require(levels)\n",
        "own = np.arange(len(levels))\n",
        ("tests/structures/test_kinship.py", "tests/structures/test_density.py"),
    ),
    Mutant(
        "a standard deviation where a variance belongs",
        "engine/rotated.py",
        "variance = sd[0] ** 2 * pm.Data",
        "variance = sd[0] * pm.Data",
        ("tests/engine/test_rotated.py",),
    ),
    Mutant(
        "the exposure left out of the predictor",
        "design/schema.py",
        'total = total + np.log(numbers(data, self.spec.exposure, "The exposure"))',
        'np.log(numbers(data, self.spec.exposure, "The exposure"))',
        ("tests/graph/test_identities.py",),
    ),
    Mutant(
        "the exposure logged in the table and again in the model",
        "families/sufficient.py",
        '"size": size, "rows": cells.n}',
        '"size": np.log1p(size), "rows": cells.n}',
        ("tests/test_collapsing.py",),
    ),
    Mutant(
        "the two numbers of a positive prior exchanged in the compiled program",
        "engine/prior_rows.py",
        "return PriorRow(kind, a, b, 0.0, float(const))",
        "return PriorRow(kind, b, a, 0.0, float(const))",
        ("tests/engine/test_kernel.py",),
    ),
    Mutant(
        "the Jacobian of standardised effects dropped in the graph",
        "model/transforms.py",
        "half = pt.log(pt.diagonal(_factor(inputs))).sum()",
        "half = 0.0 * pt.log(pt.diagonal(_factor(inputs))).sum()",
        ("tests/graph/test_graph.py",),
    ),
    Mutant(
        "negative binomial dispersion read as its inverse",
        "families/negative_binomial.py",
        'size = own["dispersion"]\n',
        'size = 1 / own["dispersion"]\n',
        ("tests/families/test_families.py",),
    ),
    Mutant(
        "known standard errors taken for a spread that is estimated",
        "model/row_spread.py",
        "return parameter.name not in design.stated and parameter.fixed is None",
        "return parameter.fixed is None",
        ("tests/design/test_spread.py",),
    ),
    Mutant(
        "a held spread taken for one that is estimated",
        "model/row_spread.py",
        "return parameter.name not in design.stated and parameter.fixed is None",
        "return parameter.name not in design.stated",
        ("tests/design/test_spread.py",),
    ),
    Mutant(
        "gamma amounts drawn with the shape as a scale",
        "families/positive.py",
        "return rng.gamma(k, 1 / k, np.broadcast_shapes(np.shape(mu), np.shape(k))) * mu",
        "return rng.gamma(k, mu, np.broadcast_shapes(np.shape(mu), np.shape(k)))",
        ("tests/families/test_families.py",),
    ),
    Mutant(
        "signs of a Cholesky factor's entries dropped",
        "engine/program.py",
        "row = x[..., at : at + i]\n",
        "row = np.abs(x[..., at : at + i])\n",
        ("tests/engine/test_kernel.py", "tests/engine/test_coordinates.py"),
    ),
    Mutant(
        "rows averaged whatever they stand for",
        "answers/predict/answer_rows.py",
        "each = amounts(fit, table) * (1.0 if weights is None else weights)",
        "each = np.ones(n)",
        ("tests/answers/test_standing.py",),
    ),
    Mutant(
        "a collapsed count taken for one of its rows",
        "answers/predict/represented.py",
        "return replace(predictor, offset=predictor.offset - np.log(n))",
        "return predictor",
        ("tests/answers/test_standing.py",),
    ),
    Mutant(
        "fixed effects' variance over rows, not over trials",
        "answers/variance/partition.py",
        "return each / each.sum()",
        "return np.full(len(each), 1 / len(each))",
        ("tests/answers/test_standing.py",),
    ),
    Mutant(
        "equal rows counted once",
        "engine/merge.py",
        'predictors = {"mu": replace(taken.mu, offset=taken.mu.offset + np.log(size))}',
        'predictors = {"mu": taken.mu}',
        ("tests/engine/test_merge.py",),
    ),
    Mutant(
        "the covariates' means added to the intercept, not subtracted",
        "engine/expand.py",
        "out[p.intercept_name] = out[p.intercept_name] - out[p.beta] @ p.centers",
        "out[p.intercept_name] = out[p.intercept_name] + out[p.beta] @ p.centers",
        ("tests/engine/test_kernel.py", "tests/engine/test_engines.py"),
    ),
    Mutant(
        "shares of structural zeros and of others exchanged",
        "families/zero_inflation.py",
        "m.logaddexp(m.log(zi), plain)",
        "m.logaddexp(m.log1p(-zi), plain)",
        ("tests/families/test_families.py",),
    ),
    Mutant(
        "the offset not applied in predictions",
        "model/predictor.py",
        "        predictor.offset, (share for block in summed for share in block.rows(values, maths))",
        "        0 * predictor.offset, (share for block in summed for share in block.rows(values, maths))",
        ("tests/answers/test_answers.py",),
    ),
    Mutant(
        "the other tail of an asymmetric link",
        "maths/formulas.py",
        "    return -m.expm1(-m.exp(eta))",
        "    return m.exp(-m.exp(-eta))",
        ("tests/families/test_links.py",),
    ),
    Mutant(
        "a correlation factor transposed in the graph",
        "model/blocks/structured.py",
        "u = unit * sd if L is None else unit @ (sd[:, None] * L).T",
        "u = unit * sd if L is None else unit @ (sd[:, None] * L)",
        ("tests/structures/test_density.py",),
    ),
    Mutant(
        "columns of a correlation factor scaled in place of its rows",
        "model/blocks/group.py",
        "return np.asarray(sd[:, :, None] * np.linalg.cholesky(values[self.correlation]))",
        "return np.asarray(sd[:, None, :] * np.linalg.cholesky(values[self.correlation]))",
        ("tests/answers/test_answers.py", "tests/answers/test_variance.py"),
    ),
    Mutant(
        "the scale of a prior squared",
        "engine/prior_rows.py",
        '"HalfNormal": lambda p: ("HALF_NORMAL_PRIOR", p["sigma"], 0.0),',
        '"HalfNormal": lambda p: ("HALF_NORMAL_PRIOR", p["sigma"] ** 2, 0.0),',
        ("tests/engine/test_kernel.py",),
    ),
    Mutant(
        "predictors averaged before the link, not responses inside each draw",
        "answers/predict/expected.py",
        "means = fit.family.expected(eta, fit.link, parameter_draws)",
        "means = fit.family.expected(0 * eta + eta.mean(axis=0), fit.link, parameter_draws)",
        ("tests/answers/test_answers.py",),
    ),
    Mutant(
        "weights of a quadrature rule that do not sum to one",
        "maths/normal_means.py",
        "return nodes, weights / weights.sum()",
        "return nodes, weights * (nodes[1] - nodes[0]) / np.sqrt(2 * np.pi) * (n + 1) / n",
        ("tests/answers/test_integrate.py",),
    ),
    Mutant(
        "levels of new rows numbered among themselves",
        "design/groups/group_schema.py",
        "index = np.where(used, places[codes], 0).astype(np.int32)",
        "index = np.where(used, codes, 0).astype(np.int32)",
        ("tests/design/test_groups.py", "tests/design/test_schema.py"),
    ),
    Mutant(
        "weights of rows ignored",
        "families/censoring.py",
        "return log_density * own[WEIGHTS] if WEIGHTS in own else log_density",
        "return log_density",
        ("tests/families/test_observed.py",),
    ),
    Mutant(
        "a constant that differs by row dropped from the pointwise density",
        "families/binomial.py",
        "return ways + m.times(y, mean.log)",
        "return 0 * ways + m.times(y, mean.log)",
        ("tests/families/test_families.py",),
    ),
    Mutant(
        "thresholds moved the wrong way by covariates",
        "families/ordinal.py",
        '(own["threshold"] - eta[..., None])',
        '(own["threshold"] + eta[..., None])',
        ("tests/families/test_ordinal.py",),
    ),
    Mutant(
        "rows that cross-validation scores among those it fits",
        "studies/kfold.py",
        "rows = whole.data[~known.isin(out)]\n",
        "rows = whole.data\n",
        (
            "tests/answers/test_leaving_out.py::"
            "test_a_refit_is_of_the_other_rows_with_the_same_priors",
        ),
    ),
    Mutant(
        "a spread of new levels that is their variance",
        "model/blocks/group.py",
        "return np.asarray(z @ np.swapaxes(root, 1, 2))",
        "return np.asarray(z @ np.swapaxes(root**2, 1, 2))",
        ("tests/answers/test_answers.py",),
    ),
    Mutant(
        "branch lengths taken for standard deviations",
        "model/blocks/tree.py",
        "sd = maths.where(zero, 0.0, maths.sqrt(maths.where(zero, 1.0, variance)))",
        "sd = maths.where(zero, 0.0, maths.where(zero, 1.0, variance))",
        ("tests/structures/test_lineage.py",),
    ),
    Mutant(
        "a transformation learned again from new rows",
        "design/terms/stateful.py",
        'return (x - state["mean"][0]) / state["sd"][0]',
        "return (x - np.mean(x)) / np.std(x, ddof=1)",
        ("tests/design/test_transforms.py",),
    ),
    Mutant(
        "inbreeding of parents forgotten",
        "structures/animals.py",
        "return HALF - 0.25 * of_parents.sum(axis=1)",
        "return HALF - 0.25 * np.minimum(of_parents, 0.0).sum(axis=1)",
        ("tests/structures/test_pedigree.py",),
    ),
    Mutant(
        "parents in a column with gaps who become strangers",
        "structures/level_labels.py",
        "            return str(int(value))\n        if EXACT",
        "            return str(float(value))\n        if EXACT",
        ("tests/structures/test_ids.py",),
    ),
    Mutant(
        "one founder for everybody whose parents are unknown",
        "structures/parents.py",
        "both = sorted(set(extra) & set(sires) & (set(dams) - {None}))",
        "both: list[str] = []",
        ("tests/structures/test_ids.py",),
    ),
    Mutant(
        "sex and phenotype counted as loci",
        "structures/genotype_tables.py",
        'return text_labels(labels, "The individuals"), table.drop(columns=other), tuple(said)',
        'return text_labels(labels, "The individuals"), table.drop(columns=ids or []), tuple(said)',
        ("tests/structures/test_plink_tables.py",),
    ),
    Mutant(
        "a mixing weight without its root",
        "model/blocks/areal.py",
        "return maths.sqrt(mix) * field[self.rows]",
        "return mix * field[self.rows]",
        ("tests/structures/test_areal.py",),
    ),
    Mutant(
        "maximum likelihood for restricted maximum likelihood",
        "scan/reml.py",
        "return -0.5 * ((1 - h).sum(axis=0) + ds / s + (len(y) - 1) * dQ / Q)",
        "return -0.5 * ((1 - h).sum(axis=0) + (len(y) - 1) * dQ / Q)",
        ("tests/scan/test_exact.py",),
    ),
    Mutant(
        "R-hat of whole chains",
        "answers/diagnose/rhat_ess.py",
        "x = split(whole)",
        "x = whole",
        ("tests/answers/test_diagnostics.py",),
    ),
    Mutant(
        "truncation without its normalising constant",
        "families/censoring.py",
        "log_density = log_density - self._mass(m, own[LEAST] - step, own[MOST], mean, own, y)",
        "log_density = log_density + 0",
        ("tests/families/test_observed.py",),
    ),
    Mutant(
        "left-censored rows with the mass above them",
        "families/censoring.py",
        "log_density = m.where(m.is_zero(status - LEFT), below, seen)",
        "log_density = m.where(m.is_zero(status - LEFT), above, seen)",
        ("tests/families/test_observed.py",),
    ),
    Mutant(
        "the same random numbers in every simulation",
        "studies/calibrate.py",
        "np.random.SeedSequence([job.settings.seed, k])",
        "np.random.SeedSequence([job.settings.seed])",
        ("tests/test_calibration.py",),
    ),
    Mutant(
        "one-sided bounds for two-sided ones",
        "answers/answer_tables.py",
        "low, high = np.quantile(values, [(1 - prob) / 2, (1 + prob) / 2], axis=0)",
        "low, high = np.quantile(values, [1 - prob, prob], axis=0)",
        ("tests/answers/test_tables.py",),
    ),
    Mutant(
        "effects drawn again with the noise of their prior draw",
        "engine/rotated.py",
        "left = left - e * rng.standard_normal(left.shape)\n",
        "left = left - 0 * e * rng.standard_normal(left.shape)\n",
        ("tests/engine/test_rotated.py",),
    ),
    Mutant(
        "cross-validation scores a group by its old effect",
        "answers/compare/leaving_out.py",
        "for s in range(INNER if new else 1):",
        "for s in range(1):",
        ("tests/answers/test_leaving_out.py",),
    ),
    Mutant(
        "altered draws taken up by a run that goes on",
        "engine/store.py",
        "if hashlib.sha256(content).hexdigest() != expected:",
        "if not expected:",
        ("tests/engine/test_store.py",),
    ),
    Mutant(
        "a text that a spreadsheet runs, written as it is",
        "cli/table_files.py",
        'return f"\'{value}"',
        "return value",
        ("tests/test_tables.py",),
    ),
    Mutant(
        "an input known by its name alone",
        "disk/outputs.py",
        "return one == other or (one.exists() and other.exists() and one.samefile(other))",
        "return one == other",
        ("tests/test_outputs.py",),
    ),
    Mutant(
        "crossed items taken for plots numbered anew",
        "design/checks/checks_nesting.py",
        "return not complete or _one_effect(context, outer, inner) > CROSSED",
        "return True",
        ("tests/design/test_silent.py",),
    ),
    Mutant(
        "the last level named as the reference",
        "design/terms/base_levels.py",
        "coding.reference if coding.reference is not None else coding.levels[0]",
        "coding.levels[-1]",
        ("tests/design/test_silent.py",),
    ),
    Mutant(
        "a level's count held against a threshold without its zeros",
        "answers/effects/ranks.py",
        "fit.family.expected(eta, fit.link, parameter_draws)",
        "fit.link.inverse(eta)",
        ("tests/answers/test_family_figures.py",),
    ),
    Mutant(
        "redrawn effects with Student's t taken for normal ones",
        "model/blocks/student.py",
        "        z /= np.sqrt(rng.chisquare(nu, (*shape[:2], 1)) / nu)\n",
        "        z /= np.sqrt(nu / nu)\n",
        ("tests/answers/test_family_figures.py",),
    ),
    Mutant(
        "residuals from the mean before truncation",
        "families/censoring.py",
        "        if LEAST not in parameters:\n            return super().moments",
        "        if parameters:\n            return super().moments",
        ("tests/answers/test_family_figures.py",),
    ),
    Mutant(
        "the hazard ratio of ordered categories upside down",
        "families/ordinal.py",
        "return np.exp(-values) if",
        "return np.exp(values) if",
        ("tests/answers/test_every_family.py",),
    ),
    Mutant(
        "lower terms gaining what they lose where numbers are centred",
        "design/terms/origin.py",
        "c = -np.asarray(self.origins[factor])",
        "c = np.asarray(self.origins[factor])",
        ("tests/design/test_origin.py",),
    ),
    Mutant(
        "effects carried back by the transposed way",
        "model/reference.py",
        "drawn[group.effects] @ turn.T",
        "drawn[group.effects] @ turn",
        ("tests/design/test_origin.py",),
    ),
    Mutant(
        "default priors from products of numbers that are not centred",
        "model/predictor_design.py",
        "self.scales if self.units is None else self.units, self.modelled,",
        "self.scales, self.modelled,",
        ("tests/design/test_origin.py",),
    ),
    Mutant(
        "a determinant of variances in the place of one of precisions",
        "model/blocks/field_precision.py",
        "return -2 * np.log(self.steps(hyper, NUMPY)[1]).sum()",
        "return 2 * np.log(self.steps(hyper, NUMPY)[1]).sum()",
        ("tests/model/test_unit_fields.py",),
    ),
    Mutant(
        "one dimension too many in the determinant of a map that sums to zero",
        "structures/prepare_areas.py",
        "((size - 1) * np.log(scale) + np.log(size)).sum()",
        "(size * np.log(scale) + np.log(size)).sum()",
        ("tests/model/test_unit_fields.py",),
    ),
    Mutant(
        "correlations of terms left out of a field's determinant",
        "model/blocks/unit_field.py",
        "- rank * np.linalg.slogdet(R)[1]",
        "- 0 * np.linalg.slogdet(R)[1]",
        ("tests/model/test_unit_fields.py",),
    ),
    Mutant(
        "the slope of the branch that is not taken",
        "maths/tape_derivatives.py",
        "return where(node.args[0], inner[1], inner[2])",
        "return where(node.args[0], inner[2], inner[1])",
        ("tests/maths/test_tape_derivatives.py",),
    ),
    Mutant(
        "squares of denominators that overflow in a second derivative",
        "maths/tape_derivatives.py",
        "return -(n * (d * (1.0 / b)))",
        "return -((n / b) * d)",
        ("tests/maths/test_tape_exact.py",),
    ),
    Mutant(
        "two operations of a tape taken for one",
        "maths/tape.py",
        "place = (op, key, *(a.number for a in args))",
        "place = (op, key, *sorted(a.number for a in args))",
        ("tests/maths/test_tape.py",),
    ),
    Mutant(
        "the slope of a tail that has rounded to nothing",
        "maths/vocabulary.py",
        "near_one = self.where(log_p < 0, self.log(-self.expm1(inside)), -np.inf)",
        "near_one = self.log(-self.expm1(self.maximum(log_p, half)))",
        ("tests/maths/test_tape_derivatives.py",),
    ),
)
