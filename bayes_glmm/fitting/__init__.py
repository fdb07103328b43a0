"""From a formula and a table to a fitted result: the calls a user makes first."""

from bayes_glmm.fitting.check_model import build_model, check, priors
from bayes_glmm.fitting.fit_model import fit
from bayes_glmm.fitting.prepare import prepare

__all__ = ["build_model", "check", "fit", "prepare", "priors"]
