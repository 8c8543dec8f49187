"""Gradient clipping: what an optimizer is handed in place of a gradient that is too long. A run says how often it bit."""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from lr_explorer.optimizers.base import Array, Mask, stack
from lr_explorer.params import Described, number
from lr_explorer.registry import Registry


def _limit(help: str) -> Any:
    return number(1.0, 1e-9, 1e9, "Clip at", help, symbol="c", unit="loss / length", scale="log", slider=(1e-2, 100.0))


class Clipping(Described):
    """A bound on the gradient that the optimizer is handed; noise counts, frozen coordinates do not."""

    @classmethod
    @abstractmethod
    def clip(cls, arms: Sequence[Self]) -> Callable[[Array], Mask] | None:
        """Return what clips gradients (coordinates, arms, replicates) in place and tells where it bit, (arms, replicates); None for nothing."""


CLIPPINGS: Registry[Clipping] = Registry("clipping")


@CLIPPINGS.register("none")
@dataclass(frozen=True)
class NoClipping(Clipping):
    """Hand the optimizer the gradient as it is."""

    label = "None"
    formula = r"g"
    source = "–"

    @classmethod
    def clip(cls, arms: Sequence[Self]) -> None:
        return None


@CLIPPINGS.register("norm")
@dataclass(frozen=True)
class ClipByNorm(Clipping):
    """Shorten a gradient that is longer than a bound and leave its direction: a cliff then throws no further than a slope."""

    label = "By norm"
    formula = r"g \leftarrow g\cdot\min\!\left(1,\ \frac{c}{\lVert g \rVert + 10^{-6}}\right)"
    source = "Pascanu, Mikolov & Bengio (2013); PyTorch clip_grad_norm_ (max_norm); Optax clip_by_global_norm is without the 1e-6."

    max_norm: float = _limit("The longest gradient that is handed on, over both coordinates (PyTorch's max_norm).")

    @classmethod
    def clip(cls, arms: Sequence[Self]) -> Callable[[Array], Mask]:
        bound = stack(arms, "max_norm")

        def clip(grad: Array) -> Mask:
            share = bound / (np.hypot(*grad) + 1e-6)
            np.multiply(grad, np.minimum(share, 1), out=grad)
            return share < 1

        return clip


@CLIPPINGS.register("value")
@dataclass(frozen=True)
class ClipByValue(Clipping):
    """Cut each coordinate of the gradient off at a bound: a long gradient also changes its direction, towards the diagonal."""

    label = "By value"
    formula = r"g_i \leftarrow \min(\max(g_i, -c), c)"
    source = "PyTorch clip_grad_value_ (clip_value); Optax clip; Keras clipvalue."

    clip_value: float = _limit("The largest absolute value of a gradient's coordinate that is handed on (PyTorch's clip_value).")

    @classmethod
    def clip(cls, arms: Sequence[Self]) -> Callable[[Array], Mask]:
        bound = stack(arms, "clip_value")

        def clip(grad: Array) -> Mask:
            bites = np.any(np.abs(grad) > bound, axis=0)
            np.minimum(np.maximum(grad, -bound), bound, out=grad)
            return bites

        return clip
