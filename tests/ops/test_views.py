import pytest
import torch

from tsn_plugin.ops.views import SnippetViews

BOXES = [[0, 0, 3, 2, 0], [0, 0, 3, 2, 1], [2, 1, 3, 2, 0]]


def numbered_video(num_snippets, height=4, width=6, first=0):
    """Snippets ``(S, 1, H, W)`` whose pixel tells the snippet (hundreds), the row (tens) and the column."""
    snippets, rows, columns = (torch.arange(size) for size in (num_snippets, height, width))
    return ((first + snippets[:, None, None]) * 100 + rows[:, None] * 10 + columns)[:, None]


def views_of(videos, boxes, prepare=torch.Tensor.float):
    return SnippetViews(videos, boxes, prepare=prepare, mirror=lambda crops: crops.flip(-1))


def test_views_are_crop_major_by_hand():
    views = views_of([numbered_video(2)], [BOXES])
    assert views.num_views == [6]
    batch = views.materialize()
    assert batch.shape == (1, 6, 1, 2, 3)
    assert batch[0, 0, 0].tolist() == [[0, 1, 2], [10, 11, 12]]
    assert batch[0, 1, 0].tolist() == [[100, 101, 102], [110, 111, 112]]  # the same crop of the second snippet
    assert batch[0, 2, 0].tolist() == [[2, 1, 0], [12, 11, 10]]  # its mirror image
    assert batch[0, 4, 0].tolist() == [[12, 13, 14], [22, 23, 24]]


@pytest.mark.parametrize("max_views", [1, 2, 3, 4, 5, 7, 12, 100])
def test_chunks_are_full_and_together_all_views(max_views):
    videos = [numbered_video(2), numbered_video(2, first=5)]
    views = views_of(videos, [BOXES, BOXES])
    chunks = list(views.chunks(max_views))
    assert [len(chunk) for chunk in chunks[:-1]] == [max_views] * (len(chunks) - 1)
    assert torch.equal(torch.cat(chunks), views.materialize().flatten(0, 1))


def test_videos_of_different_sizes_lengths_and_boxes_go_together():
    views = views_of([numbered_video(2), numbered_video(1, height=9, width=8)], [BOXES, BOXES[:1]])
    assert views.num_views == [6, 1]
    assert len(views) == 2
    assert [len(chunk) for chunk in views.chunks(4)] == [4, 3]
    with pytest.raises(ValueError, match=r"videos with \[6, 1\] views"):
        views.materialize()


def test_a_chunk_ends_where_the_crops_change_their_size():
    views = views_of([numbered_video(2)], [[[0, 0, 3, 2, 0], [0, 0, 2, 2, 0]]])
    assert [tuple(chunk.shape[-2:]) for chunk in views.chunks(10)] == [(2, 3), (2, 2)]
    with pytest.raises(ValueError, match="views of several sizes"):
        views.materialize()


def test_250_views_of_a_340x256_rgbdiff_video_are_converted_a_few_at_a_time():
    seen = []

    def prepare(crops):
        assert crops.dtype == torch.uint8
        seen.append(tuple(crops.shape))
        return crops[:, :1, :1, :1].float()

    video = torch.zeros(25, 18, 256, 340, dtype=torch.uint8)
    views = views_of([video], [[[0, 0, 224, 224, mirror] for mirror in [0, 1] * 5]], prepare)
    consumed = 0
    for chunk in views.chunks(32):
        consumed += len(chunk)
        assert sum(shape[0] for shape in seen) == consumed  # nothing is prepared ahead
    assert consumed == 250
    assert max(seen) == (32, 18, 224, 224)


@pytest.mark.parametrize("box", [[4, 0, 3, 2, 0], [0, 3, 3, 2, 0], [-1, 0, 3, 2, 0], [0, 0, 0, 2, 0]])
def test_a_box_outside_its_image_is_refused(box):
    with pytest.raises(ValueError, match="leaves its image of 6x4"):
        views_of([numbered_video(1)], [[box]])


def test_other_mistakes_are_refused():
    with pytest.raises(ValueError, match="got 1 videos, but view boxes of 2"):
        views_of([numbered_video(1)], [BOXES, BOXES])
    with pytest.raises(ValueError, match="max_views=0 must be positive"):
        next(views_of([numbered_video(1)], [BOXES]).chunks(0))
