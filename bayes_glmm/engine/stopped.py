"""What is left of a run that the user stops: the most draws that all chains kept have."""

from __future__ import annotations

from collections.abc import Sequence

from bayes_glmm.engine.store import Chain

LEAST = 10
"""Draws without which a chain does not count: fewer say nothing about convergence."""


class Stopped(KeyboardInterrupt):
    """Ctrl-C while chains were sampled; what they had drawn after warm-up goes with it.

    Who does not ask for it sees a :class:`KeyboardInterrupt` as any other.

    Parameters
    ----------
    chains : sequence of Chain
        Whole ones and those that were cut, in the order of the chains.
    """

    def __init__(self, chains: Sequence[Chain]) -> None:
        super().__init__()
        self.chains = tuple(chains)

    def kept(self) -> list[Chain]:
        """Return the draws to keep, as many of each chain.

        Raises
        ------
        KeyboardInterrupt
            No chain has ten draws after warm-up.
        """
        kept = most_draws(self.chains)
        if not kept:
            raise self
        return kept


def most_draws(chains: Sequence[Chain]) -> list[Chain]:
    """Cut chains to one length, leaving short ones out, so that most draws are kept.

    Parameters
    ----------
    chains : sequence of Chain

    Returns
    -------
    list of Chain
        In the order given: of two choices with as many draws, the one with more chains.
        Chains with fewer than ten draws are left out.
    """
    lengths = sorted((c.n_draws for c in chains if c.n_draws >= LEAST), reverse=True)
    total, _, draws = max(((m * n, m, n) for m, n in enumerate(lengths, 1)), default=(0, 0, 0))
    return [_first(c, draws) for c in chains if total and c.n_draws >= draws]


def _first(chain: Chain, draws: int) -> Chain:
    """Return the first draws of a chain."""
    return Chain(
        {k: v[:draws] for k, v in chain.draws.items()},
        {k: v[:draws] for k, v in chain.stats.items()},
    )
