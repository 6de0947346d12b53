"""Joint training on sources of different sizes, by the number of steps and by what is logged."""

import copy
import json

import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.model import BaseModel
from mmengine.registry import init_default_scope
from mmengine.runner import Runner
from torch.utils.data import Dataset

from tsn_plugin.bundle import find_config
from tsn_plugin.registry import DATASETS, MODELS

SEEN = []


class Numbers(Dataset):
    def __init__(self, start, count):
        self.values = list(range(start, start + count))
        self.metainfo = {}

    def __len__(self):
        return len(self.values)

    def __getitem__(self, index):
        return dict(inputs=torch.tensor([float(self.values[index])]))


class Slope(BaseModel):
    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))

    def forward(self, inputs, mode):
        SEEN.append([int(value) for value in inputs])
        return {"loss": (self.weight * torch.stack(list(inputs))).mean()}


def loader(dataset, batch_size, shuffle=False, drop_last=False):
    sampler = dict(type="DefaultSampler", shuffle=shuffle)
    return dict(batch_size=batch_size, num_workers=0, sampler=sampler, dataset=dataset, drop_last=drop_last)


def train(tmp_path, *, auxiliary, every=1, epochs=2, **keywords):
    init_default_scope("mmaction")
    SEEN.clear()
    settings = dict(
        model=Slope(),
        work_dir=str(tmp_path),
        train_dataloader=loader(Numbers(0, 4), 1),
        train_cfg=dict(type="tsn_plugin.JointTrainLoop", auxiliary=auxiliary, every=every, max_epochs=epochs),
        optim_wrapper=dict(optimizer=dict(type="SGD", lr=0.1)),
        param_scheduler=dict(type="MultiStepLR", by_epoch=False, milestones=[3, 6], gamma=0.1),
        default_hooks=dict(logger=None),
        default_scope="mmaction",
        experiment_name=f"joint_{tmp_path.name}",
        randomness=dict(seed=0),
    )
    runner = Runner(**{**settings, **keywords})
    runner.train()
    return runner


def source(name, start, count, batch_size=1, shuffle=False, **more):
    return dict(name=name, dataloader=loader(Numbers(start, count), batch_size, shuffle), **more)


def test_each_source_has_steps_of_its_own(tmp_path):
    runner = train(tmp_path, auxiliary=[source("web", 100, 4, 2), source("raw", 200, 2)], epochs=1)
    # a batch of two images, then one of raw videos, which begin anew after two
    assert SEEN == [
        [0], [100, 101], [200],
        [1], [102, 103], [201],
        [2], [100, 101], [200],
        [3], [102, 103], [201],
    ]  # fmt: skip
    assert (runner.iter, runner.epoch) == (4, 1)
    history = runner.message_hub.log_scalars
    assert len(history["train/loss"].data[0]) == len(history["train/web/loss"].data[0]) == 4


def test_the_main_source_may_have_more_steps_than_the_others(tmp_path):
    auxiliary = [source("web", 100, 4, batches=2)]
    runner = train(tmp_path, auxiliary=auxiliary, every=2, epochs=1)
    assert SEEN == [[0], [1], [100], [101], [2], [3], [102], [103]]
    assert runner.optim_wrapper.get_lr()["lr"] == [pytest.approx(0.01)]  # after 4 iterations, not 8 steps


def test_steps_of_one_iteration_have_one_learning_rate(tmp_path):
    runner = train(
        tmp_path,
        auxiliary=[source("web", 10, 2, 2)],
        param_scheduler=dict(type="MultiStepLR", by_epoch=False, milestones=[2], gamma=0.1),
        epochs=1,
    )
    # the slope is the mean of a batch: 0 to 3 of the clips, 10.5 of the others
    expected = -0.1 * (0 + 10.5 + 1 + 10.5) - 0.01 * (2 + 10.5 + 3 + 10.5)
    assert runner.model.weight.item() == pytest.approx(expected)


