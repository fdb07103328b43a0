"""What writes stored figures needs mpmath, and is not run with the tests."""

collect_ignore = ["exact_densities.py"]
