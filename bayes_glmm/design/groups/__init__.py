"""Grouping columns as levels, and the structures that relate them."""
