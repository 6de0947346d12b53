import pickle
import random

import numpy as np
import pytest
import torch
from mmengine.dataset import pseudo_collate
from torch.utils.data import DataLoader

from tsn_plugin.datasets import SeededSampler, VideoDataset
from tsn_plugin.datasets.samplers import SeededIndex
from tsn_plugin.readers import VideoReadError, open_video


class OpenAndDraw:
    """Opens the file, and draws a random number of each kind."""

    def __call__(self, results):
        if "damaged" in results["filename"]:
            raise VideoReadError(f"{results['filename']} is damaged")
        drawn = [random.random(), np.random.rand(), torch.rand(1).item()]
        return dict(inputs=torch.tensor([results["label"], *drawn], dtype=torch.float64))


def dataset_of(tmp_path, damaged, count=100, **options):
    names = [f"{'damaged' if number in damaged else 'clip'}_{number}.mp4 {number}" for number in range(count)]
    (tmp_path / "list.txt").write_text("\n".join(names))
    return VideoDataset(str(tmp_path / "list.txt"), [OpenAndDraw()], **options)


def labels(items):
    return [int(item["inputs"][0]) for item in items]


def test_unreadable_videos_are_named_and_others_take_their_place(tmp_path, caplog):
    dataset = dataset_of(tmp_path, {3, 7}, max_unreadable_share=0.02)
    drawn = labels(dataset[index] for index in [*range(10), 3])
    assert [drawn[index] for index in (0, 1, 2, 4, 5, 6, 8, 9)] == [0, 1, 2, 4, 5, 6, 8, 9]
    assert not {drawn[3], drawn[7], drawn[10]} & {3, 7}


@pytest.mark.parametrize("workers", [0, 2])
def test_more_than_the_share_ends_training(tmp_path, workers):
    dataset = dataset_of(tmp_path, {3, 50, 97}, max_unreadable_share=0.02)
    loader = DataLoader(dataset, batch_size=4, num_workers=workers, collate_fn=pseudo_collate)
    with pytest.raises(RuntimeError, match=r"3 of 100 videos cannot be read.*0\.02.*damaged_3\.mp4.*check_dataset"):
        for _ in (iterator := iter(loader)):
            pass
    if workers:
        iterator._shutdown_workers()  # left to the garbage collector it takes ten seconds


def test_one_is_too_many_with_a_share_of_nothing(tmp_path):
    dataset = dataset_of(tmp_path, {3}, max_unreadable_share=0)
    with pytest.raises(RuntimeError, match="1 of 100 videos cannot be read"):
        dataset[3]


def test_in_testing_no_video_is_dropped(tmp_path):
    dataset = dataset_of(tmp_path, {3}, max_unreadable_share=1.0, test_mode=True)
    assert labels([dataset[2]]) == [2]
    with pytest.raises(VideoReadError, match=r"damaged_3\.mp4 is damaged"):
        dataset[3]


def test_errors_of_the_pipeline_are_not_hidden(tmp_path):
    dataset = dataset_of(tmp_path, set())
    dataset.pipeline = lambda results: results["a key that is missing"]
    with pytest.raises(KeyError):
        dataset[0]


def drawn_by(dataset, *, workers, epochs, seed=5, first=0, persistent=False):
    """Items of each epoch, sorted."""
    sampler = SeededSampler(dataset, seed=seed)
    loader = DataLoader(
        dataset, 4, sampler=sampler, num_workers=workers, collate_fn=pseudo_collate, persistent_workers=persistent
    )
    items = []
    for epoch in range(first, epochs):
        sampler.set_epoch(epoch)
        items.append([tuple(item.tolist()) for batch in loader for item in batch["inputs"]])
    return items


def test_random_numbers_depend_on_seed_epoch_and_index_alone(tmp_path):
    dataset = dataset_of(tmp_path, set(), count=12)
    here = drawn_by(dataset, workers=0, epochs=3)
    assert here == drawn_by(dataset, workers=2, epochs=3) == drawn_by(dataset, workers=1, epochs=3, persistent=True)
    assert here[1:] == drawn_by(dataset, workers=2, epochs=3, first=1)  # as after a resumption
    assert here != drawn_by(dataset, workers=0, epochs=3, seed=6)
    assert len({item[1:] for epoch in here for item in epoch}) == 36  # no two draw the same
    assert [item[0] for item in here[0]] != [item[0] for item in here[1]]


def test_an_index_keeps_its_seed_between_processes():
    index = pickle.loads(pickle.dumps(SeededIndex(3, 7)))
    assert (index, index.seed, index + 1) == (3, 7, 4)


def test_a_sampler_follows_the_seed_of_the_run_unless_it_has_one():
    samplers = [SeededSampler(range(4)), SeededSampler(range(4), seed=3)]
    for sampler in samplers:
        sampler.follow_seed(11)
    assert [sampler.seed for sampler in samplers] == [11, 3]


def test_a_missing_file_is_an_unreadable_video(tmp_path):
    with pytest.raises(OSError, match="does not exist"):
        open_video(tmp_path / "gone.mp4")


def test_other_random_numbers_of_the_process_are_left_alone(tmp_path):
    dataset = dataset_of(tmp_path, set(), count=4)
    seen = []
    for index in (1, SeededIndex(1, 5)):
        torch.manual_seed(0), np.random.seed(0), random.seed(0)
        dataset[index if isinstance(index, SeededIndex) else SeededIndex(index, 6)]
        seen.append((random.random(), np.random.rand(), torch.rand(1).item()))
    assert seen[0] == seen[1]
