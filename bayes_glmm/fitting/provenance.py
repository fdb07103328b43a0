"""What the draws of a call depend on: model, priors, seed, versions, and the content of the table."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

import numpy as np
import pandas as pd

from bayes_glmm.design.schema import Schema
from bayes_glmm.design.table.tables import row_ids
from bayes_glmm.fitting.prepare import Prepared
from bayes_glmm.spec.priors import Prior


def provenance(
    prepared: Prepared, schema: Schema, priors: Mapping[str, Prior], settings: dict[str, Any]
) -> dict[str, Any]:
    """Return what the draws of a call depend on, JSON-able."""
    # Numba compiles what the kernel does not cover
    packages = ("pymc", "pytensor", "nutpie", "numba", "numpy", "arviz-stats")
    return {
        "spec": prepared.spec.to_toml(),
        "priors": {k: [p.name, dict(p.parameters)] for k, p in priors.items()},
        "seed": settings["seed"],
        "settings": settings,
        "versions": {p: version(p) for p in ("bayes_glmm", *packages)},
        "data_hash": data_hash(prepared.data, schema.used_columns),
        "n_rows": len(prepared.data),
        "dropped": list(prepared.dropped),
        "predicted": row_ids(prepared.aside.index).tolist(),
        "structures": {
            name: {**s.identity(), "notes": list(s.notes())}
            for name, s in prepared.structures.items()
        },
    }


def data_hash(data: pd.DataFrame, columns: tuple[str, ...]) -> str:
    """Return the SHA-256 of the used columns, in the order of the rows."""
    digest = hashlib.sha256()
    for column in columns:
        values = data[column].to_numpy()
        if values.dtype.kind in "biuf":
            content = np.ascontiguousarray(values).tobytes()
        else:
            content = "\0".join(map(str, values)).encode()
        digest.update(json.dumps([column, str(data[column].dtype), len(values)]).encode())
        digest.update(content)
    return digest.hexdigest()
