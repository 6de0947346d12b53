import cv2
import numpy as np
import pytest

from tsn_plugin.ops.optical_flow import make_flow_method
from tsn_plugin.preparation.toy_scene import MOTIONS, PALETTES, make_scene


def scene_of(color, motion, seed=0):
    return make_scene(color, motion, np.random.default_rng(seed))


@pytest.mark.parametrize("palette", PALETTES.values())
def test_all_colours_are_equally_bright(palette):
    """So that flow, which is computed from grey images, cannot tell them apart."""
    brightness = np.array(palette) @ (0.299, 0.587, 0.114)
    np.testing.assert_allclose(brightness, (90, 170), atol=1)


def test_only_the_colour_differs_between_scenes_of_two_colours():
    red, blue = (scene_of(color, "rises").frame(3) for color in ("red", "blue"))
    assert red.shape == blue.shape
    assert (red != blue).any()
    grey = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY).astype(int) for frame in (red, blue)]
    assert abs(grey[0] - grey[1]).max() <= 2


def test_only_the_later_frames_differ_between_scenes_of_two_motions():
    rising, sinking = (scene_of("red", motion) for motion in ("rises", "sinks"))
    np.testing.assert_array_equal(rising.frame(0), sinking.frame(0))
    assert (rising.frame(1) != sinking.frame(1)).any()


def test_a_scene_is_decided_by_its_generator():
    frames = [scene_of("green", "spins", seed).frame(5) for seed in (1, 1, 2)]
    np.testing.assert_array_equal(frames[0], frames[1])
    assert frames[0].shape != frames[2].shape or (frames[0] != frames[2]).any()


def test_sizes_and_lengths():
    scenes = [scene_of("red", "rises", seed) for seed in range(30)]
    assert {scene.size[0] for scene in scenes} <= {112, 120, 128, 136, 144}
    assert {scene.size[1] for scene in scenes} <= {80, 88, 96, 104, 112}
    assert all(24 <= scene.num_frames <= 60 for scene in scenes)
    frame = scenes[0].frame(scenes[0].num_frames - 1)
    assert (frame.shape, frame.dtype) == ((*scenes[0].size[::-1], 3), np.uint8)


@pytest.mark.parametrize("motion", MOTIONS)
def test_the_ball_moves_against_the_background_as_its_motion_says(motion):
    """The flow inside the ball, less that of the background, in five frames of eight scenes."""
    relative, spread = [], []
    for seed in range(8):
        scene, method = scene_of("red", motion, seed), make_flow_method("dis")
        frames = [scene.frame(time) for time in range(0, 6)]
        grey = [method.prepare(frame) for frame in frames]
        flow = np.stack(method.flows(list(zip(grey, grey[1:]))))
        ball = np.stack([frame[..., 0] > frame[..., 2].astype(int) + 60 for frame in frames[:-1]])
        relative.append(flow[ball].mean(0) - np.median(flow[~ball], axis=0))
        spread.append(flow[ball].std(0).mean())
    x, y = np.array(relative).T
    if motion == "spins":
        assert abs(np.array([x, y])).mean() < 0.5
        assert np.mean(spread) > 1
    else:
        down = {"rises": -1, "sinks": 1, "slides": 0}[motion]
        assert np.sign(y).mean() == down if down else abs(y).mean() < 0.5
        assert abs(y if down else x).min() > 1
        assert abs(x if down else y).mean() < 0.5
