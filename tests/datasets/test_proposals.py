import numpy as np
import pytest
import torch
from mmengine.registry import init_default_scope

from tsn_plugin.datasets import ActionnessDataset, ProposalDataset, WholeVideoSampler

RECORD = "# {0}\n{1}\n{2}\n1\n{3}"
INSTANCE = "1\n2 10 30\n4\n2 0.9000 1.0000 10 29\n2 0.2000 1.0000 10 14\n0 0.0000 0.0000 31 39\n2 0.8000 1.0000 12 30\n"
TRAIN = [
    dict(type="tsn_plugin.SampleProposalFrames"),
    dict(type="tsn_plugin.RawFrameDecode"),
    dict(type="tsn_plugin.FormatShape", input_format="NCHW"),
    dict(type="tsn_plugin.PackActionInputs", meta_keys=("img_shape", "proposal_scales")),
]
TICKS = [dict(type="tsn_plugin.SampleTicks"), *TRAIN[1:3], dict(type="tsn_plugin.PackActionInputs")]


@pytest.fixture(autouse=True)
def scope(no_default_scope):
    init_default_scope("mmaction")


@pytest.fixture
def root(tmp_path, make_frame_folder):
    """Three videos of 40 frames, the second without instances, the third with them but without proposals."""
    for name in ("a b", "c", "d"):
        make_frame_folder(tmp_path / "rawframes" / name, num_frames=40)
    records = [
        RECORD.format(0, "a b", 40, INSTANCE),
        RECORD.format(1, "c", 40, "0\n1\n0 0.0000 0.0000 5 20\n"),
        RECORD.format(2, "d", 40, "1\n1 0 20\n0\n"),
    ]
    (tmp_path / "list.txt").write_text("".join(records))
    return tmp_path


def build(kind, root, pipeline, **options):
    return kind("list.txt", pipeline, data_root=str(root), data_prefix=dict(img="rawframes"), **options)


def level(inputs, frame_level):
    """The number (from 1) of a frame by its blue channel."""
    levels = {frame_level(number): number for number in range(1, 41)}
    mean = inputs[2].float().mean().item()
    return min(levels.items(), key=lambda item: abs(item[0] - mean))[1]


def test_a_training_item_holds_the_proposals_of_a_video(root):
    dataset = build(ProposalDataset, root, TRAIN, counts=(1, 2, 1), epoch_multiplier=3)
    assert len(dataset) == 2 * 3  # the video without instances is left out
    item = dataset[0]
    assert item["inputs"].shape == (4 * 9, 3, 48, 64)
    sample = item["data_samples"]
    assert sample.proposal_kinds.tolist() == [0, 1, 1, 2]
    assert sample.proposal_labels[0] in (1, 2)
    assert sample.proposal_labels[1:].tolist() == [2, 2, 0]
    assert sample.proposal_scales.shape == (4, 2)
    assert (sample.regression_targets[1:] == 0).all()
    assert sample.metainfo["video_name"] == "a b"


def test_workers_and_epochs_draw_differently(root):
    dataset = build(ProposalDataset, root, TRAIN, counts=(1, 2, 1), epoch_multiplier=2)
    np.random.seed(0)
    first = dataset[0]["inputs"]
    assert not torch.equal(first, dataset[2]["inputs"])
    np.random.seed(0)
    assert torch.equal(first, dataset[0]["inputs"])


def test_ticks_come_in_chunks_of_one_video(root, frame_level):
    dataset = build(ProposalDataset, root, TICKS, test_mode=True, tick_interval=6, chunk_size=4)
    # (40 - 1) / 6: seven ticks of each of two videos
    assert [(chunk.video, chunk.first, len(chunk.frames)) for chunk in dataset.chunks] == [
        (0, 0, 4),
        (0, 4, 3),
        (1, 0, 4),
        (1, 4, 3),
    ]
    item = dataset[1]
    assert [level(frame, frame_level) for frame in item["inputs"]] == [25, 31, 37]
    info = item["data_samples"].metainfo
    assert (info["video_name"], info["first_tick"], info["num_ticks"]) == ("a b", 4, 7)
    np.testing.assert_allclose(info["proposal_intervals"][0], [10 / 40, 29 / 40])
    assert info["instance_labels"].tolist() == [1]
    alone = dataset[3]["data_samples"].metainfo["proposal_intervals"]
    np.testing.assert_allclose(alone, [[0, 39 / 40]])  # no proposals: the whole video


def test_videos_are_kept_or_skipped_on_demand(root):
    options = dict(test_mode=True, chunk_size=100)
    assert len(build(ProposalDataset, root, TICKS, **options)) == 2
    assert len(build(ProposalDataset, root, TICKS, keep_unannotated=True, **options)) == 3
    assert len(build(ProposalDataset, root, TICKS, skip=["a b"], **options)) == 1


