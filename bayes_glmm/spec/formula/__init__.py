"""Formulas: read into a spec, and written from one."""
