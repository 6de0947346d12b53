import pytest

from tsn_plugin.preparation.annotations.records import Entry

CLASSES = "clapping,0\r\nplaying+music,2\r\nadult+female+singing,1\r\n"


def test_moments_by_hand(write, read):
    write(
        {
            "moments_categories.txt": CLASSES,
            "trainingSet.csv": (
                'playing+music/flickr-0-6-2-1-2_5 a.mp4,playing+music,4,0\r\n"clapping/a,b#(1).mp4",clapping,3,1\r\n'
            ),
            "validationSet.csv": "clapping/é.mp4,clapping,3,0\n",
        }
    )
    (content,) = read("mit", "train")
    assert content.entries == (Entry("playing+music/flickr-0-6-2-1-2_5 a", (2,)), Entry("clapping/a,b#(1)", (0,)))
    assert content.classes == ("clapping", "adult+female+singing", "playing+music")
    assert read("mit", "val")[0].entries == (Entry("clapping/é", (0,)),)


def test_multi_moments_by_hand(write, read):
    """Labels by number or name, each once; MMAction2 reads numbers."""
    write(
        {
            "moments_categories.txt": CLASSES,
            "trainingSet.csv": "\ufeffclapping/x.mp4,0,2\r\nclapping/y.mp4,playing+music,2,,\r\n",
        }
    )
    (content,) = read("mmit", "train")
    assert content.entries == (Entry("clapping/x", (0, 2)), Entry("clapping/y", (2,)))
    (chosen,) = read("mmit", "train", label_of={"playing+music": 0})
    assert [entry.labels for entry in chosen.entries] == [(0,), (0,)]


def test_multi_moments_files_by_their_other_names(write, read):
    write(
        {
            "moments_categories.txt": "other,0\n",
            "mmit_categories.txt": "stroking/petting,0\ncrafting,1\n",
            "trainingSet.txt": "stroking/x.mp4,0,1\n",
        }
    )
    (content,) = read("mmit", "train")
    assert content.classes == ("stroking/petting", "crafting")
    assert content.entries == (Entry("stroking/x", (0, 1)),)


@pytest.mark.parametrize(
    ("dataset", "files", "message"),
    [
        ("mit", {"trainingSet.csv": "a/b.mp4,a\n"}, r"trainingSet.csv, line 1: class 'a' is not in .*categories.txt"),
        ("mit", {"trainingSet.csv": "clapping/b.mp4\n"}, r"line 1: 'clapping/b.mp4' has 1 of at least 2 fields"),
        ("mmit", {"trainingSet.csv": "clapping/b.mp4,3\n"}, r"line 1: class '3' is not in"),
        ("mmit", {"trainingSet.csv": "clapping/b.mp4,,\n"}, r"line 1: 'clapping/b.mp4,,' has no video or no class"),
        ("mit", {"trainingSet.csv": ",clapping\n"}, r"trainingSet.csv, line 1: ',clapping' has no video or no class"),
        (
            "mit",
            {"moments_categories.txt": "a,1\n", "trainingSet.csv": ""},
            r"its 1 classes are not numbered from 0 to 0",
        ),
        ("mit", {"moments_categories.txt": "a,b\n", "trainingSet.csv": ""}, r"txt, line 1: label 'b' is no int"),
    ],
)
def test_wrong_files_are_named(write, read, dataset, files, message):
    write({"moments_categories.txt": CLASSES, **files})
    with pytest.raises(ValueError, match=message):
        read(dataset, "train")
