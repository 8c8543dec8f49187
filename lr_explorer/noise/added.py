"""Noise that is added to the surface's gradient, of one shape or another."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from lr_explorer.draws import Draws
from lr_explorer.noise.base import NOISES, Array, Noise, Source
from lr_explorer.params import number
from lr_explorer.surfaces import Surface


class Added(Noise):
    """Noise added to the gradient; the mean over a larger batch has less of it.

    Subclasses say what they draw and what `error` it makes at a point.
    """

    def drawn(self, draws: Draws) -> Array:
        """Return what is drawn in each step, shape (steps, 2, replicates): by default standard normals."""
        return draws.normals()

    def error(self, surface: Surface, x: Array, grad: Array, drawn: Array) -> Array:
        """Return the error of the gradient `grad` at x, both (2, arms, replicates), from a step's draw (2, 1, replicates): by default the draw."""
        return drawn

    def shrinks(self, batch: Array) -> Array:
        """Return the factor on the error in a batch so many times as large."""
        return batch**-0.5

    def begins(self, surface: Surface, batch: Array) -> Source:
        # Multiplying by 1 would only cost time.
        factors = self.shrinks(batch)[:, :, None] if np.any(batch != 1) else None

        def seen(t: int, x: Array, drawn: Any, arms: slice) -> Array:
            grad = surface.gradient(x)
            error = self.error(surface, x, grad, drawn)
            return np.add(grad, error if factors is None else error * factors[t, arms], out=grad)

        return Source(lambda draws: self.drawn(draws)[:, :, None, :], seen)


def _on(axis: str) -> Any:
    return number(
        1.0, 0.0, 1e4, f"σ × on {axis}", f"Multiplies σ for the {axis} coordinate; 0 leaves that exact.", symbol=f"s_{axis}", scale="log",
        slider=(0.01, 100.0),
    )  # fmt: skip


@NOISES.register("gaussian")
@dataclass(frozen=True)
class Gaussian(Added):
    """The same normal noise everywhere: what a large mini-batch's gradient error looks like."""

    label = "Gaussian"
    formula = r"\tilde g_i = \partial_i f + \frac{\sigma s_i}{\sqrt B}\,\xi_i,\quad \xi \sim \mathcal N(0, I)"
    source = "Central limit theorem over a mini-batch; Mandt, Hoffman & Blei (2017)."

    sigma: float = number(
        0.0, 0.0, 1e4, "Noise σ", "Standard deviation of each gradient coordinate's error; 0 is full-batch.", symbol=r"\sigma", unit="loss / length",
        slider=(0.0, 5.0),
    )  # fmt: skip
    on_x: float = _on("x")
    on_y: float = _on("y")

    @property
    def is_silent(self) -> bool:
        return self.sigma * self.on_x == self.sigma * self.on_y == 0

    def drawn(self, draws: Draws) -> Array:
        normals = draws.normals()
        return np.multiply(self.sigma * np.array([[self.on_x], [self.on_y]]), normals, out=normals)


@NOISES.register("proportional")
@dataclass(frozen=True)
class Proportional(Added):
    """Normal noise as large as the gradient: it vanishes where that does, so a constant rate settles, as in interpolating models."""

    label = "Proportional to the gradient"
    formula = r"\tilde g = \nabla f + \frac{s\,\lVert\nabla f\rVert}{\sqrt B}\,\xi,\quad \xi \sim \mathcal N(0, I)"
    source = "The strong growth condition: Schmidt & Le Roux (2013); Ma, Bassily & Belkin (2018)."

    share: float = number(
        0.5, 0.0, 1e3, "Noise per gradient s", "Standard deviation of each coordinate's error, as a multiple of the gradient's length.", symbol="s",
        slider=(0.0, 3.0),
    )  # fmt: skip

    @property
    def is_silent(self) -> bool:
        return self.share == 0

    def error(self, surface: Surface, x: Array, grad: Array, drawn: Array) -> Array:
        return self.share * np.hypot(grad[0], grad[1]) * drawn


