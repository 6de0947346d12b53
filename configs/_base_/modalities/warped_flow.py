# Warped flow: as flow, with the camera's motion taken out when it was extracted; in a folder of its own.
_base_ = ["flow.py"]
modality = "WarpedFlow"
frames = dict(modality="WarpedFlow", data_prefix=dict(img="rawframes_warped"))
