"""The compiled library: how it is found, and its functions for arrays."""
