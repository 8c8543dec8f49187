"""Random numbers keyed by (seed, replicate, step).

What a replicate draws depends on these three alone – not on the arms, on how many replicates are asked for, on blocks or on the number
of steps – so all arms of a scenario see the same noise and any replicate can be computed by itself.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Replicates = Sequence[int] | NDArray[np.int64]
Words = NDArray[np.uint64]
Halves = tuple[NDArray[np.int32], NDArray[np.int32]]
Pair = tuple[NDArray[np.floating], NDArray[np.floating]]

GROUP = 64  # replicates that share a key; each has one 64-bit word of every number in a step


class Stream(IntEnum):
    """Independent sources of randomness under one seed."""

    GRADIENT = 0
    START = 1
    OPTIMIZER = 2  # what an update rule adds of its own


@dataclass(frozen=True)
class Draws:
    """What some replicates of a seed draw in `steps` steps from step `first`.

    In every step a replicate has as many 64-bit words as it asks for, told apart by `number`. Each gives two independent values, the second
    axis of all answers: (steps, 2, replicates).
    """

    seed: int
    replicates: Replicates
    first: int
    steps: int
    stream: Stream = Stream.GRADIENT

    def normals(self, number: int = 0) -> Array:
        """Return N(0, 1) draws. Box–Muller in float32: exact to 24 bits, with tails up to 5.8 standard deviations."""
        return self._pairs(number, _box_muller)

    def uniforms(self, number: int = 0) -> Array:
        """Return draws from (0, 1): the middles of 2²⁴ equal intervals."""
        return self._pairs(number, _middles)

    def angles(self, number: int = 0) -> Array:
        """Return draws from (0, 2π], exact to 24 bits."""
        return self._pairs(number, _full_turns)

    def _pairs(self, number: int, made: Callable[[Words], Pair]) -> Array:
        """Return what `made` makes of the words."""
        wanted = np.asarray(self.replicates, dtype=np.int64)
        values = np.empty((self.steps, 2, len(wanted)))
        for group in np.unique(wanted // GROUP):
            places = np.flatnonzero(wanted // GROUP == group)
            lanes, members = _in_a_row(places), _in_a_row(wanted[places] % GROUP)
            # A group is always drawn whole, so that a value never depends on which of its neighbours were asked for.
            one, other = made(self._words(int(group), number))
            values[:, 0, lanes] = one[:, members]
            values[:, 1, lanes] = other[:, members]
        return values

    def _words(self, group: int, number: int) -> Words:
        """Return the raw words of a group of 64 replicates, shape (steps, 64)."""
        # Philox yields four words a count, so a step of 64 words takes 16 counts.
        bits = np.random.Philox(key=np.array([self.seed, group], dtype=np.uint64), counter=[GROUP // 4 * self.first, self.stream, number, 0])
        return bits.random_raw(self.steps * GROUP).reshape(self.steps, GROUP)


def whole_groups(most: int) -> int:
    """Return how many replicates, at most so many, to have in a block: whole groups, or else half of one, a quarter, …, so that none is cut."""
    return most // GROUP * GROUP if most >= GROUP else 1 << (max(1, most).bit_length() - 1)


def start_angles(seed: int, replicates: Replicates) -> Array:
    """Return each replicate's uniform angle in (0, 2π] for a start drawn from a circle, shape (replicates,)."""
    return Draws(seed, replicates, 0, 1, Stream.START).angles()[0, 0]


def _in_a_row(places: NDArray[np.int64]) -> NDArray[np.int64] | slice:
    """Return places as a slice if they follow one another, since that is copied several times as fast."""
    first, last = int(places[0]), int(places[-1])
    return slice(first, last + 1) if np.array_equal(places, np.arange(first, last + 1)) else places


def _halves(words: Words) -> Halves:
    """Return two whole numbers below 2²⁴ for each word: what is highest in its upper and in its lower half."""
    # As signed numbers of 32 bits they become floats several times as fast as the words would.
    halves = (words.astype("<u8", copy=False).view("<u4") >> 8).view(np.int32).reshape(*words.shape, 2)
    return halves[..., 1], halves[..., 0]


def _upper_ends(words: Words) -> Pair:
    """Return two uniforms in (0, 1] for each word."""
    one, other = ((half.astype(np.float32) + np.float32(1)) * np.float32(2.0**-24) for half in _halves(words))
    return one, other


def _full_turns(words: Words) -> Pair:
    one, other = _upper_ends(words)
    return np.float32(2 * np.pi) * one, np.float32(2 * np.pi) * other


def _middles(words: Words) -> Pair:
    one, other = ((half.astype(float) + 0.5) * 2.0**-24 for half in _halves(words))
    return one, other


def _box_muller(words: Words) -> Pair:
    share, turn = _upper_ends(words)
    radius, angle = np.sqrt(np.float32(-2) * np.log(share)), np.float32(2 * np.pi) * turn
    return radius * np.cos(angle), radius * np.sin(angle)
