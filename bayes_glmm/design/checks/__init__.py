"""Everything that can be said about a model on its data before sampling."""
