"""Weights of other systems in our names, and back: readers of their files, maps of their names."""

from tsn_plugin.models.weights.conversion import Conversion, convert_file
from tsn_plugin.models.weights.key_maps import SOURCES, TARGETS
from tsn_plugin.models.weights.networks import NETWORKS

__all__ = ["NETWORKS", "SOURCES", "TARGETS", "Conversion", "convert_file"]
