from pathlib import Path

import numpy as np
import pytest
import torch

from tsn_plugin.ops.rgbdiff import frame_differences

GOLDEN = np.load(Path(__file__).parents[1] / "data/golden/case06_rgbdiff.npz")


def test_differences_equal_the_original():
    # 2 videos of 3 snippets of 3 RGB frames, hence 2 differences each
    snippets = torch.from_numpy(GOLDEN["inp"]).view(2, 3, 9, 4, 5)
    differences = frame_differences(snippets).view(2, 3, 2, 3, 4, 5)
    np.testing.assert_allclose(differences.numpy(), GOLDEN["diff"], atol=1e-6)


def test_uint8_frames_give_signed_differences():
    frames = torch.tensor([0, 255], dtype=torch.uint8).view(2, 1, 1)
    assert frame_differences(frames, channels_per_frame=1).flatten().tolist() == [255.0]
    assert frame_differences(frames.flip(0), channels_per_frame=1).flatten().tolist() == [-255.0]


@pytest.mark.parametrize("channels", [3, 7])
def test_snippets_without_two_whole_frames_are_refused(channels):
    with pytest.raises(ValueError, match=f"a snippet has {channels} channels; differences need two frames or more"):
        frame_differences(torch.zeros(1, channels, 2, 2))
