"""Pictures of answers; nothing statistical is computed here."""

from __future__ import annotations

from bayes_glmm.plots.association import plot_manhattan, plot_qq
from bayes_glmm.plots.calibration import plot_calibration, plot_power
from bayes_glmm.plots.checks import plot_ppc, plot_prior_posterior
from bayes_glmm.plots.curves import plot_predictions
from bayes_glmm.plots.forest import plot_forest
from bayes_glmm.plots.levels import plot_caterpillar, plot_shrinkage
from bayes_glmm.plots.map_plots import plot_map
from bayes_glmm.plots.matrix_plots import plot_structure, plot_tree
from bayes_glmm.plots.network_plots import plot_network
from bayes_glmm.plots.residual_plots import plot_residuals
from bayes_glmm.plots.trajectory_plots import plot_trajectories
from bayes_glmm.plots.variance import plot_variance

__all__ = [
    "plot_calibration",
    "plot_caterpillar",
    "plot_forest",
    "plot_manhattan",
    "plot_map",
    "plot_network",
    "plot_power",
    "plot_ppc",
    "plot_predictions",
    "plot_prior_posterior",
    "plot_qq",
    "plot_residuals",
    "plot_shrinkage",
    "plot_structure",
    "plot_trajectories",
    "plot_tree",
    "plot_variance",
]
