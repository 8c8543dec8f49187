"""Where a run begins."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np

from lr_explorer.draws import Array, Replicates, start_angles
from lr_explorer.params import Described, number
from lr_explorer.registry import Registry


def _coordinate(axis: str) -> Any:
    return number(
        0.0, -1e4, 1e4, f"Start {axis}", f"The {axis} coordinate of the start; click on the contour or drag its marker to set it.", symbol=f"{axis}_0"
    )


@dataclass(frozen=True)
class Start(Described):
    """A way of choosing the first point of each replicate, around (x, y)."""

    x: float = _coordinate("x")
    y: float = _coordinate("y")

    @property
    @abstractmethod
    def is_fixed(self) -> bool:
        """Whether every replicate begins at the same point."""

    @abstractmethod
    def points(self, seed: int, replicates: Replicates) -> Array:
        """Return the first point of each replicate, shape (2, replicates)."""


STARTS: Registry[Start] = Registry("start")


@STARTS.register("point")
@dataclass(frozen=True)
class Point(Start):
    """Every replicate begins at the same point."""

    label = "One point"
    formula = r"x_0 = (x, y)"
    source = "–"
    is_fixed = True

    def points(self, seed: int, replicates: Replicates) -> Array:
        return np.repeat([[self.x], [self.y]], len(replicates), axis=1)


@STARTS.register("circle")
@dataclass(frozen=True)
class Circle(Start):
    """Each replicate begins somewhere on a circle, drawn by (seed, replicate): no direction is favoured."""

    label = "On a circle"
    formula = r"x_0 = (x, y) + r\,(\cos\varphi, \sin\varphi),\quad \varphi \sim U(0, 2\pi)"
    source = "–"

    radius: float = number(1.0, 0.0, 1e4, "Start radius", "Distance of every start from the circle's centre.", symbol="r", slider=(0.0, 10.0))

    @property
    def is_fixed(self) -> bool:
        return self.radius == 0

    def points(self, seed: int, replicates: Replicates) -> Array:
        angles = start_angles(seed, replicates)
        return np.array([self.x + self.radius * np.cos(angles), self.y + self.radius * np.sin(angles)])
