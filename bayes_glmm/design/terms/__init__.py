"""Terms of a formula as columns, learned from the training rows."""
