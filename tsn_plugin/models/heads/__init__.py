"""Heads: features in, scores and losses out."""

from tsn_plugin.models.heads.hvu_head import HVUHead
from tsn_plugin.models.heads.ssn_head import SSNHead
from tsn_plugin.models.heads.tsn_head import TSNHead

__all__ = ["HVUHead", "SSNHead", "TSNHead"]
