"""What the user asked for: no data, no PyMC."""
