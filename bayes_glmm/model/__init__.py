"""A model as arrays and blocks: its variables, its predictors, its graph; no tables."""
