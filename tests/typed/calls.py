"""Calls as a user writes them: read by the type checker, never run.

To it, pandas has no types: a data frame is ``Any``, and no union of it with something else.
"""

from typing import reveal_type

import bayes_glmm as bg

rows = bg.dataset("rats")
tree = bg.fit("weight ~ age + (1 | rat)", rows, engine="laplace", missing="drop", draws=500)
reveal_type(tree)  # DataTree

reveal_type(bg.summary(tree))  # Any
reveal_type(bg.summary(tree, draws=True))  # DataArray
reveal_type(bg.predictions(tree, rows, "known", by="age"))  # Any
reveal_type(bg.predictions(tree, rows, "known", by="age", draws=True))  # DataArray
reveal_type(bg.comparisons(tree, "age", measure="ratio", draws=False))  # Any
reveal_type(bg.comparisons(tree, "age", measure="ratio", draws=True))  # DataArray
reveal_type(bg.slopes(tree, "age"))  # Any
reveal_type(bg.slopes(tree, "age", draws=True))  # DataArray
reveal_type(bg.random_effects(tree, "rat"))  # Any
reveal_type(bg.random_effects(tree, "rat", draws=True))  # DataArray
reveal_type(bg.coefficients(tree, "rat"))  # Any
reveal_type(bg.coefficients(tree, "rat", draws=True))  # DataArray
reveal_type(bg.hypothesis(tree, "age > 0"))  # Any
reveal_type(bg.hypothesis(tree, "age > 0", draws=True))  # DataArray
reveal_type(bg.meta_analysis(tree, "rat", "age"))  # Any
reveal_type(bg.meta_analysis(tree, "rat", "age", draws=True))  # DataArray
reveal_type(bg.heterogeneity(tree, "rat", "age"))  # Any
reveal_type(bg.heterogeneity(tree, "rat", "age", draws=True))  # DataArray
reveal_type(bg.missing_responses(tree))  # Any
reveal_type(bg.missing_responses(tree, draws=True))  # DataArray
reveal_type(bg.variance_partition(tree, "data"))  # Any
reveal_type(bg.variance_partition(tree, "data", draws=True))  # Dataset

bg.check("weight ~ age", rows, family="gaussian", priors={"sigma": bg.Prior("HalfNormal", sigma=9)})
bg.prior_predictive("weight ~ age", rows, seed=1)
bg.refit(tree, ["3"], chains=2, seed=4)
bg.kfold(tree, 5, by="rat", tune=300, progress=False)

bg.fit("weight ~ age", rows, engine="gibbs")  # error: "engine"
bg.fit("weight ~ age", rows, famly="poisson")  # error: "famly"
bg.fit("weight ~ age", rows, draws="many")  # error: "draws"
bg.check("weight ~ age", rows, missing="skip")  # error: "missing"
bg.check("weight ~ age", rows, draws=10)  # error: "draws"
bg.build_model("weight ~ age", rows, link=3)  # error: "link"
bg.priors("weight ~ age", rows, priors=[])  # error: "priors"
bg.prior_predictive("weight ~ age", rows, sed=1)  # error: "sed"
bg.maximum_likelihood("weight ~ age", rows, priors={})  # error: "priors"
bg.simulate("weight ~ age", rows, {}, 1, strctures={})  # error: "strctures"
bg.collapse(rows, "weight ~ age", success=1)  # error: "success"
bg.calibrate("weight ~ age", rows, cores=2)  # error: "cores"
bg.power("weight ~ age", {}, rows, "beta[age]", target_acept=0.9)  # error: "target_acept"
bg.refit(tree, ["3"], family="poisson")  # error: "family"
bg.kfold(tree, 5, chain=2)  # error: "chain"
bg.prior_sensitivity(tree, engine="NUTS")  # error: "engine"
bg.scan(tree, rows, refit=1, refit_draw=100)  # error: "refit_draw"
bg.predictions(tree, groups="all")  # error: "predictions"
bg.comparisons(tree, "age", measure="risk")  # error: "comparisons"
bg.variance_partition(tree, "logit")  # error: "variance_partition"
