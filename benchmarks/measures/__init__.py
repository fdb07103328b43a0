"""Figures of a package's source, read from its syntax trees by the standard library alone."""