@pytest.mark.parametrize(
    ("epochs", "every", "expected"),
    [
        (1, 1, [(0, 10.5), (1, 10.5), (2, 10.5), (3, 10.5)]),
        (1, 2, [(0, 1), (10.5, 2), (3, 10.5)]),
        (2, 4, [(0, 1), (2, 3), (10.5, 0), (1, 2), (3, 10.5)]),
        (2, 8, [(0, 1), (2, 3), (0, 1), (2, 3), (10.5,)]),  # what is left over is an update of its own
    ],
)
def test_accumulated_gradients_count_the_steps_of_all_sources(tmp_path, epochs, every, expected):
    updates = []

    class Spy(Slope):
        def train_step(self, data, optim_wrapper):
            before = self.weight.item()
            losses = super().train_step(data, optim_wrapper)
            if self.weight.item() != before:
                updates.append(before - self.weight.item())
            return losses

    train(
        tmp_path,
        auxiliary=[source("web", 10, 2, 2)],
        every=every,
        epochs=epochs,
        model=Spy(),
        optim_wrapper=dict(accumulative_counts=2, optimizer=dict(type="SGD", lr=1.0)),
        param_scheduler=None,
    )
    assert updates == pytest.approx([sum(means) / len(means) for means in expected], abs=1e-4)


def test_the_log_names_the_sources(tmp_path):
    logger = dict(logger=dict(type="LoggerHook", interval=2))
    runner = train(tmp_path, auxiliary=[source("web", 100, 4, 2)], epochs=1, default_hooks=logger)
    lines = [json.loads(line) for line in next(tmp_path.rglob("scalars.json")).read_text().splitlines()]
    weights = [0, -0.1 * 0, -0.1 * 100.5, -0.1 * (100.5 + 1)]  # before each of the first four steps
    assert [line["step"] for line in lines] == [2, 4]
    assert lines[0]["loss"] == pytest.approx((weights[0] * 0 + weights[2] * 1) / 2)
    assert lines[0]["web/loss"] == pytest.approx((weights[1] * 100.5 + weights[3] * 102.5) / 2)
    history = runner.message_hub.log_scalars
    assert len(history["train/data_time"].data[0]) == len(history["train/time"].data[0]) == 4


def test_every_pass_has_an_order_of_its_own(tmp_path):
    train(tmp_path, auxiliary=[source("web", 100, 4, shuffle=True, batches=2)], epochs=2)
    drawn = [batch[0] for batch in SEEN if batch[0] >= 100]
    passes = [drawn[start : start + 4] for start in range(0, 16, 4)]
    assert all(sorted(one) == [100, 101, 102, 103] for one in passes)
    assert len({tuple(one) for one in passes}) > 1


def test_resume_goes_on_with_the_next_epoch(tmp_path):
    auxiliary = [source("web", 100, 4, shuffle=True)]
    train(tmp_path / "whole", auxiliary=copy.deepcopy(auxiliary), epochs=2)
    second_epoch = SEEN[8:]
    train(tmp_path / "part", auxiliary=copy.deepcopy(auxiliary), epochs=1)
    train(tmp_path / "part", auxiliary=copy.deepcopy(auxiliary), epochs=2, resume=True)
    assert second_epoch == SEEN


def train_on_two_sources(folder, rank):
    """Two epochs in one of two processes; keeps what it saw, step after step, and the weight in the end."""
    SEEN.clear()
    web = dict(name="web", dataloader=loader(Numbers(100, 8), 2, shuffle=True))
    runner = Runner(
        model=Slope(),
        work_dir=str(folder / "work"),
        train_dataloader=loader(Numbers(0, 6), 1, shuffle=True),
        train_cfg=dict(type="tsn_plugin.JointTrainLoop", auxiliary=[web], max_epochs=2),
        optim_wrapper=dict(optimizer=dict(type="SGD", lr=0.1)),
        default_hooks=dict(logger=None, checkpoint=None),
        default_scope="mmaction",
        launcher="pytorch",
        cfg=dict(model_wrapper_cfg=dict(type="MMDistributedDataParallel", device_ids=None)),  # on CPUs
        randomness=dict(seed=0),
        log_level="ERROR",
    )
    runner.train()
    torch.save(dict(seen=SEEN, weight=runner.model.module.weight.item()), folder / f"rank{rank}.pth")


