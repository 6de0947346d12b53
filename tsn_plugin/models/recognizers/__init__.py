"""Recognizers: preprocessed snippets in, losses or predictions out."""

from tsn_plugin.models.recognizers.recognizer2d import Recognizer2D

__all__ = ["Recognizer2D"]
