# ActivityNet v1.3 as untrimmed video (TPAMI 2018): trained as ..._video_rgb, tested on video files with one frame per second,
# ten crops and sliding windows of 1 to 16 seconds.
_base_ = ["tsn_r50_320p_1x1x8_50e_activitynet_video_rgb.py"]
model = dict(cls_head=dict(consensus=dict(_delete_=True, type="tsn_plugin.SlidingWindowConsensus", num_crops=10, fps=1.0)))
test_pipeline = [
    dict(type="tsn_plugin.DecordInit"), dict(type="tsn_plugin.SampleFramesAtRate", rate=1.0), dict(type="tsn_plugin.DecordDecode"),
    *_base_.ten_crop_224, *_base_.packing]
val_pipeline = test_pipeline
_videos = dict(_delete_=True, type="tsn_plugin.VideoDataset", data_root="data/ActivityNet", ann_file="anet_val_video_files.txt",
               data_prefix=dict(video="videos"), test_mode=True, pipeline=test_pipeline)
val_dataloader = dict(batch_size=1, dataset=_videos)
test_dataloader = dict(dataset=_videos)
del _videos
