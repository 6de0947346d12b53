"""Models: preprocessor, backbones, consensus, heads, recognizers."""

import mmaction.models  # noqa: F401

from tsn_plugin.models import (
    backbones,
    consensus,
    data_preprocessor,
    heads,
    initializers,
    localizers,
    recognizers,
)

__all__ = ["backbones", "consensus", "data_preprocessor", "heads", "initializers", "localizers", "recognizers"]
