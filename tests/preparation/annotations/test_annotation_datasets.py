import pytest

from tsn_plugin.preparation.annotations.datasets import DATASETS


def test_every_usual_form_is_a_form():
    for dataset in DATASETS.values():
        assert {*dataset.usual_forms} <= {*dataset.forms}
        assert bool(dataset.forms) == bool(dataset.usual_forms)


def test_unknown_names_are_errors_that_list_the_known_ones(read):
    with pytest.raises(ValueError, match="dataset='kinetics' is unknown; known: ucf101, hmdb51, kinetics400"):
        read("kinetics", "train")
    with pytest.raises(ValueError, match="split='test' is unknown; known: train, val$"):
        read("mit", "test")
    with pytest.raises(ValueError, match="form='clip' is unknown; known: videos, clips, trimmed"):
        read("activitynet1.3", "train", forms=("clip",))
    with pytest.raises(ValueError, match="form='all' is unknown; known: none"):
        read("mit", "train", forms=("all",))


@pytest.mark.parametrize("dataset", DATASETS)
def test_missing_files_are_an_error_for_every_data_set(read, dataset):
    with pytest.raises(FileNotFoundError, match="as annotations"):
        read(dataset, DATASETS[dataset].splits[0])
