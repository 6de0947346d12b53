# RGB difference, small: as small flow, from 6 neighbouring frames.
_base_ = ["small_flow.py"]
modality = "RGBDiff"
in_channels = 15
frames = dict(modality="RGBDiff", filename_tmpl="img_{:05d}.jpg")
