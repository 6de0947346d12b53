"""Backbones: images in, one feature map out."""

from tsn_plugin.models.backbones.bn_inception import BNInception
from tsn_plugin.models.backbones.inception_v3 import InceptionV3

__all__ = ["BNInception", "InceptionV3"]
