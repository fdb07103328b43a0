"""Time and leapfrog steps of everything that nutpie samples, warm-up included."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Watch:
    """Listens to the progress that nutpie reports ten times a second and at the end.

    Whoever calls a function after :meth:`begin` has stood in for it is listened to, so that
    the same figures are known for every contender that nutpie samples.
    """

    def __init__(self) -> None:
        self.runs: list[list[Any]] = []

    def begin(self, owner: Any, listener: str) -> None:
        """Stand in for ``owner.sample``, whose argument ``listener`` takes the progress."""
        original = owner.sample

        def sample(*args: Any, **kwargs: Any) -> Any:
            kwargs[listener] = self._listen(kwargs.get(listener))
            return original(*args, **kwargs)

        owner.sample = sample

    def _listen(self, also: Callable[[list[Any]], None] | None) -> Callable[[list[Any]], None]:
        latest: list[Any] = []
        self.runs.append(latest)

        def heard(chains: list[Any]) -> None:
            latest[:] = chains
            if also is not None:
                also(chains)

        return heard

    def figures(self, steps: Any, chains: int, cores: int) -> dict[str, float]:
        """Return ``sampling``, ``kept`` and ``gradient`` of :class:`contenders.base.Fitted`.

        ``sampling`` is the time of all chains divided by how many ran at once. Runs that
        were thrown away count in it, and so do their steps.
        """
        every = [chain for run in self.runs for chain in run]
        if not every or any(c.finished_draws < c.total_draws for c in every):
            return {}
        seconds = sum(c.runtime_ms for c in every) / 1000
        taken = sum(c.total_num_steps for c in every)
        return {
            "sampling": seconds / min(chains, cores),
            "kept": float(steps.sum()) / taken,
            "gradient": seconds / taken,
        }


WATCH = Watch()
