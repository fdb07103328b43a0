"""Meta-analysis: studies, their effects and what a new one may find."""
