"""Generated scenes: a patterned ball moves before a drifting background, and smaller squares distract.

What a scene shows is a pair: a colour, which grey values do not show, and a motion, which no single frame shows. All
colours have the same two brightness levels and the same kind of pattern; positions are on a torus (what leaves the
frame on one side comes in on the other) and start anywhere, so that the ball's place says nothing of its motion.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

#: Dark and bright RGB of a ball: brightness (ITU-R 601) 90 and 170 in all of them, within 1.
PALETTES: dict[str, tuple[tuple[int, int, int], tuple[int, int, int]]] = {
    "red": ((205, 42, 36), (255, 138, 111)),
    "green": ((22, 134, 44), (96, 224, 88)),
    "blue": ((46, 82, 248), (128, 178, 240)),
    "yellow": ((118, 92, 6), (232, 170, 9)),
}


@dataclass(frozen=True)
class Motion:
    """Direction (x, y) in which a ball moves, whether it turns, and whether the opposite is the same motion."""

    direction: tuple[int, int]
    turns: bool
    either_way: bool


#: None of them becomes another one in a mirror, so that clips may be flipped in training.
MOTIONS = {
    "rises": Motion((0, -1), turns=False, either_way=False),
    "sinks": Motion((0, 1), turns=False, either_way=False),
    "slides": Motion((1, 0), turns=False, either_way=True),
    "spins": Motion((0, 0), turns=True, either_way=True),
}


@dataclass(frozen=True)
class Sprite:
    """Something that moves.

    Attributes:
        image: ``(S, S, 3)`` float32, RGB 0-255.
        alpha: opacity ``(S, S)`` float32, 0-1.
        position: of its centre in frame 0, x and y in pixels.
        velocity: x and y in pixels per frame.
        angle: in frame 0, degrees.
        turn: degrees per frame.
    """

    image: np.ndarray
    alpha: np.ndarray
    position: np.ndarray
    velocity: np.ndarray
    angle: float
    turn: float


@dataclass(frozen=True)
class Scene:
    """All that is to be seen in one clip.

    Attributes:
        size: width and height in pixels.
        num_frames: length of the clip.
        canvas: background ``(H', W', 3)`` float32, larger than the frame by the way that the camera goes.
        drift: x and y in pixels per frame by which all that stands still moves in the picture.
        sprites: from back to front.
    """

    size: tuple[int, int]
    num_frames: int
    canvas: np.ndarray
    drift: np.ndarray
    sprites: tuple[Sprite, ...]

    def frame(self, time: int) -> np.ndarray:
        """Frame ``time``, ``(H, W, 3)`` uint8 RGB."""
        center = np.array(self.canvas.shape[1::-1]) / 2 - self.drift * (time - self.num_frames / 2)
        image = cv2.getRectSubPix(self.canvas, self.size, tuple(center.tolist()))
        for sprite in self.sprites:
            _draw(image, sprite, time)
        return np.rint(image).clip(0, 255).astype(np.uint8)


def make_scene(color: str, motion: str, rng: np.random.Generator) -> Scene:
    """A scene of a ball of ``color`` (a key of :data:`PALETTES`) that moves as ``motion`` (of :data:`MOTIONS`) says.

    All else is drawn from ``rng``: size 112-144 x 80-112, 24-60 frames, camera, background, distractors, pattern,
    place, speed.
    """
    width, height = int(rng.choice(range(112, 145, 8))), int(rng.choice(range(80, 113, 8)))
    num_frames = int(rng.integers(24, 61))
    drift = _random_direction(rng) * rng.uniform(0.2, 1.0)
    margin = num_frames + 8  # the drift is at most a pixel per frame
    canvas = 60 + 120 * _blobs(rng, width + margin, height + margin, blob=7)[..., None] * rng.uniform(0.8, 1.0, 3)
    sprites = [_square(rng, (width, height), drift) for _ in range(2)]
    sprites.append(_ball(rng, (width, height), drift, PALETTES[color], MOTIONS[motion]))
    return Scene((width, height), num_frames, canvas.astype(np.float32), drift, tuple(sprites))


def make_untrimmed_scene(
    size: tuple[int, int], num_frames: int, balls: Sequence[tuple[str, str]], rng: np.random.Generator
) -> tuple[Scene, list[Sprite]]:
    """A long scene without balls, and the balls, a colour and a motion each, to be put into it for a time."""
    drift = _random_direction(rng) * rng.uniform(0.05, 0.2)
    margin = num_frames // 4 + 8
    width, height = size
    canvas = 60 + 120 * _blobs(rng, width + margin, height + margin, blob=7)[..., None] * rng.uniform(0.8, 1.0, 3)
    squares = tuple(_square(rng, size, drift) for _ in range(2))
    sprites = [_ball(rng, size, drift, PALETTES[color], MOTIONS[motion]) for color, motion in balls]
    return Scene(size, num_frames, canvas.astype(np.float32), drift, squares), sprites


def _ball(
    rng: np.random.Generator,
    size: tuple[int, int],
    drift: np.ndarray,
    palette: tuple[tuple[int, int, int], tuple[int, int, int]],
    motion: Motion,
) -> Sprite:
    radius = rng.uniform(0.24, 0.32) * min(size)
    side = 2 * int(np.ceil(radius)) + 3
    ys, xs = np.mgrid[:side, :side] - (side - 1) / 2
    alpha = (radius + 0.5 - np.hypot(xs, ys)).clip(0, 1)
    dark, bright = np.array(palette, np.float32)
    image = dark + (bright - dark) * _blobs(rng, side, side, blob=5)[..., None]
    speed = rng.uniform(2.0, 3.2) * (rng.choice([-1, 1]) if motion.either_way else 1)
    turn = np.degrees(1.4 * speed / radius) * motion.turns  # the rim goes 1.4 times as fast as a ball that moves
    return Sprite(
        image.astype(np.float32),
        alpha.astype(np.float32),
        position=rng.uniform(0, size),
        velocity=drift + speed * np.array(motion.direction),
        angle=rng.uniform(0, 360),
        turn=float(turn),
    )


def _square(rng: np.random.Generator, size: tuple[int, int], drift: np.ndarray) -> Sprite:
    """A square in any colour, also in one of a ball, that goes anywhere at up to the speed of a ball."""
    side = int(rng.integers(10, 17))
    image = rng.uniform(30, 230, 3) * (0.6 + 0.4 * _blobs(rng, side, side, blob=3)[..., None])
    return Sprite(
        image.astype(np.float32),
        np.pad(np.ones((side - 2, side - 2), np.float32), 1),
        position=rng.uniform(0, size),
        velocity=drift + _random_direction(rng) * rng.uniform(0, 3),
        angle=0.0,
        turn=0.0,
    )


def _random_direction(rng: np.random.Generator) -> np.ndarray:
    angle = rng.uniform(0, 2 * np.pi)
    return np.array([np.cos(angle), np.sin(angle)])


def _blobs(rng: np.random.Generator, width: int, height: int, *, blob: int) -> np.ndarray:
    """A pattern of soft blobs about ``blob`` pixels wide, ``(height, width)`` float32 from 0 to 1."""
    noise = cv2.GaussianBlur(rng.standard_normal((height, width)).astype(np.float32), (0, 0), blob / 2.5)
    return (0.5 + 0.4 * (noise - noise.mean()) / noise.std()).clip(0, 1)


def _draw(image: np.ndarray, sprite: Sprite, time: int) -> None:
    """Draw ``sprite`` into ``image`` ``(H, W, 3)`` in place, as often as its parts show on the torus."""
    height, width = image.shape[:2]
    x, y = (sprite.position + sprite.velocity * time) % (width, height)
    for left in (x - width, x, x + width):
        for top in (y - height, y, y + height):
            _draw_at(image, sprite, np.array((left, top)), sprite.angle + sprite.turn * time)


def _draw_at(image: np.ndarray, sprite: Sprite, center: np.ndarray, angle: float) -> None:
    """Draw the part that lies in the image; only the box around the sprite is touched."""
    side = sprite.alpha.shape[0]
    left, top = np.maximum(np.floor(center - side / np.sqrt(2)), 0).astype(int)
    right, bottom = np.minimum(np.ceil(center + side / np.sqrt(2)), image.shape[1::-1]).astype(int)
    if left >= right or top >= bottom:
        return
    matrix = cv2.getRotationMatrix2D(((side - 1) / 2, (side - 1) / 2), angle, 1.0)
    matrix[:, 2] += center - (side - 1) / 2 - (left, top)
    box, size = image[top:bottom, left:right], (int(right - left), int(bottom - top))
    alpha = cv2.warpAffine(sprite.alpha, matrix, size)[..., None]
    colors = cv2.warpAffine(sprite.image, matrix, size, borderMode=cv2.BORDER_REPLICATE)
    box += alpha * (colors - box)
