"""Levels of a group: deviations, shrinkage, ranks."""
