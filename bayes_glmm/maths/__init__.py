"""The vocabulary of densities and fields: one set of function names for several libraries."""
