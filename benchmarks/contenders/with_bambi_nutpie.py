"""Bambi with nutpie in place of PyMC's sampler."""

from __future__ import annotations

from typing import Any

import pandas as pd
from models import Model

from contenders import with_bambi
from contenders.base import Fitted, Inputs, Settings
from contenders.watch import WATCH


def load(settings: Settings) -> None:
    """Import both."""
    import nutpie

    with_bambi.load(settings)
    WATCH.begin(nutpie, "progress_callback")


def fit(model: Model, data: pd.DataFrame, settings: Settings, inputs: Inputs) -> Any:
    """Build and sample."""
    return with_bambi.fit(model, data, settings, inputs, method="nutpie")


def read(tree: Any, settings: Settings, inputs: Inputs) -> Fitted:
    """Name the draws."""
    stats = tree["sample_stats"]
    steps = stats["n_steps"].values
    return Fitted(
        with_bambi.named(tree["posterior"], inputs),
        stats["diverging"].values,
        steps,
        notes=with_bambi.smaller(inputs),
        **WATCH.figures(steps, settings.chains, settings.cores),
    )
