"""Tables in: columns, their kinds, their roles, and rows that are not fitted."""
