"""The vocabulary that densities are written in."""
