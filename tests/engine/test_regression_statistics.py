from types import SimpleNamespace

import numpy as np

from tsn_plugin.engine.hooks import RegressionStatisticsHook
from tsn_plugin.models.heads import SSNHead
from tsn_plugin.proposals.pools import RegressionStatistics


def runner(head):
    def statistics():
        return RegressionStatistics(np.array([0.1, 0.2]), np.array([0.3, 0.4]))

    return SimpleNamespace(
        model=SimpleNamespace(cls_head=head),
        train_dataloader=SimpleNamespace(dataset=SimpleNamespace(regression_statistics=statistics)),
    )


def test_the_head_gets_the_lists_statistics():
    head = SSNHead(2, 3)
    RegressionStatisticsHook().before_train(runner(head))
    assert head.state_dict()["regression_mean"].tolist() == [0.1, 0.2]
    assert head.regression_std.tolist() == [0.3, 0.4]


def test_a_head_without_regression_needs_none():
    head = SSNHead(2, 3, with_regression=False)
    RegressionStatisticsHook().before_train(runner(head))
    assert head.regression_std.tolist() == [1, 1]
