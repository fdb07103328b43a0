"""Whether a fit can give an answer: families, links and terms say it of themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import numpy as np

from bayes_glmm.errors import ArgumentError
from bayes_glmm.families.capabilities import NEEDS, Capability
from bayes_glmm.families.censoring import observe
from bayes_glmm.families.contract import Family
from bayes_glmm.model.thresholds import SingleBoundaries
from bayes_glmm.results.fit import Fit


class Capable(Protocol):
    """A family, a link, a group or a predictor."""

    def lack(self, capability: Capability) -> str | None:
        """Return why it lacks a capability and the way out; ``None`` where it has it."""


def observed(fit: Fit) -> Family:
    """Return the family of the responses as they were observed."""
    y = np.asarray(fit.design.response, float)
    return observe(fit.family, fit.design.modifiers, y)


def able(of: Fit | Capable, capability: Capability) -> bool:
    """Return whether a fit, or a part of one, has a capability."""
    return _lack(of, capability) is None


def require(of: Fit | Capable, capability: Capability, answer: str) -> None:
    """Refuse an answer that a fit, or a part of one, cannot give.

    Parameters
    ----------
    of : Fit, Family, Link, GroupDesign or SingleBoundaries
        Of a fit all its parts are asked.
    capability : str
        One of :data:`bayes_glmm.families.capabilities.NAMES`.
    answer : str
        Its name, such as ``"residuals()"``: the subject of the message.

    Raises
    ------
    ArgumentError
        With what the answer needs, why it is not there, and the way out.
    """
    if why := _lack(of, capability):
        needs = f" needs {NEEDS[capability]}" if capability in NEEDS else " is not possible"
        raise ArgumentError(f"{answer}{needs}. {why}")


def _lack(of: Fit | Capable, capability: Capability) -> str | None:
    parts = _parts(of) if isinstance(of, Fit) else (of,)
    return next((why for part in parts if (why := part.lack(capability))), None)


def _parts(fit: Fit) -> Iterator[Capable]:
    """Yield the parts of a fit, the family first."""
    yield observed(fit)
    yield fit.link
    yield from fit.groups
    yield from [SingleBoundaries()] if fit.design.specific else []
