import cv2
import numpy as np
import pytest
import torch
from torch._dynamo.exc import TorchDynamoException

from tsn_plugin.ops import tvl1
from tsn_plugin.ops.device_flow import RAFT, TensorTVL1
from tsn_plugin.ops.optical_flow import make_flow_method
from tsn_plugin.ops.tvl1 import TVL1Parameters, dual_tvl1

SHORT = TVL1Parameters(scales_number=2, warpings_number=1, outer_iterations=1)
FRAMES = np.random.default_rng(0).integers(0, 256, (4, 40, 50, 3), np.uint8)


@pytest.fixture(scope="module")
def raft_weights(tmp_path_factory):
    from torchvision.models.optical_flow import raft_large

    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("raft") / "raft.pth"
    torch.save(raft_large(weights=None).state_dict(), path)
    return str(path)


def test_tvl1_of_a_batch_of_frames_on_a_device():
    method = TensorTVL1("cpu", parameters=SHORT, batch_size=3)
    prepared = [method.prepare(frame) for frame in FRAMES]
    flows = method.flows(list(zip(prepared, prepared[1:])))
    grey = torch.from_numpy(np.stack([cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in FRAMES]))
    expected = dual_tvl1(grey[:-1], grey[1:], SHORT).permute(0, 2, 3, 1)
    assert (method.batch_size, len(flows), flows[0].dtype) == (3, 3, np.float32)
    np.testing.assert_array_equal(np.stack(flows), expected)


def test_without_a_compiler_it_runs_uncompiled_and_says_so(monkeypatch, caplog):
    def refuse(function, **options):
        def fail(*arguments):
            raise TorchDynamoException("no compiler")

        return fail

    tvl1._compiled.cache_clear()
    monkeypatch.setattr(torch, "compile", refuse)
    method = TensorTVL1("cpu", parameters=SHORT)
    method.compiled = True  # as it is on CUDA
    pair = tuple(method.prepare(frame) for frame in FRAMES[:2])
    (flow,) = method.flows([pair])
    np.testing.assert_array_equal(flow, TensorTVL1("cpu", parameters=SHORT, compiled=False).flows([pair])[0])
    assert "runs uncompiled, which is slower: no compiler" in caplog.text
    with pytest.raises(TorchDynamoException):
        TensorTVL1("cpu", parameters=SHORT, compiled=True).flows([pair])
    tvl1._compiled.cache_clear()


def test_a_device_other_than_the_cpu_gets_the_tensor_form():
    assert isinstance(make_flow_method("tvl1", device="meta"), TensorTVL1)


def test_an_unusable_device_is_named():
    with pytest.raises(ValueError, match="device='nowhere' cannot be used here .* leave it out"):
        make_flow_method("tvl1", device="nowhere")


def test_raft_pads_small_and_odd_frames(raft_weights):
    """Equal to the network on a frame that was padded by hand, for the pixels that are no padding."""
    method = make_flow_method("raft", weights=raft_weights)
    assert isinstance(method, RAFT)
    prepared = [method.prepare(frame) for frame in FRAMES[:2]]
    assert prepared[0].min() == -1
    assert prepared[0].max() == 1
    (flow,) = method.flows([tuple(prepared)])
    padded = [cv2.copyMakeBorder(frame, 0, 88, 0, 78, cv2.BORDER_REPLICATE) for frame in FRAMES[:2]]
    images = [torch.from_numpy(image).permute(2, 0, 1)[None].float() / 127.5 - 1 for image in padded]
    with torch.inference_mode():
        expected = method.network(*images)[-1][0, :, :40, :50]
    assert flow.shape == (40, 50, 2)
    np.testing.assert_allclose(flow, expected.permute(1, 2, 0), rtol=0, atol=1e-4)


def test_weights_of_another_network_are_refused(tmp_path):
    torch.save({"conv.weight": torch.zeros(1)}, tmp_path / "other.pth")
    with pytest.raises(ValueError, match=r"other\.pth' is no state dict of torchvision's raft_large"):
        make_flow_method("raft", weights=str(tmp_path / "other.pth"))
