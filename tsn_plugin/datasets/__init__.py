"""Data sets and samplers that MMAction2 lacks."""

import mmaction.datasets  # noqa: F401

from tsn_plugin.datasets.hvu import HVUDataset
from tsn_plugin.datasets.raw_video import RawVideoDataset
from tsn_plugin.datasets.samplers import ClassFrequencySampler

__all__ = ["ClassFrequencySampler", "HVUDataset", "RawVideoDataset"]
