"""What SafeCheckpointHook writes, and that resuming gives the history back."""

import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer, MessageHub

from tsn_plugin.engine.hooks.safe_checkpoint import SafeCheckpointHook


def hub_state():
    return {
        "log_scalars": {"train/loss": HistoryBuffer([3.0, 1.0], [1, 2])},
        "runtime_info": {"best_score": np.float32(0.5), "sizes": [np.int64(2)], "cfg": "text"},
        "resumed_keys": {"train/loss": True, "best_score": True},
    }


@pytest.fixture
def saved(tmp_path):
    checkpoint = {"message_hub": hub_state(), "state_dict": {}}
    SafeCheckpointHook().before_save_checkpoint(None, checkpoint)
    torch.save(checkpoint, tmp_path / "epoch_1.pth")
    return tmp_path / "epoch_1.pth"


def test_the_file_holds_tensors_and_plain_values_only(saved):
    with torch.serialization.safe_globals([]):
        before = torch.serialization.get_safe_globals()
        torch.serialization.clear_safe_globals()
        try:
            assert torch.serialization.get_unsafe_globals_in_checkpoint(saved) == []
            loaded = torch.load(saved, weights_only=True)
        finally:
            torch.serialization.add_safe_globals(before)
    assert loaded["message_hub"]["runtime_info"] == {"best_score": 0.5, "sizes": [2], "cfg": "text"}


def test_resuming_with_the_hook_continues_the_history(saved):
    loaded = torch.load(saved, weights_only=True)
    SafeCheckpointHook().after_load_checkpoint(None, loaded)
    hub = MessageHub.get_instance("with_hook")
    hub.load_state_dict(loaded["message_hub"])
    assert hub.get_scalar("train/loss").mean() == pytest.approx(4 / 3)  # sum of 3 and 1 over 3 counts
    assert hub.get_info("best_score") == 0.5


def test_stock_mmengine_resumes_without_the_hook(saved):
    hub = MessageHub.get_instance("without_hook")
    hub.load_state_dict(torch.load(saved, weights_only=True)["message_hub"])
    assert hub.get_info("cfg") == "text"
    assert not hub.log_scalars


def test_a_checkpoint_without_message_hub_passes():
    checkpoint = {"state_dict": {}}
    SafeCheckpointHook().before_save_checkpoint(None, checkpoint)
    SafeCheckpointHook().after_load_checkpoint(None, checkpoint)
    assert checkpoint == {"state_dict": {}}
