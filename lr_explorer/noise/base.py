"""What a noise model is: what a replicate draws in a step, and the gradient that an optimizer sees in place of the surface's."""

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lr_explorer.draws import Draws
from lr_explorer.params import Described
from lr_explorer.registry import Registry
from lr_explorer.surfaces import Surface

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Source:
    """A noise model at work on one surface.

    draw(draws): what is drawn in these steps, the first axis the step, the last the replicates. seen(t, x, drawn, arms): the gradient seen in
    step t, which drew `drawn`, by some of the arms at x, shape (2, arms, replicates), as a new array; arms: the slice of those that x is of.
    words: how many 64-bit words a replicate draws in a step; what takes many is drawn for fewer steps at a time.
    """

    draw: Callable[[Draws], NDArray[Any]]
    seen: Callable[[int, Array, NDArray[Any], slice], Array]
    words: int = 1


class Noise(Described):
    """A model of the difference between the gradient that an optimizer sees and the surface's."""

    @property
    @abstractmethod
    def is_silent(self) -> bool:
        """Whether it never changes a gradient."""

    @property
    def is_random(self) -> bool:
        """Whether replicates see different gradients."""
        return not self.is_silent

    @classmethod
    def refusal(cls, surface: Surface) -> str:
        """Return why this kind of noise cannot act on the surface, in words that continue its name; "" if it can."""
        return ""

    @abstractmethod
    def begins(self, surface: Surface, batch: Array) -> Source:
        """Return the noise at work on a surface that it does not refuse.

        batch: the batch of every update of every arm, in multiples of that which the noise's own parameters speak of, shape (steps, arms).
        """


NOISES: Registry[Noise] = Registry("noise")