@NOISES.register("hessian")
@dataclass(frozen=True)
class HessianAligned(Added):
    """Normal noise whose covariance is the Hessian's: strong across sharp valleys, weak along flat ones, as measured in neural networks."""

    label = "Aligned with the Hessian"
    formula = r"\tilde g = \nabla f + \frac{s}{\sqrt B}\,\lvert H\rvert^{1/2}\,\xi,\quad \xi \sim \mathcal N(0, I)"
    source = "Zhu et al., The anisotropic noise in stochastic gradient descent (2019); |H| takes the curvatures without their signs."

    share: float = number(
        0.5, 0.0, 1e4, "Noise per √curvature s", "Standard deviation of the error where the curvature is 1; it grows with the curvature's root.",
        symbol="s", slider=(0.0, 3.0),
    )  # fmt: skip

    @property
    def is_silent(self) -> bool:
        return self.share == 0

    def error(self, surface: Surface, x: Array, grad: Array, drawn: Array) -> Array:
        hess = surface.hessian(x)
        # With H = m + r·[[cos, sin], [sin, −cos]] the curvatures are m ± r, and a function of H is the same with its own m and r.
        middle, half, cross = 0.5 * (hess[0, 0] + hess[1, 1]), 0.5 * (hess[0, 0] - hess[1, 1]), hess[0, 1]
        radius = np.hypot(half, cross)
        high, low = np.sqrt(np.abs(middle + radius)), np.sqrt(np.abs(middle - radius))
        # Where both curvatures agree every direction is as good, and the difference below is 0.
        per_radius = 0.5 * (high - low) / np.where(radius > 0, radius, 1.0)
        a, b, c = 0.5 * (high + low) + per_radius * half, per_radius * cross, 0.5 * (high + low) - per_radius * half
        error = np.empty_like(grad)
        error[0] = self.share * (a * drawn[0] + b * drawn[1])
        error[1] = self.share * (b * drawn[0] + c * drawn[1])
        return error


class HeavyTailed(Added):
    """Noise with tails like |x|^(−tail): the mean of B draws shrinks by B^(1/tail − 1) where the variance is infinite."""

    tail: float

    def shrinks(self, batch: Array) -> Array:
        return batch ** (1 / min(self.tail, 2.0) - 1)


@NOISES.register("student")
@dataclass(frozen=True)
class Student(HeavyTailed):
    """Noise with rare large jolts, in any direction alike: the fewer degrees of freedom, the larger and the rarer."""

    label = "Student-t"
    formula = r"\tilde g = \nabla f + \sigma B^{1/\min(\nu, 2) - 1}\,\xi,\quad \xi \sim t_\nu(0, I)"
    source = (
        "Bivariate Student-t by the polar method: Bailey, Mathematics of Computation 62 (1994). Its variance is σ²ν/(ν − 2), infinite up to ν = 2; "
        "what a batch of B leaves of it is exact for the variance, and for the tails where that is infinite."
    )

    sigma: float = number(
        1.0, 0.0, 1e4, "Scale σ", "Width of the bulk of the noise; as ν grows it becomes the standard deviation.", symbol=r"\sigma",
        unit="loss / length", slider=(0.0, 5.0),
    )  # fmt: skip
    tail: float = number(
        3.0, 1.0, 100.0, "Degrees of freedom ν", "How light the tails are: 1 is Cauchy's, 100 nearly normal.", symbol=r"\nu", scale="log",
        slider=(1.0, 30.0),
    )  # fmt: skip

    @property
    def is_silent(self) -> bool:
        return self.sigma == 0

    def drawn(self, draws: Draws) -> Array:
        share, turn = np.moveaxis(draws.uniforms(), 1, 0)
        radius = self.sigma * np.sqrt(self.tail * np.expm1(-2 / self.tail * np.log(share)))
        angle = 2 * np.pi * turn
        return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


@NOISES.register("stable")
@dataclass(frozen=True)
class Stable(HeavyTailed):
    """Noise whose jolts have no typical size: it leaps out of a well however high its walls, and the width of the well is what counts."""

    label = "α-stable"
    formula = r"\tilde g = \nabla f + \sigma B^{1/\alpha - 1}\,\xi,\quad \mathbb E\,e^{i k \xi_j} = e^{-\lvert k\rvert^\alpha}"
    source = (
        "Şimşekli, Sagun & Gürbüzbalaban (2019); drawn as Chambers, Mallows & Stuck (1976) say, each coordinate by itself. α = 2 is normal with "
        "standard deviation √2·σ, α = 1 Cauchy's, which no batch makes smaller; below 1 a larger batch has more noise."
    )

    sigma: float = number(0.5, 0.0, 1e4, "Scale σ", "Width of the bulk of the noise.", symbol=r"\sigma", unit="loss / length", slider=(0.0, 5.0))
    tail: float = number(
        1.5, 0.5, 2.0, "Stability index α", "How light the tails are: their size falls like the distance to the power −α.", symbol=r"\alpha",
        slider=(1.0, 2.0),
    )  # fmt: skip

    @property
    def is_silent(self) -> bool:
        return self.sigma == 0

    def drawn(self, draws: Draws) -> Array:
        # A word gives one number of this distribution, so each coordinate has a word of its own.
        return self.sigma * np.stack([self._stable(*np.moveaxis(draws.uniforms(number), 1, 0)) for number in range(2)], axis=1)

    def _stable(self, turn: Array, share: Array) -> Array:
        angle, wait = np.pi * (turn - 0.5), -np.log(share)
        spread = (np.cos((1 - self.tail) * angle) / wait) ** ((1 - self.tail) / self.tail)
        return np.sin(self.tail * angle) / np.cos(angle) ** (1 / self.tail) * spread
