"""Dual TV-L1 optical flow on tensors, batched over pairs, for CPU and CUDA; no OpenCV with CUDA is needed.

The steps, their order and the parameters are those of OpenCV's ``DualTVL1OpticalFlow``. The algorithm amplifies
rounding: where a picture is ambiguous, a difference in the last bit can end in another flow. Hence results agree with
OpenCV's to 0.02 pixels on average over real clips rather than bit for bit; on a CPU, :mod:`tsn_plugin.ops.tvl1_numba`
gives the same bits.

Source: Zach, Pock and Bischof (DAGM 2007); Sanchez, Meinhardt-Llopis and Facciolo (IPOL 2013); OpenCV
``optflow/tvl1flow.cpp`` for pyramid, median filter and stopping.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor

from tsn_plugin.ops.median import median_5x5

#: no coarser level than this many pixels (OpenCV)
MIN_SIDE = 16
_EPSILON = torch.finfo(torch.float32).eps
_CHECK_EVERY = 5  # iterations between two looks at whether all pairs have converged, each of which waits for the device


@dataclass(frozen=True)
class TVL1Parameters:
    """Parameters of dual TV-L1 with OpenCV's names and defaults, on grey levels 0-255.

    Attributes:
        tau: time step of the dual variables.
        lambda_: weight of the data term; smaller is smoother.
        theta: tightness of the coupling between flow and its auxiliary variable.
        scales_number: levels of the pyramid at most.
        warpings_number: warps of the second image per level.
        epsilon: iterations stop when the mean squared change of the flow is below its square.
        inner_iterations: iterations between two median filters.
        outer_iterations: median filters per warp.
        scale_step: size of a level relative to the next finer one.
        median_filtering: 5, or 1 for no median filter.

    Raises:
        ValueError: for a value out of range.
    """

    tau: float = 0.25
    lambda_: float = 0.15
    theta: float = 0.3
    scales_number: int = 5
    warpings_number: int = 5
    epsilon: float = 0.01
    inner_iterations: int = 30
    outer_iterations: int = 10
    scale_step: float = 0.8
    median_filtering: int = 5

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if value <= 0:
                raise ValueError(f"{name}={value} must be positive")
        if self.scale_step >= 1:
            raise ValueError(f"scale_step={self.scale_step} must be below 1")
        if self.median_filtering not in (1, 5):
            raise ValueError(f"median_filtering={self.median_filtering} must be 5, or 1 for no median filter")

    def level_sizes(self, height: int, width: int) -> list[tuple[int, int]]:
        """Height and width of the pyramid's levels, finest first."""
        sizes = [(height, width)]
        while len(sizes) < self.scales_number:
            size = tuple(round(side * self.scale_step) for side in sizes[-1])  # halves to even, as OpenCV
            if min(size) < MIN_SIDE:
                break
            sizes.append(size)
        return sizes

    def threshold(self, num_pixels: int) -> float:
        """The sum of squared changes below which iterations stop."""
        return self.epsilon * self.epsilon * num_pixels


def dual_tvl1(
    previous: Tensor, current: Tensor, parameters: TVL1Parameters | None = None, *, compiled: bool = False
) -> Tensor:
    """Optical flow of each pair, float32 ``(N, 2, H, W)``: x and y in pixels, on the images' device.

    Args:
        previous: grey images ``(N, H, W)``, 0-255, uint8 or float.
        current: the images to which they moved.
        parameters: default: OpenCV's.
        compiled: fuse the inner loop with ``torch.compile``: some times faster on CUDA, after seconds of compiling.

    Raises:
        ValueError: if the images are not two batches of one shape, or too small.
    """
    if previous.ndim != 3 or previous.shape != current.shape or min(previous.shape[1:]) < 3:
        raise ValueError(
            f"images have the shapes {tuple(previous.shape)} and {tuple(current.shape)}; expected (N, H, W) twice, "
            "of at least 3 x 3 pixels"
        )
    parameters = parameters or TVL1Parameters()
    step = _compiled(_step) if compiled else _step
    median = _compiled(median_5x5) if compiled else median_5x5
    sizes = parameters.level_sizes(*previous.shape[1:])
    pyramid = [(previous[:, None].float(), current[:, None].float())]
    for size in sizes[1:]:
        pyramid.append(tuple(_resized(image, size, (1 / parameters.scale_step,) * 2) for image in pyramid[-1]))
    flow = torch.zeros(len(previous), 2, *sizes[-1], device=previous.device)
    for level in reversed(range(len(sizes))):
        flow = _solve_level(*pyramid[level], flow, parameters, step=step, median=median)
        if level:
            (height, width), finer = sizes[level], sizes[level - 1]
            flow = _resized(flow, finer, (height / finer[0], width / finer[1])) * (1 / parameters.scale_step)
    return flow


def _solve_level(
    previous: Tensor, current: Tensor, flow: Tensor, parameters: TVL1Parameters, *, step: Callable, median: Callable
) -> Tensor:
    """The flow ``(N, 2, h, w)`` of one level, from images ``(N, 1, h, w)`` and the coarser level's flow."""
    sources = torch.cat([current, _centered_gradient(current)], 1)
    duals = flow.new_zeros(len(flow), 2, 2, *flow.shape[-2:])  # of x and y flow: along x, along y
    for _ in range(parameters.warpings_number):
        warped, gradient = _warped(sources, flow).split((1, 2), dim=1)
        residual = warped - gradient[:, :1] * flow[:, :1] - gradient[:, 1:] * flow[:, 1:] - previous
        flow, duals = _solve_warp(flow, duals, gradient, residual, parameters, step=step, median=median)
    return flow


