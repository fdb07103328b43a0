"""Whether a fit can be trusted: named verdicts."""
