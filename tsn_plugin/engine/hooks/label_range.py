"""Compares the labels of whole lists with the classes of the model, before the first batch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper

from tsn_plugin.registry import HOOKS


@HOOKS.register_module()
class LabelRangeHook(Hook):
    """Raises for a list with a label beyond the classes of the model's head, with the place in the list.

    Without it such a label stops a training in the first batch that has it, by an ``IndexError`` that names nothing, or
    on a GPU by an assertion of the device. In training and validation each video needs a label, in a test it need
    not have one. Data sets of other packages are not looked at.
    """

    priority = "VERY_HIGH"

    def before_train(self, runner: Any) -> None:
        """Look at the lists to train and to validate on.

        Raises:
            ValueError: for a wrong label, or none.
        """
        further = [source.loader for source in getattr(runner.train_loop, "sources", ())]
        for loader in (runner.train_dataloader, *further, getattr(runner.val_loop, "dataloader", None)):
            _check(runner.model, loader, labelled=True)

    def before_val(self, runner: Any) -> None:
        """Look at the list to validate on, if nothing is trained.

        Raises:
            ValueError: for a wrong label, or none.
        """
        _check(runner.model, runner.val_dataloader, labelled=True)

    def before_test(self, runner: Any) -> None:
        """Look at the list to test on.

        Raises:
            ValueError: for a wrong label.
        """
        _check(runner.model, runner.test_dataloader, labelled=False)


def _check(model: Any, loader: Any, *, labelled: bool) -> None:
    model = model.module if is_model_wrapper(model) else model
    num_classes = getattr(getattr(model, "cls_head", None), "num_classes", None)
    for dataset in _data_sets(getattr(loader, "dataset", None)):
        check = getattr(dataset, "check_labels", None)
        if check is not None and num_classes is not None:
            check(num_classes, labelled=labelled)


def _data_sets(dataset: Any) -> Iterator[Any]:
    """The data sets inside wrappers such as ``RepeatDataset`` and ``ConcatDataset``."""
    inner = [*getattr(dataset, "datasets", ()), *filter(None, [getattr(dataset, "dataset", None)])]
    for each in inner:
        yield from _data_sets(each)
    if not inner:
        yield dataset
