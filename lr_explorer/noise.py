"""Gradient-noise models, keyed by (seed, replicate, step).

What a lane draws depends on these three alone – not on the arms, on how many replicates are asked for, on blocks or on the number
of steps – so all arms of a scenario see the same noise and any replicate can be computed by itself.
"""

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from lr_explorer.params import Described, number
from lr_explorer.registry import Registry

Array = NDArray[np.float64]
Lanes = NDArray[np.int64]
Replicates = Sequence[int] | NDArray[np.int64]
Pairs = tuple[NDArray[np.float32], NDArray[np.float32]]

_GROUP = 64  # replicates that share a key; each takes one 64-bit word a step


class Stream(IntEnum):
    """Independent sources of randomness under one seed."""

    GRADIENT = 0
    START = 1


def _words(seed: int, group: int, first: int, steps: int, stream: Stream) -> NDArray[np.uint64]:
    """Return the raw words of 64 replicates for `steps` steps from `first`, shape (steps, 64)."""
    # Philox yields four words a count, so a step of 64 words takes 16 counts.
    bits = np.random.Philox(key=np.array([seed, group], dtype=np.uint64), counter=[_GROUP // 4 * first, stream, 0, 0])
    return bits.random_raw(steps * _GROUP).reshape(steps, _GROUP)


def _uniform_pairs(words: NDArray[np.uint64]) -> Pairs:
    """Return two uniforms in (0, 1] for each word, 24 bits each."""
    scale = np.float32(2.0**-24)
    high = ((words >> np.uint64(40)).astype(np.float32) + np.float32(1)) * scale
    low = ((words >> np.uint64(8) & np.uint64(0xFFFFFF)).astype(np.float32) + np.float32(1)) * scale
    return high, low


def _draws(seed: int, replicates: Replicates, first: int, steps: int, stream: Stream) -> Iterator[tuple[Lanes, Lanes, Pairs]]:
    """Yield for each group of 64: the lanes that it fills, their columns in it, and the group's uniforms, each of shape (steps, 64).

    A group is always drawn whole, so that a value never depends on which of its neighbours were asked for.
    """
    wanted = np.asarray(replicates, dtype=np.int64)
    for group in np.unique(wanted // _GROUP):
        lanes = np.flatnonzero(wanted // _GROUP == group)
        yield lanes, wanted[lanes] % _GROUP, _uniform_pairs(_words(seed, int(group), first, steps, stream))


def standard_normals(seed: int, replicates: Replicates, first: int, steps: int) -> Array:
    """Return independent N(0, 1) draws for steps first … first + steps − 1, shape (steps, 2, replicates).

    Box–Muller in float32: exact to 24 bits, with tails up to 5.8 standard deviations.
    """
    normals = np.empty((steps, 2, len(replicates)))
    for lanes, columns, (one, other) in _draws(seed, replicates, first, steps, Stream.GRADIENT):
        radius = np.sqrt(np.float32(-2) * np.log(one))
        angle = np.float32(2 * np.pi) * other
        normals[:, 0, lanes] = (radius * np.cos(angle))[:, columns]
        normals[:, 1, lanes] = (radius * np.sin(angle))[:, columns]
    return normals


def start_angles(seed: int, replicates: Replicates) -> Array:
    """Return each replicate's uniform angle in (0, 2π] for a start drawn from a circle, shape (replicates,)."""
    angles = np.empty(len(replicates))
    for lanes, columns, (share, _) in _draws(seed, replicates, 0, 1, Stream.START):
        angles[lanes] = 2 * np.pi * share[0, columns]
    return angles


class Noise(Described):
    """A model of the difference between the gradient that an optimizer sees and the surface's."""

    @property
    @abstractmethod
    def is_silent(self) -> bool:
        """Whether it never changes a gradient."""

    @abstractmethod
    def perturb(self, grad: Array, normals: Array) -> None:
        """Add one step's noise to `grad`, shape (2, arms, replicates), in place; `normals` has shape (2, 1, replicates)."""


NOISES: Registry[Noise] = Registry("noise")


@NOISES.register("gaussian")
@dataclass(frozen=True)
class Gaussian(Noise):
    """The same normal noise everywhere: what a large mini-batch's gradient error looks like."""

    label = "Gaussian"
    formula = r"\tilde g = \nabla f + \sigma\,\xi,\quad \xi \sim \mathcal N(0, I)"
    source = "Central limit theorem over a mini-batch; Mandt, Hoffman & Blei (2017)."

    sigma: float = number(
        0.0, 0.0, 1e4, "Noise σ", "Standard deviation of each gradient coordinate's error; 0 is full-batch.", symbol=r"\sigma", unit="loss / length",
        slider=(0.0, 5.0),
    )  # fmt: skip

    @property
    def is_silent(self) -> bool:
        return self.sigma == 0

    def perturb(self, grad: Array, normals: Array) -> None:
        np.add(grad, self.sigma * normals, out=grad)
