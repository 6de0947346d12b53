"""Flow methods that run on a torch device, a batch of frame pairs at a time."""

from __future__ import annotations

import logging
import pickle
from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from torch._dynamo.exc import TorchDynamoException

from tsn_plugin.ops.flow_method import FlowMethod
from tsn_plugin.ops.tvl1 import TVL1Parameters, dual_tvl1
from tsn_plugin.structures.torch_files import load_torch_file


class _TensorFlow(FlowMethod):
    """What methods on a device share: prepared frames lie there, and flows come back as arrays."""

    def __init__(self, device: str, *, batch_size: int) -> None:
        self.device = _usable(device)
        self.batch_size = batch_size

    def flows(self, pairs: Sequence[tuple[Tensor, Tensor]]) -> list[np.ndarray]:
        """The flow of each pair of prepared frames."""
        previous, current = (torch.stack(frames) for frames in zip(*pairs))
        with torch.inference_mode():
            return list(self._batch(previous, current).permute(0, 2, 3, 1).cpu().numpy())

    @abstractmethod
    def _batch(self, previous: Tensor, current: Tensor) -> Tensor:
        """Flow ``(N, 2, H, W)`` of a batch."""


class TensorTVL1(_TensorFlow):
    """Dual TV-L1 on a device; see :func:`~tsn_plugin.ops.tvl1.dual_tvl1`.

    Args:
        device: torch device.
        parameters: default: OpenCV's.
        batch_size: pairs at a time.
        compiled: fuse the inner loop by ``torch.compile``; default: on CUDA, and if that fails, go on without.

    Raises:
        ValueError: if the device is not there.
    """

    def __init__(
        self,
        device: str,
        *,
        parameters: TVL1Parameters | None = None,
        batch_size: int = 32,
        compiled: bool | None = None,
    ) -> None:
        super().__init__(device, batch_size=batch_size)
        self.parameters = parameters
        self.compiled = self.device.type == "cuda" if compiled is None else compiled
        self._may_fall_back = compiled is None

    def prepare(self, frame: np.ndarray) -> Tensor:
        """The grey image uint8 ``(H, W)`` on the device."""
        return torch.from_numpy(super().prepare(frame)).to(self.device)

    def _batch(self, previous: Tensor, current: Tensor) -> Tensor:
        try:
            return dual_tvl1(previous, current, self.parameters, compiled=self.compiled)
        except TorchDynamoException as error:  # no C compiler, no Triton
            if not self._may_fall_back:
                raise
            logging.getLogger(__name__).warning("TV-L1 runs uncompiled, which is slower: %s", error)
            self.compiled = False
            return dual_tvl1(previous, current, self.parameters)


class RAFT(_TensorFlow):
    """RAFT (Teed and Deng, ECCV 2020) by torchvision's ``raft_large``.

    Args:
        device: torch device.
        weights: file of a state dict of ``raft_large``; default: torchvision's weights, which are downloaded.
        batch_size: pairs at a time.

    Raises:
        RuntimeError: if torchvision is not installed.
        ValueError: if the device is not there, or ``weights`` are those of another network.
    """

    #: sides are filled up to a multiple of 8, and to the least that the network takes
    _MULTIPLE, _MIN_SIDE = 8, 128

    def __init__(self, device: str, *, weights: str | None = None, batch_size: int = 4) -> None:
        super().__init__(device, batch_size=batch_size)
        self.network = _raft_network(weights).eval().to(self.device)

    def prepare(self, frame: np.ndarray) -> Tensor:
        """The RGB frame ``(3, H, W)`` on the device, from -1 to 1."""
        image = torch.from_numpy(np.ascontiguousarray(frame)).to(self.device)
        return image.permute(2, 0, 1).float() / 127.5 - 1

    def _batch(self, previous: Tensor, current: Tensor) -> Tensor:
        height, width = previous.shape[-2:]
        target_height, target_width = (self._padded(side) for side in (height, width))
        fill = (0, target_width - width, 0, target_height - height)
        images = (F.pad(image, fill, mode="replicate") for image in (previous, current))
        return self.network(*images)[-1][..., :height, :width]

    def _padded(self, side: int) -> int:
        return max(self._MIN_SIDE, -(-side // self._MULTIPLE) * self._MULTIPLE)


def _raft_network(weights: str | None) -> torch.nn.Module:
    try:
        from torchvision.models.optical_flow import Raft_Large_Weights, raft_large
    except ImportError as error:
        raise RuntimeError(
            "method='raft' needs the torchvision that belongs to the installed torch: pip install torchvision"
        ) from error
    if weights is None:
        return raft_large(weights=Raft_Large_Weights.DEFAULT)
    network = raft_large(weights=None)
    try:
        state: dict[str, Any] = load_torch_file(weights)
        network.load_state_dict(state)
    except (pickle.UnpicklingError, RuntimeError, TypeError, AttributeError) as error:
        raise ValueError(f"weights={weights!r} is no state dict of torchvision's raft_large: {error}") from error
    return network


def _usable(device: str) -> torch.device:
    try:
        chosen = torch.device(device)
        torch.empty(0, device=chosen)
    except (RuntimeError, AssertionError) as error:  # torch without CUDA asserts
        raise ValueError(f"device={device!r} cannot be used here ({error}); leave it out for the CPU") from error
    return chosen
