"""In which order and how often items are drawn."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sized

import numpy as np
import torch
from mmengine.dataset import DefaultSampler
from mmengine.dist import get_dist_info, sync_random_seed
from torch.utils.data import Sampler

from tsn_plugin.registry import DATA_SAMPLERS


class SeededIndex(int):
    """An index that brings the seed of the random numbers with which its item is to be drawn, cropped and flipped.

    Attributes:
        seed: in ``[0, 2 ** 32)``.
    """

    seed: int

    def __new__(cls, index: int, seed: int) -> SeededIndex:
        """``index`` with its ``seed``."""
        made = super().__new__(cls, index)
        made.seed = seed
        return made

    def __reduce__(self) -> tuple:
        return SeededIndex, (int(self), self.seed)


@DATA_SAMPLERS.register_module()
class SeededSampler(DefaultSampler):
    """MMEngine's ``DefaultSampler``, in which seed, epoch and index alone decide an item's random numbers.

    So a training is the same whether it was interrupted or not, and however many processes load its videos. (MMEngine
    seeds the loader's processes at their start: without ``persistent_workers`` every epoch has the same crops, and
    after a resumption others than without one.) It needs a data set of this package; others draw as usual.

    Args:
        dataset: to sample from.
        shuffle: whether the order is random.
        seed: the same in all processes; default: the run's, by :class:`~tsn_plugin.engine.EpochSeedHook`.
        round_up: whether the processes' shares are filled up to equal length.
    """

    def __init__(self, dataset: Sized, *, shuffle: bool = True, seed: int | None = None, round_up: bool = True) -> None:
        super().__init__(dataset, shuffle=shuffle, seed=seed, round_up=round_up)
        self._follows = seed is None

    def follow_seed(self, seed: int) -> None:
        """Take the run's seed, unless there is one of its own."""
        if self._follows:
            self.seed = seed

    def __iter__(self) -> Iterator[SeededIndex]:
        for index in super().__iter__():
            yield SeededIndex(index, int(np.random.SeedSequence((self.seed, self.epoch, index)).generate_state(1)[0]))


@DATA_SAMPLERS.register_module()
class ClassFrequencySampler(Sampler):
    """Draws classes in proportion to a power of their frequency, then a sample of the class; with replacement.

    ``power=1`` draws like a uniform choice of samples, ``power=0`` all classes equally often. MMAction2 0.x's
    ``sample_by_class``, which 1.x dropped. An epoch draws as many samples as the data set has, divided among the
    processes.

    Args:
        dataset: its records have an integer ``label``.
        power: of the class's frequency.
        seed: the same in all processes; default a common random one.

    Raises:
        ValueError: if a sample has several labels or none.
    """

    def __init__(self, dataset: Sized, *, power: float = 0.5, seed: int | None = None) -> None:
        self.rank, self.world_size = get_dist_info()
        self.seed = sync_random_seed() if seed is None else seed
        self.epoch = 0
        labels = _single_labels(dataset)
        counts = torch.bincount(labels)
        # each of the n samples of a class gets 1/n of the class's share, n^power
        self.weights = counts.double().pow(power - 1)[labels]
        self.num_samples = math.ceil(len(labels) / self.world_size)

    def __iter__(self) -> Iterator[int]:
        generator = torch.Generator().manual_seed(self.seed + self.epoch)
        drawn = torch.multinomial(self.weights, self.num_samples * self.world_size, True, generator=generator)
        return iter(drawn[self.rank :: self.world_size].tolist())

    def __len__(self) -> int:
        return self.num_samples

    def set_epoch(self, epoch: int) -> None:
        """Let another epoch draw other samples."""
        self.epoch = epoch


@DATA_SAMPLERS.register_module()
class WholeVideoSampler(Sampler):
    """Gives each process whole videos of a data set whose items are parts of videos, in order and none twice.

    Videos go to the process that has the fewest items so far, so that the shares are about equal.

    Args:
        dataset: with ``video_of_item``, such as :class:`~tsn_plugin.datasets.proposals.ProposalDataset`.
        shuffle: not possible; taken since MMEngine's configs name it.
        seed: without effect.

    Raises:
        ValueError: for ``shuffle=True``.
    """

    def __init__(self, dataset: Sized, *, shuffle: bool = False, seed: int | None = None) -> None:
        if shuffle:
            raise ValueError("WholeVideoSampler keeps the order of the ticks: shuffle=False")
        rank, world_size = get_dist_info()
        videos: dict[int, list[int]] = {}
        for index in range(len(dataset)):
            videos.setdefault(dataset.video_of_item(index), []).append(index)
        shares: list[list[int]] = [[] for _ in range(world_size)]
        for items in videos.values():
            min(shares, key=len).extend(items)
        self._items = shares[rank]

    def __iter__(self) -> Iterator[int]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)


def _single_labels(dataset: Sized) -> torch.Tensor:
    """The label of each sample, ``(N,)``.

    Raises:
        ValueError: if a sample has several labels or none.
    """
    if hasattr(dataset, "all_labels"):
        labels = dataset.all_labels()
    else:  # a wrapper, or a data set of another package
        labels = [dataset.get_data_info(index)["label"] for index in range(len(dataset))]
    is_array = isinstance(labels, np.ndarray)
    if (is_array and (labels < 0).any()) or (
        not is_array and any(not isinstance(label, int) or label < 0 for label in labels)
    ):
        raise ValueError("ClassFrequencySampler needs one label per sample: multi_class lists have none of their own")
    return torch.as_tensor(labels, dtype=torch.int64)
