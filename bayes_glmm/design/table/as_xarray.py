"""NumPy arrays as they are in xarray: it does not ask whether Dask made them.

It would ask of every array that it is handed, and import Dask for that wherever it is installed,
which takes longer than a small model's chains.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

if TYPE_CHECKING:
    import xarray as xr


def variable(
    dims: str | Sequence[str], values: NDArray[Any], attrs: Mapping[str, Any] | None = None
) -> xr.Variable:
    """Return an array as a variable; it is not copied.

    Parameters
    ----------
    dims : str or sequence of str
        One for each axis.
    values : ndarray
    """
    from xarray import Variable

    return Variable(dims, values, attrs, fastpath=True)


def coordinates(labels: Mapping[str, Any]) -> xr.Coordinates:
    """Return labels by dimension as indexed coordinates.

    Parameters
    ----------
    labels : mapping of str to array-like, shape (n_labels,)
    """
    from xarray import Coordinates
    from xarray.indexes import Index, PandasIndex

    variables: dict[Any, Any] = {}
    indexes: dict[Any, Index] = {}
    for dim, given in labels.items():
        values = np.asarray(given)
        whole = pd.Index(values, dtype=object if values.dtype.kind == "O" else None)
        indexes[dim] = PandasIndex(whole, dim, coord_dtype=values.dtype)
        variables |= indexes[dim].create_variables()
    return Coordinates(variables, indexes)
