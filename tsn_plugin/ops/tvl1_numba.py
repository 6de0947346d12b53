"""Dual TV-L1 optical flow for one CPU core: bit for bit that of OpenCV's ``DualTVL1OpticalFlow``, six times faster.

OpenCV resizes, warps and filters; the inner iterations, where nearly all the time goes, are compiled here (Numba, extra
``flow``). A sweep over the rows updates flow and dual variables while they are in the cache, and every loop runs in
vector instructions. Each pixel goes through OpenCV's operations in OpenCV's order, without fused multiply-add; a change
of that order changes the flow (see :mod:`tsn_plugin.ops.tvl1`).

Source: OpenCV ``optflow/tvl1flow.cpp`` for the order of operations.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numba
import numpy as np

from tsn_plugin.ops.tvl1 import TVL1Parameters

Float = np.float32
Planes = tuple[np.ndarray, ...]
_TINY_GRADIENT = np.finfo(Float).eps
#: the quick sum of squared changes errs less than this share of it; nearer to the threshold the slow one decides
_SUM_DOUBT = Float(0.02)


def dual_tvl1_numba(previous: np.ndarray, current: np.ndarray, parameters: TVL1Parameters | None = None) -> np.ndarray:
    """Optical flow between two grey images uint8 ``(H, W)``: float32 ``(H, W, 2)``, x and y in pixels.

    Raises:
        ValueError: if the images differ in shape.
    """
    if previous.ndim != 2 or previous.shape != current.shape:
        raise ValueError(f"images have the shapes {previous.shape} and {current.shape}; expected (H, W) twice")
    parameters = parameters or TVL1Parameters()
    step = parameters.scale_step
    pyramid = [(previous.astype(Float), current.astype(Float))]
    for _ in parameters.level_sizes(*previous.shape)[1:]:
        pyramid.append(tuple(cv2.resize(image, None, fx=step, fy=step) for image in pyramid[-1]))
    flow = [np.zeros_like(pyramid[-1][0]) for _ in "xy"]
    for level in reversed(range(len(pyramid))):
        flow = _solve_level(*pyramid[level], flow, parameters)
        if level:
            size = pyramid[level - 1][0].shape[::-1]
            flow = [cv2.resize(component, size) * Float(1 / step) for component in flow]
    return cv2.merge(flow)


def _solve_level(
    previous: np.ndarray, current: np.ndarray, flow: list[np.ndarray], parameters: TVL1Parameters
) -> list[np.ndarray]:
    height, width = previous.shape
    rows, columns = np.arange(height, dtype=Float)[:, None], np.arange(width, dtype=Float)
    sources = [current, *_centered_gradient(current)]
    # one row and column more: behind the last pixel the flow repeats it, before the first the dual variables are 0
    padded_flow = tuple(cv2.copyMakeBorder(component, 0, 1, 0, 1, cv2.BORDER_REPLICATE) for component in flow)
    duals = tuple(np.zeros((height + 1, width + 1), Float) for _ in range(4))
    inner = [component[:height, :width] for component in padded_flow]
    for _ in range(parameters.warpings_number):
        places = columns + inner[0], rows + inner[1]
        warped, slope_x, slope_y = (cv2.remap(source, *places, cv2.INTER_CUBIC) for source in sources)
        norm = slope_x * slope_x + slope_y * slope_y
        residual = warped - slope_x * inner[0] - slope_y * inner[1] - previous
        _solve_warp(padded_flow, duals, (slope_x, slope_y, residual, norm), parameters)
    return [np.ascontiguousarray(component) for component in inner]


def _solve_warp(flow: Planes, duals: Planes, data: Planes, parameters: TVL1Parameters) -> None:
    height, width = data[0].shape
    threshold = Float(parameters.threshold(height * width))
    reach, time_step = parameters.lambda_ * parameters.theta, parameters.tau / parameters.theta
    constants = (Float(reach), Float(parameters.theta), Float(time_step), threshold)
    squares = np.empty((height, width), Float)
    for _ in range(parameters.outer_iterations):
        if parameters.median_filtering > 1:
            for component in flow:
                image = np.ascontiguousarray(component[:height, :width])
                component[:height, :width] = cv2.medianBlur(image, parameters.median_filtering)
        error = _iterate(flow, duals, data, squares, constants, parameters.inner_iterations)
        if error <= threshold:
            break


def _centered_gradient(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    padded = cv2.copyMakeBorder(image, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    along_x, along_y = padded[1:-1, 2:] - padded[1:-1, :-2], padded[2:, 1:-1] - padded[:-2, 1:-1]
    return Float(0.5) * along_x, Float(0.5) * along_y


def _compiled(**options: Any) -> Callable[[Callable], Callable]:
    """``numba.njit`` that keeps the machine code on disk, if there is a place for it."""

    def decorate(function: Callable) -> Callable:
        try:
            return numba.njit(cache=True, error_model="numpy", **options)(function)
        except RuntimeError:  # neither the package's folder nor the user's cache can be written
            return numba.njit(error_model="numpy", **options)(function)

    return decorate


@_compiled(inline="always")
def _data_step(rho: Float, norm: Float, reach: Float) -> Float:
    """How far the flow moves along the gradient to lower the data term."""
    share = -rho / norm
    share = share if norm > _TINY_GRADIENT else Float(0)
    share = -reach if rho > reach * norm else share
    return reach if rho < -(reach * norm) else share


@_compiled(inline="never")
def _update_flow_row(
    y: int, flow: Planes, duals: Planes, data: Planes, squares: np.ndarray, reach: Float, theta: Float
) -> None:
    u, v = flow[0][y], flow[1][y]
    ux, uy, uy_above = duals[0][y + 1], duals[1][y + 1], duals[1][y]
    vx, vy, vy_above = duals[2][y + 1], duals[3][y + 1], duals[3][y]
    slope_x, slope_y, residual, norm, changes = data[0][y], data[1][y], data[2][y], data[3][y], squares[y]
    for x in range(len(slope_x)):
        old_u, old_v, step_x, step_y = u[x], v[x], slope_x[x], slope_y[x]
        share = _data_step(residual[x] + (step_x * old_u + step_y * old_v), norm[x], reach)
        divergence_u = (ux[x + 1] - ux[x]) + (uy[x + 1] - uy_above[x + 1])
        divergence_v = (vx[x + 1] - vx[x]) + (vy[x + 1] - vy_above[x + 1])
        u[x] = (old_u + share * step_x) + theta * divergence_u
        v[x] = (old_v + share * step_y) + theta * divergence_v
        changes[x] = (u[x] - old_u) * (u[x] - old_u) + (v[x] - old_v) * (v[x] - old_v)


@_compiled()
def _mend_first_pixel(
    y: int, old: tuple, flow: Planes, duals: Planes, data: Planes, squares: np.ndarray, reach: Float, theta: Float
) -> None:
    """Pixel 0 of row ``y`` anew, from its ``old`` flow: its divergence is summed in another order there."""
    slopes = data[0][y, 0], data[1][y, 0]
    share = _data_step(data[2][y, 0] + (slopes[0] * old[0] + slopes[1] * old[1]), data[3][y, 0], reach)
    for i in range(2):
        divergence = (duals[2 * i][y + 1, 1] + duals[2 * i + 1][y + 1, 1]) - duals[2 * i + 1][y, 1]
        flow[i][y, 0] = (old[i] + share * slopes[i]) + theta * divergence
    change_u, change_v = flow[0][y, 0] - old[0], flow[1][y, 0] - old[1]
    squares[y, 0] = change_u * change_u + change_v * change_v


@_compiled(inline="never")
def _update_dual_row(
    flow: np.ndarray, flow_below: np.ndarray, dual_x: np.ndarray, dual_y: np.ndarray, time_step: Float
) -> None:
    for x in range(len(flow) - 1):
        slope_x, slope_y = flow[x + 1] - flow[x], flow_below[x] - flow[x]
        precise_x, precise_y = np.float64(slope_x), np.float64(slope_y)
        shrink = Float(1) + time_step * Float(np.sqrt(precise_x * precise_x + precise_y * precise_y))
        dual_x[x + 1] = (dual_x[x + 1] + time_step * slope_x) / shrink
        dual_y[x + 1] = (dual_y[x + 1] + time_step * slope_y) / shrink


@_compiled()
def _update_duals(y: int, flow: Planes, duals: Planes, time_step: Float) -> None:
    """The dual variables of row ``y``, whose next row of flow is known."""
    for i in range(2):
        _update_dual_row(flow[i][y], flow[i][y + 1], duals[2 * i][y + 1], duals[2 * i + 1][y + 1], time_step)


@_compiled(inline="never", fastmath={"reassoc"})
def _quick_sum(values: np.ndarray) -> Float:
    total = Float(0)
    for x in range(len(values)):
        total += values[x]
    return total


@_compiled(inline="never")
def _slow_sum(values: np.ndarray) -> Float:
    """The sum in OpenCV's order, one after the other in float32."""
    total = Float(0)
    for y in range(values.shape[0]):
        for x in range(values.shape[1]):
            total += values[y, x]
    return total


