"""Tables: columns, their kinds and roles, and rows that are not fitted."""
