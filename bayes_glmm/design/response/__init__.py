"""The response: its values, and how each value was observed."""
