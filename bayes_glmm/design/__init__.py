"""From tables to models: schema, design arrays and checks; no PyMC."""
