"""A model as arrays and blocks: variables, predictors, PyMC graph. No tables here."""
