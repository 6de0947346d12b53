"""Transforms: what happens to one video in the data loader."""

import mmaction.datasets  # noqa: F401

from tsn_plugin.transforms.color import ColorJitter
from tsn_plugin.transforms.computed_flow import ComputeFlow, DecodeFlowFrames
from tsn_plugin.transforms.cropping import MultiScaleCrop
from tsn_plugin.transforms.decoding import (
    DecordDecode,
    DecordInit,
    OpenCVDecode,
    OpenCVInit,
    PyAVDecode,
    PyAVInit,
    RawFrameDecode,
)
from tsn_plugin.transforms.every_nth import KeepEveryNthFrame
from tsn_plugin.transforms.fixed_crops import CenterCrop, TenCrop, ThreeCrop
from tsn_plugin.transforms.flip import Flip
from tsn_plugin.transforms.formatting import FormatShape, PackActionInputs
from tsn_plugin.transforms.proposals import SampleActionnessFrames, SampleProposalFrames, SampleTicks
from tsn_plugin.transforms.resize import Resize
from tsn_plugin.transforms.sampling import SampleFrames
from tsn_plugin.transforms.untrimmed import SampleFramesAtRate

__all__ = [
    "CenterCrop",
    "ColorJitter",
    "ComputeFlow",
    "DecodeFlowFrames",
    "DecordDecode",
    "DecordInit",
    "Flip",
    "FormatShape",
    "KeepEveryNthFrame",
    "MultiScaleCrop",
    "OpenCVDecode",
    "OpenCVInit",
    "PackActionInputs",
    "PyAVDecode",
    "PyAVInit",
    "RawFrameDecode",
    "Resize",
    "SampleActionnessFrames",
    "SampleFrames",
    "SampleFramesAtRate",
    "SampleProposalFrames",
    "SampleTicks",
    "TenCrop",
    "ThreeCrop",
]
