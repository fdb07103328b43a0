"""What is derived from the package and checked in beside it."""
