# Mini-Kinetics with the web data of OmniSource (Duan et al., ECCV 2020): images, Instagram videos, uncut Kinetics videos. Data
# sets and modality in one, since each source has a pipeline; a leaf names those that train beside the clips, each in steps
# of its own.
_base_ = ["../datasets/minikinetics_videos.py", "../modalities/zoo_rgb_videos.py"]
_augmentation = [*_base_.resize_256, *_base_.random_resized_crop, *_base_.flip, *_base_.packing]
_videos = [*_base_.opening, dict(_base_.sampling, num_clips=8), *_base_.decoding, *_augmentation]
_images = dict(type="tsn_plugin.VideoDataset", data_root="data/OmniSource", pipeline=[dict(type="ImageDecode"), *_augmentation])
_by_class = dict(type="tsn_plugin.ClassFrequencySampler", power=0.5)
_plain = dict(type="tsn_plugin.SeededSampler", shuffle=True)
_loader = dict(batch_size=12, num_workers=8, persistent_workers=True)

_data = dict(
    _images,
    ann_file="annotations/googleimage_200/tsn_8seg_googleimage_200_wodup.txt",
    data_prefix=dict(video="googleimage_200"),
)
google_images = dict(name="google_images", dataloader=dict(_loader, batch_size=64, sampler=_plain, dataset=_data))
_data = dict(_images, ann_file="annotations/webimage_200/tsn_8seg_webimage_200_wodup.txt", data_prefix=dict(video=""))
web_images = dict(name="web_images", dataloader=dict(_loader, batch_size=64, sampler=_by_class, dataset=_data))
_data = dict(
    type="tsn_plugin.VideoDataset",
    data_root="data/OmniSource",
    ann_file="annotations/insvideo_200/slowonly_8x8_insvideo_200_wodup.txt",
    data_prefix=dict(video="insvideo_200"),
    pipeline=_videos,
)
web_videos = dict(name="web_videos", dataloader=dict(_loader, sampler=_by_class, dataset=_data))
_data = dict(
    type="tsn_plugin.RawVideoDataset",
    data_root="data/OmniSource",
    ann_file="annotations/kinetics_raw_200/slowonly_8x8_kinetics_raw_200.json",
    data_prefix=dict(video="kinetics_raw_200_train"),
    sampling_strategy="positive",
    pipeline=_videos,
)
uncut_videos = dict(name="uncut_videos", dataloader=dict(_loader, sampler=_plain, dataset=_data))
del _augmentation, _videos, _images, _by_class, _plain, _loader, _data
