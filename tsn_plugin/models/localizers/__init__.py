"""Localizers: which intervals of untrimmed videos show what."""

from tsn_plugin.models.localizers.actionness import ActionnessClassifier
from tsn_plugin.models.localizers.ssn import SSN

__all__ = ["SSN", "ActionnessClassifier"]