def test_two_processes_share_every_source(ranks, tmp_path):
    for process in ranks(2, lambda rank: train_on_two_sources(tmp_path, rank)):
        assert process.end() == 0, process.output()
    first, second = (torch.load(tmp_path / f"rank{rank}.pth") for rank in range(2))
    steps = [*zip(first["seen"], second["seen"])]
    # in an epoch 6 clips one by one, which is 3 steps; of the 8 others 2 at a time, which is a pass and a half
    assert [(len(one), len(other)) for one, other in steps] == [(1, 1), (2, 2)] * 6
    epochs = [steps[:6], steps[6:]]
    for epoch in epochs:
        assert sorted(number for step in epoch[::2] for share in step for number in share) == [*range(6)]
        assert {number for step in epoch[1:4:2] for share in step for number in share} == {*range(100, 108)}
    assert epochs[0] != epochs[1]
    means = [torch.tensor([*one, *other], dtype=torch.float32).mean() for one, other in steps]
    assert first["weight"] == second["weight"] == pytest.approx(-0.1 * float(sum(means)), rel=1e-5)


@pytest.mark.parametrize(
    ("auxiliary", "every", "message"),
    [
        ([source("web", 0, 2)] * 2, 1, "need different names, got web, web"),
        ([source("web", 0, 2, batches=0)], 1, "batches=0 of source 'web' must be positive"),
        ([source("web", 0, 2)], 0, "every=0 must be positive"),
        ([dict(name="web", dataloader=loader(Numbers(0, 1), 2, drop_last=True))], 1, "source 'web' has no batch"),
    ],
)
def test_errors_name_the_source(tmp_path, auxiliary, every, message):
    with pytest.raises(ValueError, match=message):
        train(tmp_path, auxiliary=auxiliary, every=every)


def test_clips_images_and_raw_videos_train_a_tsn(tmp_path, make_video, make_frame_folder):
    """The sources of the OmniSource config, small: videos of 2 snippets, images, uncut videos."""
    config = Config.fromfile(find_config("tsn_r50_1x1x8_100e_minikinetics_omnisource_rgb"))
    init_default_scope("mmaction")
    make_video(tmp_path / "clip.mp4", num_frames=12, size=(80, 60))
    (tmp_path / "uncut").mkdir()
    make_video(tmp_path / "uncut" / "part_3.mp4", num_frames=12, size=(80, 60))
    make_frame_folder(tmp_path / "images", num_frames=1)
    (tmp_path / "images.txt").write_text("images/img_00001.jpg 1\n")
    (tmp_path / "clips.txt").write_text("clip.mp4 1\n")
    uncut = dict(video_dir="uncut", label=0, num_clips=9, positive_clip_inds=[3])
    (tmp_path / "uncut.json").write_text(json.dumps([uncut]))
    lists = {"web_images": "images.txt", "web_videos": "clips.txt", "uncut_videos": "uncut.json"}
    config.model.backbone.update(depth=18, init_cfg=None)
    config.model.cls_head.in_channels = 512
    model = MODELS.build(config.model)
    shapes = {}
    for part in config.train_cfg.auxiliary:
        data = part.dataloader.dataset
        data.update(data_root=str(tmp_path), ann_file=lists[part.name], data_prefix=dict(video=""))
        batch = pseudo_collate([DATASETS.build(data)[0]])
        shapes[part.name] = tuple(batch["inputs"][0].shape)
        losses = model(**model.data_preprocessor(batch, training=True), mode="loss")
        assert torch.isfinite(losses["loss_cls"])
    clip = (8, 3, 224, 224)
    assert shapes == {"web_images": (1, 3, 224, 224), "web_videos": clip, "uncut_videos": clip}
