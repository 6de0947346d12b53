"""Tags of several categories in one vector, as the Holistic Video Understanding data set (HVU) has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

#: Number of tags of HVU's categories, in MMAction2's order. Source: Diba et al. 2020, "Large Scale Holistic Video
#: Understanding", table 1; configs ``tsn_r18_1x1x8_100e_hvu_*`` of MMAction2 0.x.
HVU_CATEGORIES = {"action": 739, "attribute": 117, "concept": 291, "event": 69, "object": 1678, "scene": 248}


def tag_counts(categories: Sequence[str] | None = None, nums: Sequence[int] | None = None) -> dict[str, int]:
    """Number of tags of each category, in the order of ``categories``.

    Args:
        categories: names; default HVU's six.
        nums: numbers of tags; needed for categories that are not HVU's.

    Raises:
        ValueError: for a category without number, a repeated one, or lists of different lengths.

    >>> tag_counts(["scene", "event"])
    {'scene': 248, 'event': 69}
    """
    names = list(HVU_CATEGORIES if categories is None else categories)
    if nums is None:
        unknown = [name for name in names if name not in HVU_CATEGORIES]
        if unknown:
            raise ValueError(f"tag category {unknown[0]!r} is not HVU's ({', '.join(HVU_CATEGORIES)}): give its number")
        nums = [HVU_CATEGORIES[name] for name in names]
    if len(names) != len(nums) or len(set(names)) != len(names) or not names:
        raise ValueError(f"{names} and {list(nums)} must be different tag categories and one number for each")
    return dict(zip(names, nums))


def tag_slices(counts: Mapping[str, int]) -> dict[str, slice]:
    """Where each category's tags lie in the vector of all.

    >>> tag_slices({"scene": 3, "event": 2})
    {'scene': slice(0, 3, None), 'event': slice(3, 5, None)}
    """
    slices, start = {}, 0
    for name, count in counts.items():
        slices[name] = slice(start, start + count)
        start += count
    return slices
