import random
from pathlib import Path

import numpy as np
import pytest
import torch
from mmaction.datasets import transforms as upstream
from mmaction.models.data_preprocessors import ActionDataPreprocessor as UpstreamPreprocessor
from mmaction.structures import ActionDataSample

from tsn_plugin import transforms as ours
from tsn_plugin.models.data_preprocessor import ActionDataPreprocessor
from tsn_plugin.models.flow_from_frames import TENSOR_FLOW_METHODS
from tsn_plugin.ops.views import SnippetViews
from tsn_plugin.registry import MODELS

GOLDEN = np.load(Path(__file__).parents[1] / "data/golden/case06_rgbdiff.npz")
IMAGENET = {"mean": [123.675, 116.28, 103.53], "std": [58.395, 57.12, 57.375]}
CHANNELS = {"RGB": 3, "RGBDiff": 3, "Flow": 2, "WarpedFlow": 2}


def video(modality, num_clips=3, clip_len=1, height=20, width=26, seed=0):
    shape = (num_clips * clip_len, height, width, CHANNELS[modality])
    imgs = list(np.random.RandomState(seed).randint(0, 256, shape, dtype=np.uint8))
    return {"imgs": imgs, "modality": modality, "num_clips": num_clips, "clip_len": clip_len, "label": 0}


def packed(package, results, *steps):
    for step in [*steps, package.FormatShape("NCHW"), package.PackActionInputs()]:
        results = step(results)
    return results


def processed(preprocessor, samples, training=False):
    batch = {key: [sample[key] for sample in samples] for key in ("inputs", "data_samples")}
    return preprocessor(batch, training)["inputs"]


@pytest.mark.parametrize("crop", ["TenCrop", "CenterCrop"])
@pytest.mark.parametrize("keywords", [IMAGENET, {**IMAGENET, "to_rgb": True}, {}])
def test_rgb_views_on_the_device_equal_mmaction2(crop, keywords):
    size = (16, 12)
    expected = processed(
        UpstreamPreprocessor(**keywords),
        [packed(upstream, video("RGB", seed=seed), getattr(upstream, crop)(size)) for seed in range(2)],
    )
    samples = [packed(ours, video("RGB", seed=seed), getattr(ours, crop)(size, on_device=True)) for seed in range(2)]
    views = processed(ActionDataPreprocessor(**keywords), samples)
    assert isinstance(views, SnippetViews)
    assert torch.allclose(views.materialize(), expected, rtol=0, atol=1e-5)
    assert torch.allclose(torch.cat(list(views.chunks(7))), expected.flatten(0, 1), rtol=0, atol=1e-5)
    tensor = processed(ActionDataPreprocessor(**keywords, materialize_views=True), samples)
    assert torch.equal(tensor, views.materialize())


@pytest.mark.parametrize("layout", ["mmaction2", "caffe"])
@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize(("modality", "clip_len"), [("Flow", 5), ("WarpedFlow", 2), ("RGBDiff", 6)])
def test_views_on_the_device_equal_views_cut_before(modality, clip_len, legacy, layout):
    preprocessor = ActionDataPreprocessor(modality=modality, normalization="imagenet", legacy_flip=legacy)
    cut = ours.TenCrop(16, layout=layout, legacy=legacy)
    left = ours.TenCrop(16, layout=layout, on_device=True)
    expected = processed(preprocessor, [packed(ours, video(modality, 3, clip_len), cut)])
    views = processed(preprocessor, [packed(ours, video(modality, 3, clip_len), left)])
    assert torch.equal(views.materialize(), expected)
    assert expected.shape == (1, 30, CHANNELS[modality] * (5 if modality == "RGBDiff" else clip_len), 16, 16)


