"""What blocks call their arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

type Array = NDArray[np.float64]
type Text = NDArray[np.str_]
type Places = NDArray[np.int64]
type Values = Mapping[str, Any]
"""Parameters by their stems."""
