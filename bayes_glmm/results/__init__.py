"""Results of a fit: draws with their model, and their files."""
