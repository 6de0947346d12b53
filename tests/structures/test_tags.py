import pytest

from tsn_plugin.structures.tags import tag_counts, tag_slices


def test_hvus_categories_lie_one_after_the_other():
    counts = tag_counts()
    assert sum(counts.values()) == 739 + 117 + 291 + 69 + 1678 + 248 == 3142
    assert tag_slices(counts)["concept"] == slice(739 + 117, 739 + 117 + 291)


def test_own_categories_need_numbers():
    assert tag_counts(["sky", "sea"], [2, 3]) == {"sky": 2, "sea": 3}
    with pytest.raises(ValueError, match=r"'sky' is not HVU's \(action, attribute"):
        tag_counts(["scene", "sky"])


@pytest.mark.parametrize(("names", "nums"), [(["a"], [1, 2]), (["a", "a"], [1, 2]), ([], [])])
def test_names_and_numbers_must_fit(names, nums):
    with pytest.raises(ValueError, match="different tag categories and one number for each"):
        tag_counts(names, nums)
