# Parts of the pipelines of MMAction2's 0.x zoo; a leaf puts them together (opening, sampling, decoding, a crop, packing).
resize_256 = [dict(type="tsn_plugin.Resize", scale=(-1, 256))]
resize_224 = [dict(type="tsn_plugin.Resize", scale=(224, 224), keep_ratio=False)]
flip = [dict(type="tsn_plugin.Flip", flip_ratio=0.5)]

_scales = (1, 0.875, 0.75, 0.66)
multi_scale_crop = [dict(type="tsn_plugin.MultiScaleCrop", input_size=224, scales=_scales), *resize_224]
multi_scale_crop_13 = [dict(multi_scale_crop[0], num_fixed_crops=13), *resize_224]
random_resized_crop = [dict(type="RandomResizedCrop"), *resize_224]

center_crop_224 = [*resize_256, dict(type="tsn_plugin.CenterCrop", crop_size=224)]
center_crop_256 = [*resize_256, dict(type="tsn_plugin.CenterCrop", crop_size=256)]
# the crops of a test are made on the model's device
three_crop_256 = [*resize_256, dict(type="tsn_plugin.ThreeCrop", crop_size=256, on_device=True)]
ten_crop_224 = [*resize_256, dict(type="tsn_plugin.TenCrop", crop_size=224, on_device=True)]

packing = [dict(type="tsn_plugin.FormatShape", input_format="NCHW"), dict(type="tsn_plugin.PackActionInputs")]
del _scales
