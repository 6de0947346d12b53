"""The index of published models, the configs and the README's table agree."""

import re
from pathlib import Path

import pytest

from tsn_plugin.apis.model_zoo import LOCALIZATION, RECOGNITION, TABLE_BEGIN, TABLE_END, read_index, zoo_table

ROOT = Path(__file__).resolve().parent.parent
RECORDS = {record.name: record for record in read_index(ROOT / "model-index.yml")}
WITH_CONFIG = [record for record in RECORDS.values() if record.config]
ZOO = sorted((ROOT / "configs" / "recognition" / "tsn").glob("*.py"))
DETECTION = [path for stem in ("ssn_*.py", "tag_*.py") for path in sorted((ROOT / "configs").rglob(stem))]
DETECTION = [path for path in DETECTION if "_base_" not in path.parts]
# the record's number is from another test of the same training, which another config holds
OTHER_TEST = {
    "tsn_r50_randomresizedcrop_256p_1x1x3_100e_kinetics400_rgb",
    "tsn_r50_randomresizedcrop_320p_1x1x3_100e_kinetics400_rgb",
}


def by_name(record):
    return record.name


def views(config):
    """Segments and crops of a video in the config's test; None where long videos have more segments."""
    if any(transform.type.endswith("SampleFramesAtRate") for transform in config.test_pipeline):
        return None
    segments, crops = 0, 1
    for transform in config.test_pipeline:
        name = transform.type.rsplit(".")[-1]
        crops = {"ThreeCrop": 3, "TenCrop": 10}.get(name, crops)
        if name.endswith("SampleFrames"):
            positions = 10 if name == "DenseSampleFrames" else 1  # its num_sample_positions
            segments = transform.num_clips * positions
    return segments, crops


def published_batch(config):
    sizes = [hook.batch_size for hook in config.get("custom_hooks", []) if hook.type.endswith("EffectiveBatchHook")]
    return sizes[0] if sizes else config.train_dataloader.batch_size


@pytest.mark.parametrize("record", WITH_CONFIG, ids=by_name)
def test_a_record_agrees_with_its_config(record, read_config):
    assert (ROOT / record.config).is_file()
    config = read_config(ROOT / record.config)
    if record.task == RECOGNITION and record.name not in OTHER_TEST:
        assert record.test == views(config)
    assert record.modality == config.modality
    if Path(record.config).stem == record.name and "recognition" in record.config or record.task == LOCALIZATION:
        if "Batch Size" in record.facts:
            assert record.facts["Batch Size"] == published_batch(config)
        if "Epochs" in record.facts:
            assert record.facts["Epochs"] == config.train_cfg.max_epochs


@pytest.mark.parametrize("path", ZOO, ids=lambda path: path.stem)
def test_every_config_of_the_zoo_has_a_record(path):
    known = {record.config for record in WITH_CONFIG}
    assert path.relative_to(ROOT).as_posix() in known


def test_other_tests_are_told():
    assert all("published config tests three crops" in RECORDS[name].note for name in OTHER_TEST)


def test_numbers_name_their_source():
    numbered = [record for record in RECORDS.values() if record.metrics]
    assert all(record.source.startswith("https://") for record in numbered)
    assert all(0 < value < 100 for record in numbered for value in record.metrics.values())


def test_weights_are_named_with_their_hash():
    for record in RECORDS.values():
        if record.weights:
            assert re.fullmatch(r"https://download\.openmmlab\.com/.*-[0-9a-f]{8}\.pth", record.weights), record.name


@pytest.mark.parametrize(
    ("name", "metrics"),
    [  # copied from the page, one row of each kind
        ("tsn_r50_1x1x3_75e_ucf101_rgb", [83.03, 96.78]),
        ("tsn_r50_256p_1x1x3_100e_kinetics400_rgb", [70.42, 89.03]),
        ("tsn_r50_320p_1x1x3_kinetics400_twostream", [72.76, 90.52]),
        ("tsn_r50_320p_1x1x8_kinetics400_twostream", [74.64, 91.77]),
        ("tsn_r50_randomresizedcrop_256p_1x1x3_100e_kinetics400_3crop_rgb", [70.48, 89.89]),
        ("tsn_r101_1x1x5_50e_mmit_rgb", [61.09]),
        ("tsn_r18_1x1x8_100e_hvu_overall", [52.6]),
        ("tsn_IG1B_pretrained_omnisource_r50_1x1x3_100e_kinetics_rgb", [75.7, 91.9]),
        ("tsn_r50_1x1x8_100e_minikinetics_omnisource_rgb", [81.3, 94.8]),
        ("tsn_imagenet-pretrained-r50_8xb32-1x1x8-100e_kinetics400-rgb", [74.12, 91.34]),
        ("tsn_bninception_ucf101_rgb", [85.5]),
        ("tsn_bninception_hmdb51_twostream_split3", [68.5]),
        ("ssn_bninception_thumos14_twostream", [27.36]),
        ("ssn_inceptionv3_thumos14_flow_kinetics", [30.51]),
        ("ssn_bninception_activitynet12_rgb_kinetics", [27.53]),
        ("ssn_r50_450e_thumos14_rgb", [29.37, 22.15, 15.69]),
    ],
)
def test_published_numbers(name, metrics):
    assert list(RECORDS[name].metrics.values()) == metrics


def test_the_overall_value_of_hvu_is_the_mean_of_its_parts():
    whole = RECORDS["tsn_r18_1x1x8_100e_hvu_overall"]
    values = [RECORDS[part].metrics["mAP"] for part in whole.parts]
    assert len(values) == 6
    assert whole.metrics["mAP"] == pytest.approx(sum(values) / 6, abs=0.05)


def test_streams_are_fused_with_the_published_weights():
    fused = [record for record in RECORDS.values() if record.fusion_weights]
    assert {record.fusion_weights for record in fused} == {(1, 1), (1, 1.5)}
    for record in fused:
        assert [RECORDS[part].modality for part in record.parts] == ["RGB", "Flow"]
        assert {RECORDS[part].dataset for part in record.parts} == {record.dataset}


@pytest.mark.parametrize(
    ("folder", "task", "option"),
    [
        ("recognition/tsn", RECOGNITION, ""),
        ("localization/ssn", LOCALIZATION, f" --task '{LOCALIZATION}'"),
    ],
)
def test_the_readme_holds_the_table(folder, task, option):
    text = (ROOT / "configs" / folder / "README.md").read_text(encoding="utf-8")
    written = text.split(TABLE_BEGIN)[1].split(TABLE_END)[0].strip()
    table = zoo_table([record for record in RECORDS.values() if record.task == task]).strip()
    assert written == table, f"run `python tools/model_zoo.py table{option} --into configs/{folder}/README.md`"


def test_every_config_of_detection_has_a_record():
    known = {record.config for record in WITH_CONFIG}
    paths = [path for path in DETECTION if "toy" not in path.stem and not path.stem.endswith(("_train", "_heldout"))]
    assert len(paths) == 19
    assert {path.relative_to(ROOT).as_posix() for path in paths} <= known