def _solve_warp(
    flow: Tensor,
    duals: Tensor,
    gradient: Tensor,
    residual: Tensor,
    parameters: TVL1Parameters,
    *,
    step: Callable,
    median: Callable,
) -> tuple[Tensor, Tensor]:
    """Iterate until each pair has converged; the batch shrinks to those that have not."""
    norm = gradient.square().sum(1, keepdim=True).clamp(min=_EPSILON)
    threshold = parameters.threshold(flow.shape[-1] * flow.shape[-2])
    constants = (parameters.lambda_ * parameters.theta, parameters.theta, parameters.tau / parameters.theta)
    alive = torch.arange(len(flow), device=flow.device)
    for _ in range(parameters.outer_iterations):
        state = [tensor[alive] for tensor in (flow, duals)]
        data = [tensor[alive] for tensor in (gradient, residual, norm)]
        if parameters.median_filtering == 5:
            state[0] = median(state[0])
        active = torch.ones(len(alive), 1, 1, 1, dtype=torch.bool, device=flow.device)
        for iteration in range(parameters.inner_iterations):
            *state, error = step(*state, *data, active, *constants)
            active = active & (error > threshold)
            if iteration % _CHECK_EVERY == _CHECK_EVERY - 1 and not active.any():
                break
        flow, duals = flow.index_copy(0, alive, state[0]), duals.index_copy(0, alive, state[1])
        alive = alive[active.flatten()]
        if not len(alive):
            break
    return flow, duals


def _step(
    flow: Tensor,
    duals: Tensor,
    gradient: Tensor,
    residual: Tensor,
    norm: Tensor,
    active: Tensor,
    reach: float,
    theta: float,
    time_step: float,
) -> tuple[Tensor, Tensor, Tensor]:
    """One iteration: the new flow and dual variables, and the sum of squared changes ``(N, 1, 1, 1)``.

    Pairs that are not ``active`` stay as they are.
    """
    rho = residual + (gradient * flow).sum(1, keepdim=True)
    moved = flow + (-rho / norm).clamp(-reach, reach) * gradient
    new_flow = moved + theta * _divergence(duals)
    error = (new_flow - flow).square().sum((1, 2, 3), keepdim=True)
    slopes = _forward_gradient(new_flow)
    new_duals = (duals + time_step * slopes) / (1 + time_step * slopes.square().sum(2, keepdim=True).sqrt())
    return torch.where(active, new_flow, flow), torch.where(active[:, None], new_duals, duals), error


def _divergence(duals: Tensor) -> Tensor:
    along_x, along_y = duals.unbind(2)
    return (along_x - F.pad(along_x[..., :-1], (1, 0))) + (along_y - F.pad(along_y[..., :-1, :], (0, 0, 1, 0)))


def _forward_gradient(flow: Tensor) -> Tensor:
    """Differences to the next pixel, ``(N, 2, 2, h, w)``: along x, along y; 0 at the far border."""
    along_x = F.pad(flow[..., 1:] - flow[..., :-1], (0, 1))
    along_y = F.pad(flow[..., 1:, :] - flow[..., :-1, :], (0, 0, 0, 1))
    return torch.stack([along_x, along_y], 2)


def _centered_gradient(image: Tensor) -> Tensor:
    """Half the difference of both neighbours, ``(N, 2, h, w)``: along x, along y; the border repeats its pixels."""
    padded = F.pad(image, (1, 1, 1, 1), mode="replicate")
    along_x = padded[..., 1:-1, 2:] - padded[..., 1:-1, :-2]
    along_y = padded[..., 2:, 1:-1] - padded[..., :-2, 1:-1]
    return 0.5 * torch.cat([along_x, along_y], 1)


def _warped(images: Tensor, flow: Tensor) -> Tensor:
    """``images`` at the places to which the flow points, bicubic, 0 outside: ``cv2.remap``'s ``INTER_CUBIC``."""
    height, width = flow.shape[-2:]
    flow = flow.double()  # in float32 the way to relative places and back would move them by up to 1e-5 pixels
    x = torch.arange(width, device=flow.device) + flow[:, 0]
    y = torch.arange(height, device=flow.device)[:, None] + flow[:, 1]
    grid = torch.stack([2 * x / (width - 1) - 1, 2 * y / (height - 1) - 1], -1)
    warped = F.grid_sample(images.double(), grid, mode="bicubic", padding_mode="zeros", align_corners=True)
    return warped.float()


def _resized(images: Tensor, size: tuple[int, int], scales: tuple[float, float]) -> Tensor:
    """``images (N, C, h, w)`` at ``size``, bilinear without smoothing; ``scales``: old pixels per new pixel."""
    for axis, target, scale in zip((-2, -1), size, scales):
        low, weight = _linear_taps(images.shape[axis], target, scale, images.device)
        high = (low + 1).clamp(max=images.shape[axis] - 1)
        weight = weight if axis == -1 else weight[:, None]
        images = images.index_select(axis, low) * (1 - weight) + images.index_select(axis, high) * weight
    return images


def _linear_taps(length: int, target: int, scale: float, device: torch.device) -> tuple[Tensor, Tensor]:
    """For each new pixel the old one before it, and the weight of the one behind."""
    places = (torch.arange(target, device=device, dtype=torch.float64) + 0.5) * scale - 0.5
    places = places.clamp(0, length - 1)
    low = places.floor()
    return low.long(), (places - low).float()


@cache
def _compiled(function: Callable) -> Callable:
    return torch.compile(function, dynamic=True)
