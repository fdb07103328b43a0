"""C headers that are printed from what Python states."""
