"""Evaluation: metrics, score files, fusion."""

import mmaction.evaluation  # noqa: F401

from tsn_plugin.evaluation.detection_metrics import DetectionMAP, DumpProposalScores, DumpTickScores
from tsn_plugin.evaluation.journal import ResultJournal
from tsn_plugin.evaluation.metrics import AccMetric, ConfusionMatrix, DumpScores
from tsn_plugin.evaluation.tag_metrics import HVUMetric

__all__ = [
    "AccMetric",
    "ConfusionMatrix",
    "DetectionMAP",
    "DumpProposalScores",
    "DumpScores",
    "DumpTickScores",
    "HVUMetric",
    "ResultJournal",
]
