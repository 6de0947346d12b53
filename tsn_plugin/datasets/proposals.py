"""Untrimmed videos with proposals: batches of proposals to train on, and ticks to test on."""

from __future__ import annotations

import logging
import os.path as osp
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from mmaction.datasets.base import BaseActionDataset
from mmaction.structures import ActionDataSample
from mmengine.logging import print_log

from tsn_plugin.datasets.dependable import MAX_UNREADABLE_SHARE, DependableDataset
from tsn_plugin.ops.proposal_sampling import tick_frames
from tsn_plugin.proposals.pools import (
    ACTIONNESS_THRESHOLDS,
    THRESHOLDS,
    PoolThresholds,
    ProposalSampler,
    RegressionStatistics,
    VideoPools,
    check_classes,
    make_pools,
    regression_statistics,
)
from tsn_plugin.proposals.proposal_files import read_proposals
from tsn_plugin.registry import DATASETS
from tsn_plugin.structures.proposals import FOREGROUND


@dataclass(frozen=True)
class TickChunk:
    """Some neighbouring ticks of one video.

    Attributes:
        video: number of the video.
        first: number of the first tick.
        frames: where the ticks' snippets start, 0-based.
    """

    video: int
    first: int
    frames: np.ndarray


@DATASETS.register_module()
class ProposalDataset(DependableDataset, BaseActionDataset):
    """Videos with proposals for an SSN.

    In training an item is a video: proposals of each kind are drawn from it, each goes through the pipeline on its own
    (one crop and one flip per proposal), and their snippets are put one after the other. In testing an item is a
    chunk of neighbouring ticks of a video, so that memory does not grow with its length.

    Args:
        ann_file: proposal list in frames, see :func:`tsn_plugin.proposals.proposal_files.read_proposals`.
        pipeline: transforms; to train with ``SampleProposalFrames``, to test with ``SampleTicks``.
        protocol: whose pools: ``'thumos14'``, ``'activitynet1.2'`` or ``'activitynet1.3'``.
        data_root: folder that list and ``data_prefix`` start from.
        data_prefix: ``dict(img=...)`` or ``dict(video=...)``, folder of the list's names.
        filename_tmpl: of the frames' files.
        start_index: number of the first frame's file; 0 for video files.
        modality: of the frames.
        test_mode: items are ticks.
        counts: proposals of a video in training: foreground, incomplete, background.
        epoch_multiplier: how often an epoch goes through the videos.
        clip_len: frames of a tick's snippet, as ``SampleTicks`` has it.
        tick_interval: frames between ticks.
        chunk_size: ticks of an item.
        keep_unannotated: keep videos without instances, in testing; the original leaves them out.
        skip: names of videos that need no test, since their scores are there.
        max_unreadable_share: see :class:`~tsn_plugin.datasets.dependable.DependableDataset`.

    Raises:
        FileNotFoundError: if there is no such list.
        ValueError: for a list that does not parse, is normalised, or has no proposal of a kind; for an unknown
            protocol.

    Source: SSN ``ssn_dataset.py`` (``SSNDataSet``).
    """

    #: of the pools; None: those of the protocol
    thresholds: PoolThresholds | None = None

    def __init__(
        self,
        ann_file: str,
        pipeline: list,
        *,
        protocol: str = "thumos14",
        data_root: str = "",
        data_prefix: dict | None = None,
        filename_tmpl: str = "img_{:05d}.jpg",
        start_index: int = 1,
        modality: str = "RGB",
        test_mode: bool = False,
        counts: Sequence[int] = (1, 6, 1),
        epoch_multiplier: int = 10,
        clip_len: int = 1,
        tick_interval: int = 6,
        chunk_size: int = 16,
        keep_unannotated: bool = False,
        skip: Sequence[str] = (),
        max_unreadable_share: float = MAX_UNREADABLE_SHARE,
    ) -> None:
        if protocol not in THRESHOLDS:
            raise ValueError(f"protocol={protocol!r} is unknown; known: {', '.join(THRESHOLDS)}")
        self.thresholds = self.thresholds or THRESHOLDS[protocol]
        self.filename_tmpl, self.keep_unannotated = filename_tmpl, keep_unannotated and test_mode
        self.counts, self.epoch_multiplier = tuple(counts), epoch_multiplier
        self.clip_len, self.tick_interval, self.chunk_size = clip_len, tick_interval, chunk_size
        super().__init__(
            ann_file,
            pipeline,
            data_root=data_root,
            data_prefix=dict(img="") if data_prefix is None else data_prefix,
            test_mode=test_mode,
            start_index=start_index,
            modality=modality,
            max_unreadable_share=max_unreadable_share,
        )
        self.chunks = self._tick_chunks(set(skip)) if test_mode else []
        self._sampler = None if test_mode else ProposalSampler(self.pools, self.counts)

    def load_data_list(self) -> list[dict[str, Any]]:
        """One dictionary per video; those without instances are left out unless they are wanted."""
        pools = [make_pools(video, self.thresholds) for video in read_proposals(self.ann_file)]
        kept = pools if self.keep_unannotated else [video for video in pools if video.num_instances]
        if len(kept) < len(pools):
            text = f"{self.ann_file}: {len(pools) - len(kept)} of {len(pools)} videos have no instance and are left out"
            print_log(text, "current", logging.INFO)
        if not kept:
            raise ValueError(f"{self.ann_file} has no video with instances; use keep_unannotated=True, or another list")
        self.pools: list[VideoPools] = kept
        return [dict(video=number) for number in range(len(kept))]

    def __len__(self) -> int:
        return len(self.chunks) if self.test_mode else len(self.pools) * self.epoch_multiplier

    def regression_statistics(self) -> RegressionStatistics:
        """Statistics of this list's regression targets, for the head."""
        return regression_statistics(self.pools)

    def video_of_item(self, idx: int) -> int:
        """Number of the video that an item belongs to."""
        return self.chunks[idx].video if self.test_mode else idx % len(self.pools)

    def name_of_video(self, number: int) -> str:
        """The name in the list."""
        return self.pools[number].name

    def check_labels(self, num_classes: int, *, labelled: bool = True) -> None:
        """Compare the list with the model, see :func:`check_classes`."""
        check_classes(self.pools, num_classes, source=self.ann_file)

    def prepare_data(self, idx: int) -> dict:
        """The result of the pipeline for one item."""
        return self._ticks(self.chunks[idx]) if self.test_mode else self._training_item(idx)

    def _video_info(self, number: int) -> dict[str, Any]:
        """What a pipeline needs to read from video ``number``; frames may be in a folder or in a video file."""
        video = self.pools[number]
        folder = self.data_prefix.get("img", self.data_prefix.get("video", ""))
        path = osp.join(folder, video.name) if folder else video.name
        return dict(
            frame_dir=path,
            filename=path,
            filename_tmpl=self.filename_tmpl,
            total_frames=video.num_frames,
            start_index=self.start_index,
            modality=self.modality,
            offset=0,
            video_name=video.name,
        )

    def _tick_frames(self, video: VideoPools) -> np.ndarray:
        """First frames of all ticks; a video shorter than a snippet has one."""
        return tick_frames(max(video.num_frames, self.clip_len), self.clip_len, self.tick_interval)

    def _tick_chunks(self, skip: set[str]) -> list[TickChunk]:
        """The ticks of the videos in chunks of one video each, in order."""
        return [
            TickChunk(number, first, frames[first : first + self.chunk_size])
            for number, video in enumerate(self.pools)
            if video.name not in skip
            for frames in [self._tick_frames(video)]
            for first in range(0, len(frames), self.chunk_size)
        ]

    def _training_item(self, idx: int) -> dict:
        number = idx % len(self.pools)
        drawn = self._sampler.draw(number)
        packed = [self._proposal(video, interval) for video, interval, _ in drawn]
        sample = ActionDataSample()
        sample.set_field(torch.tensor([kind for *_, kind in drawn]), "proposal_kinds")
        labels = [int(self.pools[video].labels[interval]) for video, interval, _ in drawn]
        sample.set_field(torch.tensor(labels), "proposal_labels")
        targets = np.stack([self.pools[video].targets[interval] for video, interval, _ in drawn])
        kinds = np.array([kind for *_, kind in drawn])
        sample.set_field(torch.from_numpy(targets * (kinds == FOREGROUND)[:, None]), "regression_targets")
        scales = np.stack([each["data_samples"].metainfo["proposal_scales"] for each in packed])
        sample.set_field(torch.from_numpy(scales), "proposal_scales")
        sample.set_metainfo(dict(video_name=self.pools[number].name))
        return dict(inputs=torch.cat([each["inputs"] for each in packed]), data_samples=sample)

    def _proposal(self, number: int, interval: int) -> dict:
        info = self._video_info(number)
        info["proposal"] = self.pools[number].intervals[interval]
        packed = self.pipeline(info)
        if "view_boxes" in packed["data_samples"].metainfo:
            raise ValueError("crops of training proposals cannot be left to the device: on_device=False")
        if "proposal_scales" not in packed["data_samples"].metainfo:
            raise ValueError(
                "the pipeline of ProposalDataset needs SampleProposalFrames and "
                "PackActionInputs(meta_keys=('img_shape', 'proposal_scales'))"
            )
        return packed

    def _ticks(self, chunk: TickChunk) -> dict:
        video = self.pools[chunk.video]
        packed = self.pipeline(dict(self._video_info(chunk.video), ticks=chunk.frames))
        proposals = video.proposals if len(video.proposals) else np.array([[0, max(video.num_frames - 1, 1)]])
        packed["data_samples"].set_metainfo(
            dict(
                first_tick=chunk.first,
                num_ticks=len(self._tick_frames(video)),
                proposal_intervals=proposals / video.num_frames,
                instance_intervals=video.instances / video.num_frames,
                instance_labels=video.instance_labels - 1,
            )
        )
        return packed


