"""Random numbers keyed by (seed, replicate, step).

What a replicate draws depends on these three alone – not on the arms, on how many replicates are asked for, on blocks or on the number
of steps – so all arms of a scenario see the same noise and any replicate can be computed by itself.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Replicates = Sequence[int] | NDArray[np.int64]
Words = NDArray[np.uint64]
Halves = tuple[NDArray[np.int32], NDArray[np.int32]]
Pair = tuple[NDArray[Any], NDArray[Any]]

GROUP = 64  # replicates that share a key; each has one 64-bit word of every number in a step
# Words that are drawn together, but of at least so many steps, since there is an effort to each group; and those that are made into values
# together, which with what is computed on the way stay in a processor's own cache.
_TOGETHER = 2**17
_LEAST_TOGETHER = 16
_PIECE = 2**15


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
        groups = np.array(sorted(set((wanted // GROUP).tolist())))
        columns = _in_a_row(np.searchsorted(groups, wanted // GROUP) * GROUP + wanted % GROUP)
        together = max(_LEAST_TOGETHER, _TOGETHER // (len(groups) * GROUP))
        values = np.empty((self.steps, 2, len(wanted)))
        for first in range(0, self.steps, together):
            words = self._words(groups, number, slice(first, min(first + together, self.steps)))
            rows = max(1, _PIECE // words.shape[1])
            for begin in range(0, len(words), rows):
                one, other = made(words[begin : begin + rows])
                some = slice(first + begin, first + begin + len(one))
                values[some, 0] = one[:, columns]
                values[some, 1] = other[:, columns]
        return values

    def _words(self, groups: NDArray[np.int64], number: int, some: slice) -> Words:
        """Return the raw words of some of the steps, shape (steps, 64 · groups).

        A group is always drawn whole, so that a value never depends on which of its neighbours were asked for.
        """
        steps = some.stop - some.start
        words = np.empty((steps, len(groups), GROUP), dtype=np.uint64)
        # One generator set to each group's place: to make a generator takes five times as long.
        bits = np.random.Philox(key=0)
        state: Any = bits.state
        # Philox yields four words a count, so a step of 64 words takes 16 counts.
        state["state"]["counter"][:] = [GROUP // 4 * (self.first + some.start), self.stream, number, 0]
        for place, group in enumerate(groups):
            state["state"]["key"][:] = [self.seed, group]
            bits.state = state
            words[:, place] = bits.random_raw(steps * GROUP).reshape(steps, GROUP)
        return words.reshape(steps, -1)


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
    one, other = (half.astype(np.float32) for half in _halves(words))
    one += 1
    other += 1
    one *= 2.0**-24
    other *= 2.0**-24
    return one, other


def _full_turns(words: Words) -> Pair:
    one, other = _upper_ends(words)
    return np.float32(2 * np.pi) * one, np.float32(2 * np.pi) * other


def _middles(words: Words) -> Pair:
    one, other = ((half.astype(float) + 0.5) * 2.0**-24 for half in _halves(words))
    return one, other


def _box_muller(words: Words) -> Pair:
    # In place: memory that is new to a processor's cache costs as much as computing with it.
    radius, angle = _upper_ends(words)
    np.log(radius, out=radius)
    radius *= -2
    np.sqrt(radius, out=radius)
    angle *= np.float32(2 * np.pi)
    one = np.cos(angle)
    one *= radius
    other = np.sin(angle, out=angle)
    other *= radius
    return one, other
