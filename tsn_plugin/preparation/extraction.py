"""Images and optical flow of videos as JPEGs in folders or archives, in the layout of the original TSN code.

``OUT/<video>/img_00001.jpg, flow_x_00001.jpg, flow_y_00001.jpg, ...``, or the same files in ``OUT/<video>.zip``; which
image belongs to which flow: :func:`~tsn_plugin.ops.optical_flow.frame_pairs`. A folder or archive appears when it is
complete, so that a job can be stopped and started again at any time. Frames are streamed: no more are in memory than a
batch of flow needs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any

import cv2
import numpy as np

from tsn_plugin.modality import get_modality
from tsn_plugin.ops.flow_encoding import quantize_flow
from tsn_plugin.ops.flow_method import FlowMethod
from tsn_plugin.ops.frame_size import resized_frame
from tsn_plugin.ops.optical_flow import frame_pairs
from tsn_plugin.preparation.executors import JobReport, check_in, run_jobs
from tsn_plugin.preparation.extraction_options import LAYOUTS, ExtractionOptions
from tsn_plugin.preparation.frame_folders import FrameCounts, FramePrefixes, count_frames
from tsn_plugin.preparation.frame_stores import Writer, appearing_when_complete, remove_abandoned, stored_frames
from tsn_plugin.preparation.settings import claim_folder, write_atomically
from tsn_plugin.preparation.videos import find_videos, place_of
from tsn_plugin.readers import VideoReadError, open_video
from tsn_plugin.structures.output_names import path_below

#: the list of the videos that failed, in the output folder: path, tab, reason
FAILED = "failed.txt"
_PREFIXES = FramePrefixes()


@dataclass(frozen=True)
class ExtractionJob:
    """One video and the folder for its frames."""

    video: Path
    folder: Path
    options: ExtractionOptions


def plan_extraction(
    source: str | Path,
    out: str | Path,
    options: ExtractionOptions,
    *,
    extensions: Sequence[str] = (),
    flat: bool = False,
    list_root: str | Path | None = None,
) -> list[ExtractionJob]:
    """One job per video of ``source`` (see :func:`~tsn_plugin.preparation.videos.find_videos`).

    Args:
        source: folder, video or list.
        out: output folder.
        options: how frames and flow are made.
        extensions: take only these in a folder.
        flat: leave class sub-folders out of the output, as the original does.
        list_root: what a list's paths are relative to.

    Raises:
        ValueError: if two videos would share a folder, or a name would lead out of ``out``; names the line.
    """
    videos: dict[Path, Path] = {}
    for video, name in find_videos(source, extensions=extensions, list_root=list_root):
        try:
            folder = Path(out, path_below(PurePosixPath(name).name if flat else name))
        except ValueError as error:
            raise ValueError(
                f"{place_of(source, name)}: the frames of {video} cannot be written to {out} ({error}): list paths "
                "below --root"
            ) from None
        if videos.setdefault(folder, video) != video:
            hint = "leave out --flat" if flat else "rename one, or choose by --ext"
            raise ValueError(f"{videos[folder]} and {video} would share the folder {folder}: {hint}")
    return [ExtractionJob(video, folder, options) for folder, video in videos.items()]


def run_extraction(
    jobs: Sequence[ExtractionJob], out: str | Path, *, workers: int | None = None, dask: str | None = None
) -> JobReport:
    """Do the jobs; videos whose folder is complete are skipped. Failures are noted in ``OUT/failed.txt``.

    The results are the numbers of frame pairs written: 0 for a video that was complete.

    Raises:
        ValueError: if ``out`` was made with other options.
        RuntimeError: if the installed OpenCV lacks the flow method.
    """
    out = Path(out)
    for options in {job.options for job in jobs}:
        if options.flow:
            options.make_flow_method()  # fails now rather than once per video
        claim_folder(out, options.settings(), note="extraction.json")
    _remove_abandoned(jobs, out)
    if dask is not None:  # workers may stand in other folders
        jobs = [replace(job, video=job.video.absolute(), folder=job.folder.absolute()) for job in jobs]
    units = dict(description="Extracting", unit="frame pairs")
    report = run_jobs(extract_video, jobs, workers=workers, dask=dask, **units)
    if report.failures:
        _remove_abandoned(jobs, out)  # by workers that died
    _note_failures(report, out / FAILED)
    return report


def extract_video(job: ExtractionJob) -> int:
    """Write the frames of one video and return its number of frame pairs, 0 if it was complete already.

    Raises:
        ValueError: if the video has fewer than two frames (of those that ``step`` leaves).
    """
    options = job.options
    present = _present(job.folder)
    if _is_complete(present, options):
        return 0
    with appearing_when_complete(job.folder, pack=options.pack) as writer:
        pairs = _write_pairs(job.video, writer, options)
        if pairs == 0:
            raise ValueError(
                f"{job.video} has fewer than 2 frames at step={options.step}: there is no flow between them"
            )
        _keep_other_modality(job, writer, present, pairs)
    return pairs


def summary(report: JobReport, out: str | Path) -> str:
    """What was done, in a line per kind of outcome."""
    written = [pairs for _, pairs in report.results if pairs]
    lines = [f"{len(written)} videos extracted ({sum(written)} frame pairs) into {out}"]
    if len(written) < len(report.results):
        lines.append(f"{len(report.results) - len(written)} videos were complete already")
    if report.failures:
        job, reason = report.failures[0]
        lines.append(f"{len(report.failures)} videos failed, see {Path(out, FAILED)}; the first: {job.video}: {reason}")
    if report.ended_by:
        lines.append(f"ended early ({report.ended_by}): make room for {out}, then the same command goes on from here")
    return "\n".join(lines)


def _write_pairs(video: Path, writer: Writer, options: ExtractionOptions) -> int:
    method = options.make_flow_method() if options.flow else None
    number = 0
    with open_video(video) as reader:
        frames = (_prepare(frame, options, method) for frame in reader.iter_frames())
        pairs = frame_pairs(frames, step=options.step)
        while batch := list(islice(pairs, 1 if method is None else method.batch_size)):
            flows = [None] * len(batch) if method is None else method.flows([(old[1], new[1]) for old, new in batch])
            for ((first, _), (image, _)), flow in zip(batch, flows):
                layout = LAYOUTS[options.layout]
                if number == 0 and options.rgb and layout.has_first_frame:
                    _write_image(writer, layout.first_image - 1, first, options.quality)
                number += 1
                _write_pair(writer, number, image, flow, options)
                check_in()
    return number


def _write_pair(
    writer: Writer, number: int, image: np.ndarray, flow: np.ndarray | None, options: ExtractionOptions
) -> None:
    layout = LAYOUTS[options.layout]
    if options.rgb:
        _write_image(writer, number - 1 + layout.first_image, image, options.quality)
    if flow is not None:
        for axis, plane in zip("xy", np.moveaxis(quantize_flow(flow, options.bound), -1, 0)):
            name = get_modality("Flow").filename_tmpl.format(axis, number - 1 + layout.first_flow)
            writer.write(name, _jpeg(plane, options.quality))


def _write_image(writer: Writer, number: int, image: np.ndarray, quality: int) -> None:
    name = get_modality("RGB").filename_tmpl.format(number)
    writer.write(name, _jpeg(cv2.cvtColor(image, cv2.COLOR_RGB2BGR), quality))


def _prepare(frame: np.ndarray, options: ExtractionOptions, method: FlowMethod | None) -> tuple[np.ndarray, Any]:
    """The resized frame and what its flow needs; grey after resizing, as the original does."""
    frame = resized_frame(frame, size=options.size, short_side=options.short_side)
    return frame, None if method is None else method.prepare(frame)


def _jpeg(image: np.ndarray, quality: int) -> bytes:
    _, encoded = cv2.imencode(".jpg", np.ascontiguousarray(image), [cv2.IMWRITE_JPEG_QUALITY, quality])
    return encoded.tobytes()


def _present(folder: Path) -> FrameCounts:
    """What the folder, or the archive in its place, holds; nothing, if it is damaged."""
    frames = stored_frames(folder)
    try:
        return FrameCounts(0, 0) if frames is None else count_frames(frames.names(), _PREFIXES, folder=folder)
    except (VideoReadError, ValueError):
        return FrameCounts(0, 0)


def _is_complete(present: FrameCounts, options: ExtractionOptions) -> bool:
    if options.rgb and options.flow:
        return present.flow > 0 and present.rgb == present.flow + LAYOUTS[options.layout].has_first_frame
    return (present.rgb if options.rgb else present.flow) > 0


def _keep_other_modality(job: ExtractionJob, writer: Writer, present: FrameCounts, pairs: int) -> None:
    """Copy the images (or the flow) that an earlier run extracted and this one was not asked for."""
    options = job.options
    kept_count = present.flow * (not options.flow) + present.rgb * (not options.rgb)
    frames = stored_frames(job.folder)
    if kept_count == 0 or frames is None:
        return
    if kept_count != pairs + (LAYOUTS[options.layout].has_first_frame and options.flow):
        raise ValueError(f"{job.folder} holds {kept_count} frames of an earlier run, this one found {pairs}: delete it")
    prefixes = (_PREFIXES.flow_x, _PREFIXES.flow_y) if options.rgb else (_PREFIXES.rgb,)
    for name in frames.names():
        if name.startswith(prefixes):
            writer.write(name, frames.read(name))


def _remove_abandoned(jobs: Sequence[ExtractionJob], out: Path) -> None:
    for parent in {out, *(job.folder.parent for job in jobs)}:
        remove_abandoned(parent)


def _note_failures(report: JobReport, path: Path) -> None:
    path.unlink(missing_ok=True)
    if not report.failures:
        return
    lines = (f"{job.video}\t{reason}\n" for job, reason in report.failures)
    try:
        write_atomically(path, "".join(lines).encode())
    except OSError:
        if report.ended_by is None:  # else there may be no room for it, and the summary tells the reason
            raise
