"""The functions of densities on a tape."""

from __future__ import annotations
