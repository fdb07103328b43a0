"""Time and leapfrog steps of everything that nutpie samples, warm-up included."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Watch:
    """Listens to the progress that nutpie reports twice a second and at the end.

    Whoever calls ``nutpie.sample`` after :meth:`begin` is listened to, so that the same
    figures are known for every contender that uses it.
    """

    def __init__(self) -> None:
        self.runs: list[list[Any]] = []

    def begin(self) -> None:
        """Stand in for ``nutpie.sample``."""
        import nutpie

        original = nutpie.sample

        def sample(*args: Any, **kwargs: Any) -> Any:
            kwargs["progress_callback"] = self._listen(kwargs.get("progress_callback"))
            return original(*args, **kwargs)

        nutpie.sample = sample

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
