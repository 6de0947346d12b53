"""The data loader's side: the same frames through MMAction2's transforms and through ours."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import av
import mmaction
import numpy as np
from mmengine.utils import digit_version

from tsn_plugin.apis.benchmark.timing import STOCK, Timing, time_in_turns
from tsn_plugin.modality import Modality, get_modality
from tsn_plugin.readers import open_frames
from tsn_plugin.registry import TRANSFORMS

PLUGIN = "tsn_plugin"
BARE = "bare decoding"
#: snippets per video
PHASES = {"train": 3, "test": 25}
PREFIXES = {STOCK: "mmaction.", PLUGIN: "tsn_plugin."}


@dataclass(frozen=True)
class BenchmarkInput:
    """A video file, or a folder of extracted frames.

    Attributes:
        path: of the file or folder.
        modality: of a folder's frames.
    """

    path: Path
    modality: Modality

    @classmethod
    def of(cls, path: str | Path, modality: str = "RGB") -> BenchmarkInput:
        """The input at ``path``.

        Raises:
            FileNotFoundError: if there is neither file nor folder.
            ValueError: for an unknown modality, or one that a video file does not hold.
        """
        facts = get_modality(modality)
        if not Path(path).exists():
            raise FileNotFoundError(f"{path} does not exist; give video files or folders of frames")
        if Path(path).is_file() and facts.is_flow:
            raise ValueError(f"{path} is a video file, which holds no {modality}; give a folder of extracted flow")
        return cls(Path(path), facts)

    @property
    def is_video(self) -> bool:
        """Whether it is a file."""
        return self.path.is_file()

    def results(self) -> dict[str, Any]:
        """What a data set would give for it."""
        common = {"label": 0, "modality": self.modality.name, "start_index": 0 if self.is_video else 1}
        if self.is_video:
            return {**common, "filename": str(self.path)}
        template = self.modality.filename_tmpl
        count = open_frames(self.path, modality=self.modality.name).num_frames
        return {**common, "frame_dir": str(self.path), "filename_tmpl": template, "total_frames": count}


def pipeline_config(source: BenchmarkInput, phase: str, *, way: str, snippets: int | None = None) -> list[dict]:
    """The TSN pipeline of MMAction2's zoo: 3 snippets, multi-scale crop and flip; or 25 snippets and ten crops.

    Args:
        source: what is read.
        phase: ``'train'`` or ``'test'``.
        way: whose transforms, :data:`STOCK` or :data:`PLUGIN`; ours leave the test crops to the model's device.
        snippets: per video; default those of :data:`PHASES`.
    """
    own, test = PREFIXES[way], phase == "test"
    clip_len = 5 if source.modality.is_flow else 1
    sample = dict(clip_len=clip_len, frame_interval=1, num_clips=snippets or PHASES[phase], test_mode=test)
    on_device = dict(on_device=True) if way == PLUGIN else {}
    crops = [dict(type=f"{own}TenCrop", crop_size=224, **on_device)]
    augmentation = [
        dict(type=f"{own}MultiScaleCrop", input_size=224, scales=(1, 0.875, 0.75, 0.66), max_wh_scale_gap=1),
        dict(type=f"{own}Resize", scale=(224, 224), keep_ratio=False),
        dict(type=f"{own}Flip", flip_ratio=0.5),
    ]
    return [
        *([dict(type=f"{own}DecordInit")] if source.is_video else []),
        dict(type=f"{own}SampleFrames", **sample),
        dict(type=f"{own}DecordDecode" if source.is_video else f"{own}RawFrameDecode"),
        dict(type=f"{own}Resize", scale=(-1, 256)),
        *(crops if test else augmentation),
        dict(type=f"{own}FormatShape", input_format=_layout(source, way)),
        dict(type=f"{own}PackActionInputs"),
    ]


def _layout(source: BenchmarkInput, way: str) -> str:
    """MMAction2 1.1 has a layout of its own for flow."""
    is_old = digit_version(mmaction.__version__) < digit_version("1.2")
    return "NCHW_Flow" if way == STOCK and source.modality.is_flow and is_old else "NCHW"


def build_pipeline(
    source: BenchmarkInput, phase: str, *, way: str, snippets: int | None = None
) -> list[Callable[[dict], dict]]:
    """The transforms of :func:`pipeline_config`."""
    return [TRANSFORMS.build(config) for config in pipeline_config(source, phase, way=way, snippets=snippets)]


def compare_pipelines(source: BenchmarkInput, phase: str, *, rounds: int) -> Timing:
    """Times of both pipelines on the same samples, and of decoding alone.

    Bare decoding is what FFmpeg needs for all frames up to the last wanted one, converting none; a reader that starts
    at a key frame or leaves out B-frames can be faster.
    """
    pipelines = {way: build_pipeline(source, phase, way=way) for way in PREFIXES}
    ways = {way: partial(run_pipeline, transforms, source.results()) for way, transforms in pipelines.items()}
    if source.is_video:
        sampling = pipelines[PLUGIN][:2]
        last = {
            number: int(run_pipeline(sampling, source.results(), number)["frame_inds"].max())
            for number in range(rounds + 1)
        }
        ways[BARE] = lambda number: decode_until(source.path, last[number])
    return Timing(source.path.name, time_in_turns(ways, rounds=rounds, text=source.path.name))


def profile_pipelines(source: BenchmarkInput, phase: str, *, rounds: int) -> list[Timing]:
    """Median time of every transform of both pipelines."""
    steps: dict[str, dict[str, float]] = {}
    for way in PREFIXES:
        transforms = build_pipeline(source, phase, way=way)
        taken = [_step_times(transforms, source.results(), number) for number in range(rounds + 1)][1:]
        for position, transform in enumerate(transforms):
            name = f"{position + 1} {type(transform).__name__}"
            steps.setdefault(name, {})[way] = statistics.median(times[position] for times in taken)
    return [Timing(f"{source.path.name}, {name}", seconds) for name, seconds in steps.items()]


def decode_until(path: Path, index: int) -> None:
    """Decode the frames of a video from the first to ``index`` with FFmpeg, in one thread, converting none."""
    with av.open(str(path)) as container:
        container.streams.video[0].codec_context.thread_count = 1
        for number, _ in enumerate(container.decode(video=0)):
            if number >= index:
                return


def run_pipeline(transforms: Sequence[Callable[[dict], dict]], results: dict, seed: int) -> dict:
    """What the transforms make of ``results``, with this seed of Python's and NumPy's random numbers."""
    random.seed(seed)
    np.random.seed(seed)
    results = dict(results)
    for transform in transforms:
        results = transform(results)
    return results


def _step_times(transforms: Sequence[Callable[[dict], dict]], results: dict, seed: int) -> list[float]:
    random.seed(seed)
    np.random.seed(seed)
    results, times = dict(results), []
    for transform in transforms:
        start = time.perf_counter()
        results = transform(results)
        times.append(time.perf_counter() - start)
    return times
