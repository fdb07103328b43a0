"""Checks of a model and its data before sampling."""
