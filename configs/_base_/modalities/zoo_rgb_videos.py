# RGB from video files, one frame per snippet.
_base_ = ["zoo_rgb_frames.py"]
opening = [dict(type="tsn_plugin.DecordInit")]
decoding = [dict(type="tsn_plugin.DecordDecode")]
