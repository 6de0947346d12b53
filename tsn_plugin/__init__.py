"""Temporal Segment Networks for MMEngine and MMAction2."""

from tsn_plugin.compat import install_import_fallbacks

__version__ = "0.1.0"

install_import_fallbacks()  # cheap: touches neither torch nor mmaction until they are imported
