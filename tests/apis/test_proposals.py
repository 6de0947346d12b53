import pytest

from tsn_plugin.apis.proposals import frame_counts


@pytest.mark.parametrize(
    ("images", "fields", "first_field", "count"),
    [(4, 4, 1, 4), (4, 0, 1, 4), (0, 4, 1, 4), (4, 3, 0, 3), (1, 0, 1, 1)],
)
def test_a_list_counts_what_images_and_flow_both_reach(tmp_path, images, fields, first_field, count):
    folder = tmp_path / "v_one"
    folder.mkdir()
    names = [f"img_{number + 1:05d}.jpg" for number in range(images)]
    names += [f"flow_{axis}_{number + first_field:05d}.jpg" for number in range(fields) for axis in "xy"]
    for name in names:
        (folder / name).touch()
    assert frame_counts(tmp_path, ["one", "two"]) == {"one": ("v_one", count)}
