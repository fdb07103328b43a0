"""Predictions and contrasts, averaged inside each draw."""