@DATASETS.register_module()
class ActionnessDataset(ProposalDataset):
    """Proposals that show an action, or none, for a classifier of two classes.

    Training items are proposals: as many foreground and background ones of each video as ``counts`` says, drawn anew
    each time. In testing an item is a chunk of ticks, as in :class:`ProposalDataset`.

    Args:
        ann_file: proposal list in frames.
        pipeline: transforms; to train with ``SampleActionnessFrames``, to test with ``SampleTicks``.
        counts: proposals of a video in an epoch: foreground, incomplete (none), background.
        tick_interval: frames between ticks.
        options: further arguments of :class:`ProposalDataset`.

    Raises:
        FileNotFoundError: if there is no such list.
        ValueError: as :class:`ProposalDataset`.

    Source: SSN ``load_binary_score.py`` (``BinaryDataSet``), ``binary_train.py``.
    """

    thresholds = ACTIONNESS_THRESHOLDS

    def __init__(
        self,
        ann_file: str,
        pipeline: list,
        *,
        counts: Sequence[int] = (3, 0, 9),
        tick_interval: int = 5,
        epoch_multiplier: int = 1,
        **options: Any,
    ) -> None:
        super().__init__(
            ann_file,
            pipeline,
            counts=counts,
            tick_interval=tick_interval,
            epoch_multiplier=epoch_multiplier,
            **options,
        )
        self._kinds = [kind for kind, count in enumerate(self.counts) for _ in range(count)]
        if not self.test_mode:
            self._samplers = {
                kind: ProposalSampler(self.pools, np.eye(3, dtype=int)[kind]) for kind in set(self._kinds)
            }

    def __len__(self) -> int:
        return super().__len__() * (1 if self.test_mode else len(self._kinds))

    def check_labels(self, num_classes: int, *, labelled: bool = True) -> None:
        """Nothing: whatever the class, it is an action."""

    def video_of_item(self, idx: int) -> int:
        """Number of the video that an item belongs to."""
        return super().video_of_item(idx if self.test_mode else idx // len(self._kinds))

    def _training_item(self, idx: int) -> dict:
        kind = self._kinds[idx % len(self._kinds)]
        ((video, interval, _),) = self._samplers[kind].draw(self.video_of_item(idx))
        proposal = self.pools[video].intervals[interval]
        return self.pipeline(dict(self._video_info(video), proposal=proposal, label=int(kind == FOREGROUND)))
