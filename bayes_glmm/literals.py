"""The words that arguments take, for callers, completion and type checkers."""

from __future__ import annotations

from typing import Any, Literal, get_args

type Engine = Literal["auto", "nuts", "collapsed", "laplace", "jax"]
"""What samples a model."""
type Coordinates = Literal["standardized", "natural", "absorbed"]
"""How the graph writes the effects of groups."""
type Missing = Literal["error", "drop", "predict"]
"""What becomes of incomplete rows."""
type Groups = Literal["known", "typical", "new", "population"]
"""Whose response an answer is about."""
type Effects = Literal["known", "new"]
"""Effects that observed rows are held against."""
type Kind = Literal["expected", "response"]
"""A mean, or new observations."""
type ResidualKind = Literal["quantile", "pearson"]
type Measure = Literal["difference", "ratio", "odds_ratio", "lift"]
"""How two means are compared."""
type StudyMeasure = Literal["conditional", "difference", "ratio", "odds_ratio"]
"""How two treatments are compared within a study."""
type Scale = Literal["response", "link"]
type VarianceScale = Literal["latent", "data"]
type Precision = Literal["single", "double"]


def allowed(alias: Any) -> tuple[str, ...]:
    """Return what a word can be.

    Examples
    --------
    >>> allowed(Effects)
    ('known', 'new')
    """
    return get_args(alias.__value__)
