"""Extensions of Sphinx that this site has: formulas without scripts, and pages made from the code."""