@pytest.mark.parametrize(
    ("keywords", "clip_len"), [(IMAGENET, 1), ({**IMAGENET, "to_rgb": True}, 3), ({}, 1), ({"to_float32": False}, 1)]
)
def test_training_batches_equal_mmaction2(keywords, clip_len):
    samples = [packed(upstream, video("RGB", 3, clip_len, seed=seed)) for seed in range(2)]
    batch = processed(ActionDataPreprocessor(**keywords), samples, training=True)
    expected = processed(UpstreamPreprocessor(**keywords), samples, training=True)
    assert torch.equal(batch, expected)
    assert batch.dtype == expected.dtype


def test_other_layouts_are_mmaction2s():
    inputs = [torch.randint(0, 256, (1, 3, 4, size, 8), dtype=torch.uint8) for size in (8, 6)]  # padded by MMAction2
    samples = [dict(packed(ours, video("RGB")), inputs=clip) for clip in inputs]
    keywords = {**IMAGENET, "format_shape": "NCTHW"}
    expected = processed(UpstreamPreprocessor(**keywords), samples)
    assert torch.equal(processed(ActionDataPreprocessor(**keywords), samples), expected)


def test_differences_equal_the_original():
    snippets = torch.from_numpy(GOLDEN["inp"]).view(2, 3, 9, 4, 5)
    differences = ActionDataPreprocessor(modality="RGBDiff").to_network_input(snippets)
    np.testing.assert_allclose(differences.view(2, 3, 2, 3, 4, 5).numpy(), GOLDEN["diff"], atol=1e-6)


def test_rgbdiff_batches_have_three_channels_less():
    batch = processed(
        ActionDataPreprocessor(modality="RGBDiff", normalization="caffe"), [packed(ours, video("RGBDiff", 7, 6))]
    )
    assert batch.shape == (1, 7, 15, 20, 26)


@pytest.mark.parametrize(
    ("modality", "levels", "expected"),
    [
        ("RGB", [123, 117, 105], [1, 0, 0]),  # BGR minus 104, 117, 123
        ("RGBDiff", [1, 2, 3, 4, 6, 8], [5, 4, 3]),  # differences 3, 4, 5 as BGR, no mean
        ("Flow", [128, 129, 127, 0], [0, 1, -1, -128]),
    ],
)
def test_caffe_normalization_by_hand(modality, levels, expected):
    snippet = torch.tensor(levels, dtype=torch.uint8).view(1, 1, -1, 1, 1)
    preprocessor = ActionDataPreprocessor(modality=modality, normalization="caffe")
    assert preprocessor.to_network_input(snippet).flatten().tolist() == expected


def test_imagenet_normalization_of_flow_divides_by_the_mean_std():
    snippet = torch.full((1, 10, 1, 1), 128 + 57, dtype=torch.uint8)
    values = ActionDataPreprocessor(modality="Flow", normalization="imagenet").to_network_input(snippet)
    assert values.flatten().tolist() == pytest.approx([57 / (255 * 0.226)] * 10)


def test_statistics_of_a_frame_or_of_a_snippet_serve_alike():
    snippet = torch.randint(0, 256, (2, 10, 4, 4), dtype=torch.uint8)
    per_frame = ActionDataPreprocessor([1, 2], [3, 4], modality="Flow").to_network_input(snippet)
    per_snippet = ActionDataPreprocessor([1, 2] * 5, [3, 4] * 5, modality="Flow").to_network_input(snippet)
    assert torch.equal(per_frame, per_snippet)


def test_raw_snippets_are_left_as_they_are():
    snippet = torch.full((1, 3, 2, 2), 9, dtype=torch.uint8)
    ActionDataPreprocessor(normalization="caffe").to_network_input(snippet)
    floats = torch.full((1, 3, 2, 2), 9.0)
    ActionDataPreprocessor(**IMAGENET).to_network_input(floats)
    assert (snippet == 9).all()
    assert (floats == 9).all()


