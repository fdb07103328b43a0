"""The response: its values, and how each of them was observed."""
