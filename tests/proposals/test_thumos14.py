"""The real annotations of THUMOS14: windows, instances and pools are those that the original makes of them."""

import json
import tarfile
from pathlib import Path

import numpy as np
import pytest

from tsn_plugin.evaluation.proposal_recall import instance_recall
from tsn_plugin.preparation.annotations.thumos14 import read_thumos14_database
from tsn_plugin.proposals.databases import read_database
from tsn_plugin.proposals.labelling import labelled
from tsn_plugin.proposals.pools import ACTIONNESS_THRESHOLDS, make_pools
from tsn_plugin.proposals.sliding_windows import sliding_windows

DATA = Path(__file__).parents[1] / "data"
GOLDEN = DATA / "golden" / "ssn" / "case16_sliding_window.npz"
# annotated videos, instances, windows, those above and below the bounds of actionness, of the latter those within an
# instance, recall at 0.5, 0.7 and 0.9
KNOWN = {
    "validation": ("training", 200, 2973, 134_294, 1994, 76_908, 316, (0.9405, 0.6815, 0.0679)),
    "test": ("testing", 210, 3234, 146_567, 2248, 79_290, 283, (0.9592, 0.7180, 0.0785)),
}


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    """The annotations as ``tools/build_file_list.py thumos14`` writes them."""
    folder = tmp_path_factory.mktemp("thumos14")
    with tarfile.open(DATA / "thumos14_annotations.tar.xz") as archive:
        archive.extractall(folder, filter="data")
    (folder / "thumos14.json").write_text(json.dumps(read_thumos14_database(folder)))
    return read_database(folder / "thumos14.json")


@pytest.mark.parametrize("name", KNOWN)
def test_windows_of_thumos14_equal_the_originals(database, name):
    golden = np.load(GOLDEN)
    subset, num_videos, num_instances, num_windows, foreground, background, within, recall = KNOWN[name]
    videos = {
        video.name: labelled(video.name, video.duration, video.instances, video.labels, sliding_windows(video.duration))
        for video in database.subset([subset])
        if len(video.instances)
    }
    assert len(videos) == num_videos
    for place, video in enumerate(golden[f"thumos_{name}_ids"].tolist()):
        if video not in videos:
            assert golden[f"thumos_{name}_ninst"][place] == golden[f"thumos_{name}_fg07"][place] == 0
            continue
        assert database.videos[video].duration == golden[f"thumos_{name}_dur"][place]
        assert len(videos[video].instances) == golden[f"thumos_{name}_ninst"][place]
        assert len(videos[video].proposals) == golden[f"thumos_{name}_nprop"][place]
        assert (videos[video].best_iou > 0.7).sum() == golden[f"thumos_{name}_fg07"][place]
    best = np.concatenate([video.best_iou for video in videos.values()])
    assert sum(len(video.instances) for video in videos.values()) == num_instances
    assert (len(best), (best > 0.7).sum(), (best < 0.01).sum()) == (num_windows, foreground, background)
    np.testing.assert_allclose(instance_recall(list(videos.values())), recall, atol=5e-5)
    # here a window within a long instance is no background, though its IoU is below 0.01
    pools = [make_pools(video, ACTIONNESS_THRESHOLDS) for video in videos.values()]
    assert sum(len(video.background) for video in pools) == background - within
