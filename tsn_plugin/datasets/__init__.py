"""Data sets and samplers that MMAction2 lacks, and its lists for names of any kind."""

import mmaction.datasets  # noqa: F401

from tsn_plugin.datasets.file_lists import RawframeDataset, VideoDataset
from tsn_plugin.datasets.hvu import HVUDataset
from tsn_plugin.datasets.proposals import ActionnessDataset, ProposalDataset
from tsn_plugin.datasets.raw_video import RawVideoDataset
from tsn_plugin.datasets.samplers import ClassFrequencySampler, SeededSampler, WholeVideoSampler

__all__ = [
    "ActionnessDataset",
    "ClassFrequencySampler",
    "HVUDataset",
    "ProposalDataset",
    "RawVideoDataset",
    "RawframeDataset",
    "SeededSampler",
    "VideoDataset",
    "WholeVideoSampler",
]
