"""Networks: losses of the smallest networks, whose minima form a line along which the curvature changes."""

from dataclasses import dataclass

from lr_explorer.params import number
from lr_explorer.surfaces.base import SURFACES, Array, Surface, paired, symmetric


@SURFACES.register("product")
@dataclass(frozen=True)
class Product(Surface):
    """Two linear layers of one weight each, which must multiply to a target: every point of a hyperbola is a minimum, with curvature x² + y².

    A rate above 2/λ of the nearest minimum throws the run along the hyperbola to a flatter one: a catapult.
    """

    label = "Two linear layers"
    family = "Networks"
    teaches = "catapult to flat minima; layers with rates of their own"
    formula = r"f = \tfrac12 (xy - k)^2"
    source = "Lewkowycz et al., The large learning rate phase of deep learning: the catapult mechanism (2020), arXiv 2003.02218."
    undeclared = "the hyperbola xy = k, where the loss is 0"

    target: float = number(
        1.0, 0.0, 10.0, "Target", "What the two weights must multiply to; at 0 the axes are the minima.", symbol="k", slider=(0.0, 4.0)
    )

    bounds = ((-6.0, 6.0), (-6.0, 6.0))
    minima = ()
    start = (4.0, 0.2)

    def value(self, point: Array) -> Array:
        x, y = point
        off = x * y - self.target
        return 0.5 * off * off

    def gradient(self, point: Array) -> Array:
        x, y = point
        off = x * y - self.target
        return paired(point, off * y, off * x)

    def hessian(self, point: Array) -> Array:
        x, y = point
        return symmetric(point, y * y, 2.0 * x * y - self.target, x * x)


@SURFACES.register("squared_product")
@dataclass(frozen=True)
class SquaredProduct(Surface):
    """Four layers of two shared weights: along its lines of minima the curvature falls until it fits the rate, the edge of stability.

    Four arms of two hyperbolas, x²y² = 1, are minima, with curvature 4(x² + y²).
    """

    label = "Edge of stability"
    family = "Networks"
    teaches = "a large rate settles where η·λ is just below 2"
    formula = r"f = \tfrac12\left(1 - x^2 y^2\right)^2"
    source = "Zhu et al., Understanding edge-of-stability training dynamics with a minimalist example (2022), arXiv 2210.03294."
    undeclared = "the hyperbolas xy = ±1, where the loss is 0"

    bounds = ((-5.0, 5.0), (-5.0, 5.0))
    minima = ()
    start = (4.0, 0.2)

    def value(self, point: Array) -> Array:
        x, y = point
        off = 1.0 - x * x * y * y
        return 0.5 * off * off

    def gradient(self, point: Array) -> Array:
        x, y = point
        push = -2.0 * (1.0 - x * x * y * y) * x * y
        return paired(point, push * y, push * x)

    def hessian(self, point: Array) -> Array:
        x, y = point
        both = x * x * y * y
        bend = 6.0 * both - 2.0
        return symmetric(point, bend * y * y, 4.0 * x * y * (2.0 * both - 1.0), bend * x * x)
