import pytest

from tsn_plugin.preparation.annotations.activitynet_classes import MMACTION2_CLASSES
from tsn_plugin.preparation.annotations.records import Clip, Entry


def video(subset, *intervals, duration=10.0):
    annotations = [{"segment": [start, end], "label": label} for start, end, label in intervals]
    return {"subset": subset, "duration": duration, "annotations": annotations, "url": "", "resolution": "1x1"}


def content(**changes):
    taxonomy = [
        {"nodeId": 0, "nodeName": "Root", "parentId": None, "parentName": None},
        {"nodeId": 1, "nodeName": "Sports", "parentId": 0, "parentName": "Root"},
        {"nodeId": 2, "nodeName": "Archery", "parentId": 1, "parentName": "Sports"},
        {"nodeId": 3, "nodeName": "Zumba", "parentId": 1, "parentName": "Sports"},
        {"nodeId": 4, "nodeName": "BMX", "parentId": 1, "parentName": "Sports"},
    ]
    database = {
        "-a": video("training", (1.0, 3.0, "Zumba"), (12.0, 13.0, "BMX"), (5.0, 99.0, "Archery")),
        "b": video("validation", (0.0, 2.0, "BMX"), (2.0, 2.0, "BMX")),
        "c": video("testing"),
    }
    return {"version": "VERSION 1.3", "taxonomy": taxonomy, "database": database, **changes}


@pytest.mark.parametrize(("version", "file", "prefix"), [("1.3", "v1-3", "anet"), ("1.2", "v1-2", "anet1.2")])
def test_videos_and_clips_are_the_usual_lists(write, read, version, file, prefix):
    """Labels: Archery 0, BMX 1, Zumba 2. The interval behind the end and the empty one are left out."""
    write({f"activity_net.{file}.min.json": content()})
    videos, clips = read(f"activitynet{version}", "train")
    assert videos.classes == ("Archery", "BMX", "Zumba")
    assert videos.entries == (Entry("-a", (2,), ("v_-a",)),)
    assert clips.entries == (
        Entry("-a", (2,), ("v_-a",), Clip(1.0, 3.0, 10.0)),
        Entry("-a", (0,), ("v_-a",), Clip(5.0, 99.0, 10.0)),
    )
    assert videos.file_names == {
        "video": f"{prefix}_train_video_files.txt",
        "rgb": f"{prefix}_train_video.txt",
        "flow": f"{prefix}_flow_train_video.txt",
    }
    assert clips.file_names == {"rgb": f"{prefix}_train_clip.txt", "flow": f"{prefix}_flow_train_clip.txt"}


def test_trimmed_intervals_keep_their_number_in_the_file(write, read):
    write({"activity_net.v1-3.min.json": content()})
    (trimmed,) = read("activitynet1.3", "trainval", forms=("trimmed",))
    assert trimmed.entries == (
        Entry("-a_0", (2,), ("v_-a_0",)),
        Entry("-a_2", (0,), ("v_-a_2",)),
        Entry("b_0", (1,), ("v_b_0",)),
    )


def test_the_testing_videos_are_whole_and_unlabelled(write, read):
    write({"activity_net.v1-3.min.json": content()})
    (videos,) = read("activitynet1.3", "test")
    assert videos.entries == (Entry("c", (), ("v_c",)),)


def test_any_file_may_be_given(write, read, tmp_path):
    write({"mine.json": content()})
    assert len(read("activitynet1.3", "val", annotations=tmp_path / "mine.json")) == 2


def test_the_testing_videos_have_no_intervals_to_list(write, read):
    write({"activity_net.v1-3.min.json": content()})
    with pytest.raises(
        ValueError, match="the testing videos have no intervals, hence no clips or trimmed: take videos"
    ):
        read("activitynet1.3", "test", forms=("clips", "trimmed"))


def test_labelled_splits_leave_out_videos_without_intervals(write, read):
    write({"activity_net.v1-3.min.json": content(database={"x": video("training"), "y": video("testing")})})
    assert read("activitynet1.3", "train")[0].entries == ()
    assert read("activitynet1.3", "test")[0].entries == (Entry("y", (), ("v_y",)),)


def test_the_classes_of_version_1_3_have_the_numbers_of_mmaction2(write, read):
    """Source: lines of MMAction2's ``tools/data/activitynet/label_map.txt``, 200 lines and 2964 bytes."""
    taxonomy = [{"nodeName": name, "parentName": "Sports"} for name in sorted(MMACTION2_CLASSES)]
    database = {"x": video("training", (0, 1, "Archery")), "y": video("training", (0, 1, "Applying sunscreen"))}
    write({"activity_net.v1-3.min.json": content(taxonomy=taxonomy, database=database)})
    videos, _ = read("activitynet1.3", "train")
    assert [entry.labels for entry in videos.entries] == [(188,), (0,)]
    assert len("".join(f"{name}\n" for name in videos.classes)) == 2964
    places = {"Arm wrestling": 1, "Playing ten pins": 10, "Drinking coffee": 100, "Playing badminton": 199}
    assert {name: videos.classes.index(name) for name in places} == places
    (chosen, _) = read("activitynet1.3", "train", label_of={name: n for n, name in enumerate(sorted(videos.classes))})
    assert [entry.labels for entry in chosen.entries] == [(1,), (0,)]  # as the TSN authors number them


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"taxonomy": [{"nodeName": "a"}]}, "json has no taxonomy of nodes"),
        ({"taxonomy": []}, "holds no class"),
        ({"database": []}, "has no 'database' of videos"),
        ({"database": {"x": video("training", (0, 1, "Nothing"))}}, "json, video x: .*KeyError.'Nothing'"),
        ({"database": {"x": {"subset": "training"}}}, "json, video x: .*'duration'"),
        ({"database": {"x": video("training", ("a", 1, "BMX"))}}, "json, video x: .*could not convert"),
        (
            {"database": {"x": {"subset": "training", "annotations": [{"segment": [1, 2, 3], "label": "BMX"}]}}},
            "json, video x: .*too many values",
        ),
    ],
)
def test_wrong_files_are_named(write, read, changes, message):
    write({"activity_net.v1-3.min.json": content(**changes)})
    with pytest.raises(ValueError, match=message):
        read("activitynet1.3", "train")
