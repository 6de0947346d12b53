from collections import Counter

import pytest

from tsn_plugin.datasets import ClassFrequencySampler


class Labels:
    def __init__(self, labels):
        self.labels = labels

    def __len__(self):
        return len(self.labels)

    def get_data_info(self, index):
        return {"label": self.labels[index]}


UNEVEN = Labels([0] * 16 + [1] * 4)


@pytest.mark.parametrize(("power", "share"), [(1, 16 / 20), (0, 1 / 2), (0.5, 4 / (4 + 2))])  # 16^p / (16^p + 4^p)
def test_share_of_the_larger_class(power, share):
    sampler = ClassFrequencySampler(UNEVEN, power=power, seed=0)
    drawn = Counter()
    for epoch in range(400):
        sampler.set_epoch(epoch)
        drawn.update(index < 16 for index in sampler)
    assert drawn[True] / sum(drawn.values()) == pytest.approx(share, abs=0.02)
    assert len(sampler) == sum(drawn.values()) / 400 == 20


def test_epochs_differ_and_seeds_repeat():
    first, second = ClassFrequencySampler(UNEVEN, seed=1), ClassFrequencySampler(UNEVEN, seed=1)
    assert list(first) == list(second)
    second.set_epoch(1)
    assert list(first) != list(second)


def test_processes_share_an_epoch(monkeypatch):
    whole = list(ClassFrequencySampler(UNEVEN, seed=1))
    parts = []
    for rank in range(2):
        monkeypatch.setattr("tsn_plugin.datasets.samplers.get_dist_info", lambda rank=rank: (rank, 2))
        parts.append(list(ClassFrequencySampler(UNEVEN, seed=1)))
    assert [index for pair in zip(*parts) for index in pair] == whole


def test_several_labels_are_refused():
    with pytest.raises(ValueError, match="needs one label per sample"):
        ClassFrequencySampler(Labels([[0, 1], [1]]))