def test_videos_of_different_sizes_pass_with_view_boxes_only():
    sizes = [{"height": 20, "width": 26}, {"height": 24, "width": 18}]
    preprocessor = ActionDataPreprocessor(**IMAGENET)
    views = processed(
        preprocessor, [packed(ours, video("RGB", **size), ours.TenCrop(16, on_device=True)) for size in sizes]
    )
    cut = [processed(preprocessor, [packed(ours, video("RGB", **size), ours.TenCrop(16))]) for size in sizes]
    assert torch.equal(views.materialize(), torch.cat(cut))
    with pytest.raises(ValueError, match=r"different shapes \[\(3, 3, 20, 26\), \(3, 3, 24, 18\)\]: Resize"):
        processed(preprocessor, [packed(ours, video("RGB", **size)) for size in sizes])


def test_training_gets_a_tensor_even_with_view_boxes():
    samples = [packed(ours, video("RGB"), ours.CenterCrop(16, on_device=True))]
    assert processed(ActionDataPreprocessor(**IMAGENET), samples, training=True).shape == (1, 3, 3, 16, 16)


def test_blending_is_for_training():
    blending = {"type": "MixupBlending", "num_classes": 5}
    preprocessor = ActionDataPreprocessor(**IMAGENET, blending=blending)
    samples = [packed(ours, video("RGB", seed=seed)) for seed in range(2)]
    plain = processed(ActionDataPreprocessor(**IMAGENET), samples)
    assert torch.equal(processed(preprocessor, samples), plain)
    torch.manual_seed(0)
    assert not torch.equal(processed(preprocessor, samples, training=True), plain)


def test_it_resolves_through_the_registry_and_adds_nothing_to_checkpoints():
    preprocessor = MODELS.build({"type": "ActionDataPreprocessor", **IMAGENET})
    assert type(preprocessor) is ActionDataPreprocessor
    assert not list(preprocessor.state_dict())


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"modality": "flow"}, "modality='flow' is unknown; known: RGB"),
        ({"normalization": "vgg"}, "normalization='vgg' is unknown; known: caffe, imagenet"),
        ({"normalization": "caffe", **IMAGENET}, "normalization='caffe' sets mean, std and to_rgb"),
        ({"mean": [0, 0, 0]}, "must be given together"),
        ({"modality": "Flow", "to_rgb": True}, "to_rgb=True reverses colours, but modality='Flow' has none"),
        ({"modality": "RGBDiff", "format_shape": "NCTHW"}, "modality='RGBDiff' needs format_shape='NCHW'"),
    ],
)
def test_contradicting_arguments_are_refused(keywords, message):
    with pytest.raises(ValueError, match=message):
        ActionDataPreprocessor(**keywords)


def test_channels_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="mean and std have 3 values, which do not divide the input's 10 channels"):
        ActionDataPreprocessor(**IMAGENET).to_network_input(torch.zeros(1, 10, 2, 2))
    with pytest.raises(ValueError, match="three colours per frame, but the input has 10 channels"):
        ActionDataPreprocessor(to_rgb=True).to_network_input(torch.zeros(1, 10, 2, 2))


def test_a_batch_with_and_without_view_boxes_is_refused():
    samples = [packed(ours, video("RGB"), ours.TenCrop(16, on_device=True)), packed(ours, video("RGB"))]
    with pytest.raises(ValueError, match="1 of 2 videos have no view_boxes"):
        processed(ActionDataPreprocessor(), samples)


@pytest.mark.parametrize(("modality", "shape"), [("RGB", (6, 3, 10, 12)), ("Flow", (2, 6, 10, 12))])
def test_training_crops_on_the_device_equal_those_cut_before(modality, shape):
    crop = dict(input_size=(12, 10), scales=(1, 0.75), more_fix_crop=True)
    preprocessor = ActionDataPreprocessor(modality=modality)
    before = [ours.MultiScaleCrop(**crop), ours.Resize((12, 10), keep_ratio=False), ours.Flip()]
    after = [ours.MultiScaleCrop(**crop, on_device=True), ours.Flip(on_device=True)]
    batches = []
    for steps in (before, after):
        random.seed(3)
        np.random.seed(3)
        samples = [packed(ours, shaped(video(modality, 2, 3, seed=seed)), *steps) for seed in range(6)]
        batches.append(processed(preprocessor, samples, training=True))
    assert batches[1].shape == batches[0].shape == (6, *shape)
    assert len({sample["data_samples"].view_boxes.tobytes() for sample in samples}) > 3  # sizes, places and mirrors
    levels = (batches[1] - batches[0]).abs()
    assert levels.max() == 1  # cv2 rounds in fixed point
    assert levels.mean() < 0.15


