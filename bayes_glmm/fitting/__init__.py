"""From a formula and a table to a fitted result: the calls a user makes first."""