@_compiled()
def _iterate(
    flow: Planes, duals: Planes, data: Planes, squares: np.ndarray, constants: tuple, iterations: int
) -> Float:
    """Iterate until the flow changes less than the threshold; the last sum of squared changes.

    Args:
        flow: x and y, padded by a row and a column at the end.
        duals: of x along x and y, of y along x and y; padded by a row and a column at the beginning.
        data: gradient in x and y, residual, squared length of the gradient.
        squares: room for the squared changes.
        constants: reach of a data step, theta, time step, threshold.
        iterations: at most.
    """
    reach, theta, time_step, threshold = constants
    height, width = squares.shape
    error = Float(0)
    for _ in range(iterations):
        error = Float(0)
        for y in range(height):
            old = flow[0][y, 0], flow[1][y, 0]
            _update_flow_row(y, flow, duals, data, squares, reach, theta)
            if y > 0:
                _mend_first_pixel(y, old, flow, duals, data, squares, reach, theta)
            error += _quick_sum(squares[y])
            for i in range(2):
                flow[i][y, width] = flow[i][y, width - 1]
            if y > 0:
                _update_duals(y - 1, flow, duals, time_step)
        for i in range(2):
            flow[i][height] = flow[i][height - 1]
        _update_duals(height - 1, flow, duals, time_step)
        if abs(error - threshold) < _SUM_DOUBT * threshold:
            error = _slow_sum(squares)
        if error <= threshold:
            break
    return error
