"""Many fits, and designs before the data exist."""
