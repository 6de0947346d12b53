import pytest

from tsn_plugin.readers.packets import PacketFacts, index_by_pts, index_packets

MP4, MKV = "mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm"


def packets(pts, keys=(0,), hidden=(), dts=None):
    """Packets in file order by their presentation times; ``keys`` and ``hidden`` are positions."""
    dts = dts or list(range(len(pts)))
    return [PacketFacts(p, d, n in keys, n not in hidden, 100) for n, (p, d) in enumerate(zip(pts, dts))]


def index(stream, container=MP4, codec="h264", reordered=True):
    return index_packets(stream, container=container, codec=codec, reordered=reordered)


def test_frames_are_in_the_order_of_their_times_and_keys_are_found_by_time():
    # file order I0 P3 B1 B2 | I6 B4 B5: the second key frame is shown as frame 6, but is packet 4
    found = index(packets([0, 30, 10, 20, 60, 40, 50], keys=(0, 4)))
    assert found.stamps == (0, 10, 20, 30, 40, 50, 60)
    assert found.keys == ((0, 0), (6, 4))
    assert list(found.parts([0, 5, 6])) == [(0, [0, 5]), (4, [6])]


def test_what_an_edit_list_hides_is_no_frame_but_is_decoded():
    found = index(packets([0, 10, 20, 30], hidden=(0, 1)))
    assert found.stamps == (20, 30)
    assert found.keys == ((0, 0),)


def test_mpeg4_with_b_frames_in_avi_is_told_by_decoding_times():
    # packets of frames I0 P3 B1 B2 P4: with packet n comes frame n - 1, and the last frame at the end
    found = index(packets([1, 2, 3, 4, 5], keys=(0, 3)), container="avi", codec="mpeg4")
    assert found.stamps == (1, 2, 3, 4, None)
    assert found.attribute == "dts"
    assert found.keys == ((0, 0), (20, 3))  # 17 packets behind a key frame even 16 B-frames in a row are over


@pytest.mark.parametrize(
    ("stream", "container", "codec"),
    [
        (packets([0, 1]), "mpegts", "h264"),
        (packets([0, 1]), MKV, "vp8"),
        (packets([0, 1], keys=(1,)), MP4, "h264"),
        (packets([10, 0]), MP4, "h264"),  # shown before the first key frame
        (packets([0, None]), MP4, "h264"),
        (packets([0, 0]), MP4, "h264"),
        (packets([0, 1], hidden=(0, 1)), MP4, "h264"),
        (packets([0, 1]), "avi", "h264"),
        (packets([0, 1], dts=[0, 0]), "avi", "mpeg4"),
    ],
)
def test_only_decoding_can_tell_the_frames_of(stream, container, codec):
    assert index(stream, container=container, codec=codec) is None


def test_equal_times_make_no_index():
    assert index_by_pts([0, 10, 10], packets([0, 10, 10])) is None