def test_actionness_items_are_proposals(root):
    pipeline = [dict(type="tsn_plugin.SampleActionnessFrames"), *TICKS[1:]]
    dataset = build(ActionnessDataset, root, pipeline, counts=(2, 0, 3))
    assert len(dataset) == 2 * 5
    items = [dataset[index] for index in range(10)]
    assert [int(item["data_samples"].gt_label) for item in items] == [1, 1, 0, 0, 0] * 2
    assert items[0]["inputs"].shape == (5, 3, 48, 64)
    assert len(build(ActionnessDataset, root, TICKS, test_mode=True)) == 2  # 8 ticks each, at every fifth frame


def test_videos_are_read_from_files_too(tmp_path, make_video):
    (tmp_path / "videos").mkdir()
    make_video(tmp_path / "videos" / "v.mp4", num_frames=40)
    (tmp_path / "list.txt").write_text(RECORD.format(0, "v.mp4", 40, INSTANCE))
    pipeline = [dict(type="tsn_plugin.DecordInit"), TICKS[0], dict(type="tsn_plugin.DecordDecode"), *TICKS[2:]]
    options = dict(data_root=str(tmp_path), data_prefix=dict(video="videos"), start_index=0)
    dataset = ProposalDataset("list.txt", pipeline, test_mode=True, **options)
    assert dataset[0]["inputs"].shape == (7, 3, 48, 64)


def test_wrong_lists_and_pipelines_are_named(root):
    with pytest.raises(ValueError, match="protocol='thumos' is unknown; known: thumos14, activitynet1.2"):
        build(ProposalDataset, root, TRAIN, protocol="thumos")
    with pytest.raises(ValueError, match="needs SampleProposalFrames and PackActionInputs"):
        build(ProposalDataset, root, [*TRAIN[:3], dict(type="tsn_plugin.PackActionInputs")], counts=(1, 2, 1))[0]
    with pytest.raises(TypeError, match="chunk"):
        build(ActionnessDataset, root, TRAIN, chunks=3)
    (root / "list.txt").write_text(RECORD.format(0, "c", 40, "0\n0\n"))
    with pytest.raises(ValueError, match="has no video with instances"):
        build(ProposalDataset, root, TRAIN)
    (root / "list.txt").write_text(RECORD.format(0, "c", 1, "1\n1 0.1000 0.2000\n0\n"))
    with pytest.raises(ValueError, match="the list is normalised"):
        build(ProposalDataset, root, TRAIN)


def test_a_missing_flow_file_is_named(root):
    (root / "rawframes" / "a b" / "flow_x_00025.jpg").unlink()
    dataset = build(
        ProposalDataset, root, TICKS, test_mode=True, modality="Flow", filename_tmpl="flow_{}_{:05d}.jpg", chunk_size=9
    )
    with pytest.raises(FileNotFoundError, match=r"flow_x_00025\.jpg does not exist"):
        dataset[0]


@pytest.mark.parametrize(("modality", "clip_len"), [("RGB", 1), ("Flow", 5)])
def test_a_video_of_one_frame_has_one_tick_and_one_proposal(root, make_frame_folder, modality, clip_len):
    for name in "ef":
        make_frame_folder(root / "rawframes" / name, num_frames=1)
    with (root / "list.txt").open("a") as file:
        file.write(RECORD.format(3, "e", 1, "1\n1 0 1\n1\n1 1.0000 1.0000 0 1\n"))
        file.write(RECORD.format(4, "f", 1, "1\n1 0 1\n0\n"))
    template = "img_{:05d}.jpg" if modality == "RGB" else "flow_{}_{:05d}.jpg"
    options = dict(modality=modality, filename_tmpl=template, clip_len=clip_len)
    ticks = [dict(type="tsn_plugin.SampleTicks", clip_len=clip_len), *TICKS[1:]]
    dataset = build(ProposalDataset, root, ticks, test_mode=True, chunk_size=100, **options)
    for item, proposals in ((dataset[2], [[0, 1]]), (dataset[3], [[0, 1]])):
        assert len(item["inputs"]) == item["data_samples"].metainfo["num_ticks"] == 1
        assert item["data_samples"].metainfo["proposal_intervals"].tolist() == proposals
    sampling = dict(type="tsn_plugin.SampleProposalFrames", clip_len=clip_len)
    dataset = build(ProposalDataset, root, [sampling, *TRAIN[1:]], counts=(1, 2, 1), **options)
    assert len(dataset[2]["inputs"]) == 4 * 9


def test_each_process_gets_whole_videos(root, monkeypatch):
    dataset = build(ProposalDataset, root, TICKS, test_mode=True, chunk_size=3, keep_unannotated=True)
    shares = []
    for rank in range(2):
        monkeypatch.setattr("tsn_plugin.datasets.samplers.get_dist_info", lambda rank=rank: (rank, 2))
        shares.append(list(WholeVideoSampler(dataset)))
    assert shares == [[0, 1, 2, 6, 7, 8], [3, 4, 5]]
    with pytest.raises(ValueError, match="keeps the order of the ticks"):
        WholeVideoSampler(dataset, shuffle=True)
