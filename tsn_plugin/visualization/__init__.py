"""Visualization: plots and pictures."""

import mmaction.visualization  # noqa: F401
