"""What the data say: schema, design arrays and checks; no PyMC."""