def shaped(results):
    return {**results, "img_shape": results["imgs"][0].shape[:2]}


def flow_sample(levels=(10, 20, 30), pairs=((0, 1), (1, 2)), **metainfo):
    frames = torch.tensor(levels, dtype=torch.uint8).view(-1, 1, 1, 1).expand(-1, 3, 6, 8)
    sample = ActionDataSample()
    sample.set_metainfo(dict(flow_pairs=np.array([pairs]), **metainfo))
    return {"inputs": frames.contiguous(), "data_samples": sample}


def test_flow_is_computed_before_it_is_cropped_mirrored_and_resized(monkeypatch):
    def flow(previous, current, *, compiled):
        x = torch.arange(8.0).expand(len(previous), 6, 8)  # x flow is the column, y flow the difference of the frames
        return torch.stack([x, current.float() - previous], 1)

    monkeypatch.setitem(TENSOR_FLOW_METHODS, "column", flow)
    preprocessor = ActionDataPreprocessor(modality="Flow", flow=dict(method="column", bound=127.5))
    boxes = np.array([[2, 0, 4, 6, 0], [2, 0, 4, 6, 1]])
    views = processed(preprocessor, [flow_sample(view_boxes=boxes)]).materialize()
    assert views.shape == (1, 2, 4, 6, 4)
    # level = 127.5 + v, halves to even; mirrored 256 - level
    assert views[0, 0, :, 0].tolist() == [[130, 130, 132, 132], [138] * 4] * 2
    assert views[0, 1, :, 0].tolist() == [[124, 124, 126, 126], [138] * 4] * 2
    sample = flow_sample(view_boxes=boxes[:1], view_size=(2, 3))
    batch = processed(preprocessor, [sample] * 2, training=True)
    assert batch.shape == (2, 1, 4, 3, 2)
    assert batch[1, 0, :2, 0].tolist() == [[130, 132], [138, 138]]


def test_frames_of_videos_of_several_lengths_make_one_batch():
    preprocessor = ActionDataPreprocessor(modality="Flow", normalization="caffe", flow=dict(max_pairs=2))
    levels, pairs = (7, 7, 7), ((0, 1), (1, 2))
    samples = [flow_sample(levels, pairs), flow_sample(levels[:2], (pairs[0],) * 2)]
    batch = processed(preprocessor, samples, training=True)
    assert batch.shape == (2, 1, 4, 6, 8)
    assert not batch.any()  # nothing moves: level 128, the mean


def test_flow_and_its_frames_come_together():
    with pytest.raises(ValueError, match="belong together: the data samples have flow_pairs, the preprocessor has no"):
        processed(ActionDataPreprocessor(modality="Flow"), [flow_sample()])
    with pytest.raises(ValueError, match="the data samples have no flow_pairs, the preprocessor has flow"):
        processed(ActionDataPreprocessor(modality="Flow", flow={}), [packed(ours, video("Flow", 3, 5))])
    samples = [flow_sample(), packed(ours, video("Flow", 3, 5))]
    with pytest.raises(ValueError, match="1 of 2 videos have no flow_pairs"):
        processed(ActionDataPreprocessor(modality="Flow", flow={}), samples)


@pytest.mark.parametrize("keywords", [dict(modality="RGB"), dict(modality="Flow", format_shape="NCTHW")])
def test_flow_needs_a_modality_and_a_layout_of_flow(keywords):
    with pytest.raises(ValueError, match="needs modality='Flow' and format_shape='NCHW'"):
        ActionDataPreprocessor(**keywords, flow={})
