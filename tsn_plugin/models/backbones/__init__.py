"""Backbones: images in, one feature map out."""

from tsn_plugin.models.backbones.bn_inception import BNInception
from tsn_plugin.models.backbones.googlenet import GoogLeNet
from tsn_plugin.models.backbones.inception_v3 import InceptionV3
from tsn_plugin.models.backbones.vgg import VGG

__all__ = ["VGG", "BNInception", "GoogLeNet", "InceptionV3"]
