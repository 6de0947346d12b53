"""Visualization: plots and pictures."""

import mmaction.visualization  # noqa: F401

from tsn_plugin.visualization.hook import VisualizationHook

__all__ = ["VisualizationHook"]
