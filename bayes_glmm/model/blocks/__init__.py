"""The blocks of a linear predictor, one file each."""
