"""Labels beyond the classes of the model are told before the first batch."""

from types import SimpleNamespace

import pytest
import torch
from mmengine.dataset import ConcatDataset, RepeatDataset

from tsn_plugin.datasets import ActionnessDataset, ProposalDataset, RawframeDataset, VideoDataset
from tsn_plugin.engine.hooks import LabelRangeHook
from tsn_plugin.proposals.proposal_files import read_proposals


@pytest.fixture
def make_list(tmp_path):
    def write(content):
        (tmp_path / "list.txt").write_text(content)
        return dict(ann_file=str(tmp_path / "list.txt"), pipeline=[])

    return write


def loader(dataset):
    return SimpleNamespace(dataset=dataset)


def runner(train, *, num_classes=3, val=None, sources=(), test=None):
    return SimpleNamespace(
        model=SimpleNamespace(cls_head=SimpleNamespace(num_classes=num_classes)),
        train_dataloader=loader(train),
        train_loop=SimpleNamespace(sources=[SimpleNamespace(loader=loader(source)) for source in sources]),
        val_loop=val and SimpleNamespace(dataloader=loader(val)),
        val_dataloader=loader(val),
        test_dataloader=loader(test),
    )


def test_a_label_beyond_the_classes_is_told_with_its_line(make_list):
    wrong = VideoDataset(**make_list("a.mp4 0\n\nb.mp4 2\nc d.mp4 3\ne.mp4 7\n"))
    message = (
        r"list\.txt, line 4: c d\.mp4 has the label 3, and the model has 3 classes, 0 to 2: mend the list, or set "
        r"model\.cls_head\.num_classes \(1 more lines like it\)"
    )
    good = VideoDataset(**make_list("a.mp4 0\nb.mp4 2\n"))
    hook = LabelRangeHook()
    hook.before_train(runner(good, val=good, sources=[good]))
    for wrapped in (wrong, RepeatDataset(wrong, 2), ConcatDataset([good, wrong])):
        with pytest.raises(ValueError, match=message):
            hook.before_train(runner(wrapped))
    for options in (dict(val=wrong), dict(sources=[good, wrong])):
        with pytest.raises(ValueError, match=message):
            hook.before_train(runner(good, **options))
    with pytest.raises(ValueError, match=message):
        hook.before_val(runner(None, val=wrong))
    with pytest.raises(ValueError, match=message):
        hook.before_test(runner(None, test=wrong))
    hook.before_train(runner(wrong, num_classes=8))


def test_training_and_validation_need_labels_and_a_test_none(make_list):
    unlabelled = VideoDataset(**make_list("a.mp4 0\nb.mp4 1.5\n"))
    hook = LabelRangeHook()
    hook.before_test(runner(None, test=unlabelled))
    for options in (dict(train=unlabelled), dict(train=None, val=unlabelled)):
        with pytest.raises(ValueError, match=r"line 2: b\.mp4 1\.5 has no label: write a class's number behind it"):
            hook.before_train(runner(**options))


def test_records_that_mmengine_keeps_are_looked_at_too(make_list):
    dataset = RawframeDataset(**make_list("a 9 0\nb 9 5\n"), serialize_data=False)
    with pytest.raises(ValueError, match=r"list\.txt: b has the label 5, and the model has 3 classes"):
        LabelRangeHook().before_train(runner(dataset))


def test_several_labels_are_looked_at_when_the_list_is_read(make_list):
    options = make_list("a.mp4 0 2\nb.mp4 1 3\n")
    with pytest.raises(ValueError, match=r"line 2: b\.mp4 1 3 has the label 3, and labels are 0 to 2 \(num_classes\)"):
        VideoDataset(**options, multi_class=True, num_classes=3)
    dataset = VideoDataset(**options, multi_class=True, num_classes=4)
    LabelRangeHook().before_train(runner(dataset, num_classes=4))
    with pytest.raises(ValueError, match=r"num_classes=4 of the data set .*list\.txt is not the model's 3: set both"):
        LabelRangeHook().before_train(runner(dataset))


def test_classes_of_proposal_lists_count_from_1(make_list):
    content = "# 0\nv\n100\n1\n1\n{} 10 50\n3\n{} 0.9 0.9 10 50\n0 0 1 60 99\n{} 0.4 0.9 10 20\n"
    for number in (3, 4):
        options = make_list(content.replace("{}", str(number)))
        assert read_proposals(options["ann_file"])[0].instance_labels.tolist() == [number]
        dataset = ProposalDataset(**options, counts=(1, 0, 0))
        LabelRangeHook().before_train(runner(ActionnessDataset(**options, counts=(1, 0, 0)), num_classes=2))
        if number == 3:
            LabelRangeHook().before_train(runner(dataset))
    with pytest.raises(ValueError, match=r"list\.txt: v has the class 4, and the model has 3, 1 to 3: mend the list"):
        LabelRangeHook().before_train(runner(dataset))


def test_other_models_and_data_sets_are_left_alone():
    hook = LabelRangeHook()
    hook.before_train(runner([1, 2]))
    without_head = runner([1])
    without_head.model = torch.nn.Identity()
    hook.before_train(without_head)
