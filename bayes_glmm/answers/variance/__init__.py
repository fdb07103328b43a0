"""Where the variance of a response comes from."""
