"""Bayesian generalized linear mixed models: from a formula to answers you can defend.

Public names load when they are first used: importing the package imports neither
PyMC nor matplotlib.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bayes_glmm import errors
    from bayes_glmm.answers.compare.loo import compare
    from bayes_glmm.answers.diagnose.moran import moran
    from bayes_glmm.answers.diagnose.report_card import diagnose
    from bayes_glmm.answers.diagnose.residuals import residuals
    from bayes_glmm.answers.effects.level_effects import coefficients, random_effects, shrinkage
    from bayes_glmm.answers.effects.ranks import rank
    from bayes_glmm.answers.hypothesis import hypothesis
    from bayes_glmm.answers.meta.analysis import heterogeneity, meta_analysis
    from bayes_glmm.answers.predict.comparisons import comparisons, slopes
    from bayes_glmm.answers.predict.missing_responses import missing_responses
    from bayes_glmm.answers.predict.number_needed import number_needed
    from bayes_glmm.answers.predict.predictions import predictions
    from bayes_glmm.answers.quoting import quote
    from bayes_glmm.answers.summary import summary
    from bayes_glmm.answers.variance.partition import variance_partition
    from bayes_glmm.datasets import dataset, datasets
    from bayes_glmm.design.terms.within_between import within_between
    from bayes_glmm.explore import explore
    from bayes_glmm.families.check_family import check_family
    from bayes_glmm.families.density_family import Written as Family
    from bayes_glmm.families.parameter import Parameter
    from bayes_glmm.families.table import families
    from bayes_glmm.fitting.check_model import build_model, check, priors
    from bayes_glmm.fitting.fit_model import fit
    from bayes_glmm.max_likelihood import maximum_likelihood
    from bayes_glmm.plots import (
        plot_calibration,
        plot_caterpillar,
        plot_forest,
        plot_manhattan,
        plot_map,
        plot_network,
        plot_power,
        plot_ppc,
        plot_predictions,
        plot_prior_posterior,
        plot_qq,
        plot_residuals,
        plot_shrinkage,
        plot_structure,
        plot_trajectories,
        plot_tree,
        plot_variance,
    )
    from bayes_glmm.report import report
    from bayes_glmm.results.storage import load, save
    from bayes_glmm.scan import scan
    from bayes_glmm.spec.effects import RandomEffect
    from bayes_glmm.spec.formula.parsing import parse
    from bayes_glmm.spec.model import ModelSpec
    from bayes_glmm.spec.priors import Prior
    from bayes_glmm.spec.sides import Predictor, Response
    from bayes_glmm.spec.sources import Source
    from bayes_glmm.spec.templates import template, templates
    from bayes_glmm.structures.animals import pedigree
    from bayes_glmm.structures.areas import areal
    from bayes_glmm.structures.coordinates import coordinates
    from bayes_glmm.structures.genomic import genomic
    from bayes_glmm.structures.kinship import kinship
    from bayes_glmm.structures.lineage import lineage
    from bayes_glmm.structures.neighbours import nearest_neighbours
    from bayes_glmm.structures.structure_files import read_structures
    from bayes_glmm.studies.aggregate import collapse
    from bayes_glmm.studies.calibrate import calibrate
    from bayes_glmm.studies.kfold import kfold, refit
    from bayes_glmm.studies.power import power
    from bayes_glmm.studies.prior_predictive import prior_predictive
    from bayes_glmm.studies.sensitivity import prior_sensitivity
    from bayes_glmm.studies.simulate import simulate

__version__ = "0.1.0"

_PUBLIC = {
    "Family": "families.density_family",
    "ModelSpec": "spec.model",
    "Parameter": "families.parameter",
    "Predictor": "spec.sides",
    "Prior": "spec.priors",
    "RandomEffect": "spec.effects",
    "Response": "spec.sides",
    "Source": "spec.sources",
    "areal": "structures.areas",
    "build_model": "fitting.check_model",
    "calibrate": "studies.calibrate",
    "check": "fitting.check_model",
    "check_family": "families.check_family",
    "coefficients": "answers.effects.level_effects",
    "collapse": "studies.aggregate",
    "compare": "answers.compare.loo",
    "comparisons": "answers.predict.comparisons",
    "coordinates": "structures.coordinates",
    "dataset": "datasets",
    "datasets": "datasets",
    "diagnose": "answers.diagnose.report_card",
    "errors": "errors",
    "explore": "explore",
    "families": "families.table",
    "fit": "fitting.fit_model",
    "genomic": "structures.genomic",
    "heterogeneity": "answers.meta.analysis",
    "hypothesis": "answers.hypothesis",
    "kfold": "studies.kfold",
    "kinship": "structures.kinship",
    "lineage": "structures.lineage",
    "load": "results.storage",
    "maximum_likelihood": "max_likelihood",
    "nearest_neighbours": "structures.neighbours",
    "meta_analysis": "answers.meta.analysis",
    "missing_responses": "answers.predict.missing_responses",
    "moran": "answers.diagnose.moran",
    "number_needed": "answers.predict.number_needed",
    "parse": "spec.formula.parsing",
    "pedigree": "structures.animals",
    "plot_calibration": "plots",
    "plot_caterpillar": "plots",
    "plot_forest": "plots",
    "plot_manhattan": "plots",
    "plot_map": "plots",
    "plot_network": "plots",
    "plot_power": "plots",
    "plot_ppc": "plots",
    "plot_predictions": "plots",
    "plot_prior_posterior": "plots",
    "plot_qq": "plots",
    "plot_residuals": "plots",
    "plot_shrinkage": "plots",
    "plot_structure": "plots",
    "plot_trajectories": "plots",
    "plot_tree": "plots",
    "plot_variance": "plots",
    "power": "studies.power",
    "predictions": "answers.predict.predictions",
    "prior_predictive": "studies.prior_predictive",
    "prior_sensitivity": "studies.sensitivity",
    "priors": "fitting.check_model",
    "quote": "answers.quoting",
    "random_effects": "answers.effects.level_effects",
    "rank": "answers.effects.ranks",
    "read_structures": "structures.structure_files",
    "refit": "studies.kfold",
    "report": "report",
    "residuals": "answers.diagnose.residuals",
    "save": "results.storage",
    "scan": "scan",
    "shrinkage": "answers.effects.level_effects",
    "simulate": "studies.simulate",
    "slopes": "answers.predict.comparisons",
    "summary": "answers.summary",
    "template": "spec.templates",
    "templates": "spec.templates",
    "variance_partition": "answers.variance.partition",
    "within_between": "design.terms.within_between",
}

_AS = {"Family": "Written"}
"""Public names that differ from those in their module."""

__all__ = [
    "__version__", "Family", "ModelSpec", "Parameter", "Predictor", "Prior", "RandomEffect",
    "Response", "Source", "areal", "build_model", "calibrate", "check", "check_family",
    "coefficients", "collapse", "compare", "comparisons", "coordinates", "dataset", "datasets",
    "diagnose", "errors", "explore", "families", "fit", "genomic", "heterogeneity", "hypothesis",
    "kfold", "kinship", "lineage", "load", "maximum_likelihood", "nearest_neighbours",
    "meta_analysis", "missing_responses", "moran", "number_needed", "parse", "pedigree",
    "plot_calibration", "plot_caterpillar", "plot_forest", "plot_manhattan", "plot_map",
    "plot_network", "plot_power", "plot_ppc", "plot_predictions", "plot_prior_posterior", "plot_qq",
    "plot_residuals", "plot_shrinkage", "plot_structure", "plot_trajectories", "plot_tree",
    "plot_variance", "power", "predictions", "prior_predictive", "prior_sensitivity", "priors",
    "quote", "random_effects", "rank", "read_structures", "refit", "report", "residuals", "save",
    "scan", "shrinkage", "simulate", "slopes", "summary", "template", "templates",
    "variance_partition", "within_between",
]  # fmt: skip
"""Written out: type checkers read it."""


def __getattr__(name: str) -> object:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'bayes_glmm' has no attribute {name!r}")
    module = import_module(f"bayes_glmm.{_PUBLIC[name]}")
    value = module if name == _PUBLIC[name] == "errors" else vars(module)[_AS.get(name, name)]
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)


class _Package(ModuleType):
    """Keeps ``report`` and ``datasets`` the functions: importing a submodule binds its name."""

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in _PUBLIC and name != "errors" and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
