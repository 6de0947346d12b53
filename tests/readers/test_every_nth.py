from functools import partial

import numpy as np
import pytest

from tsn_plugin.readers import open_video
from tsn_plugin.readers.every_nth import EveryNthReader

refused = partial(pytest.raises, ValueError, match="step=0 must be at least 1")


@pytest.mark.parametrize(("step", "kept"), [(1, range(7)), (2, [0, 2, 4, 6]), (3, [0, 3, 6]), (4, [0, 4]), (9, [0])])
def test_frames_are_those_of_the_video_that_the_step_leaves(step, kept, tmp_path, make_video):
    path = make_video(tmp_path / "a.mp4", num_frames=7)
    with open_video(path) as whole:
        frames, fps = whole.read(list(kept)), whole.fps
    with EveryNthReader(open_video(path), step) as reader:
        assert (reader.num_frames, reader.fps, reader.name) == (len(frames), fps / step, str(path))
        np.testing.assert_array_equal(reader.read(range(len(frames))[::-1]), frames[::-1])
        np.testing.assert_array_equal(list(reader.iter_frames()), frames)
        with pytest.raises(IndexError, match=f"has {len(frames)} frames"):
            reader.read([len(frames)])


def test_closing_it_closes_the_video(tmp_path, make_video, monkeypatch):
    closed = []
    with open_video(make_video(tmp_path / "a.mp4", num_frames=3)) as inner:
        monkeypatch.setattr(inner, "close", lambda: closed.append(True))
        EveryNthReader(inner, 2).close()
        assert closed == [True]
        monkeypatch.undo()


def test_a_step_below_one_is_refused(tmp_path, make_video):
    with open_video(make_video(tmp_path / "a.mp4", num_frames=3)) as reader, refused():
        EveryNthReader(reader, 0)
