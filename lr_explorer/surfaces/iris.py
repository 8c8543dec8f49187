"""Logistic and linear regression of iris flowers: two losses of real data, with a point for each pair of weights."""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from lr_explorer.params import number
from lr_explorer.surfaces.base import SURFACES, Array, Minimum, paired, symmetric
from lr_explorer.surfaces.data import LeastSquares, LinearModel, total

# Length and width of the petals of fifty flowers of each species, in millimetres: Anderson's measurements as Fisher, The use of multiple
# measurements in taxonomic problems, Annals of Eugenics 7 (1936), printed them and R's `iris` has them; the table is in the public domain.
# (The UCI repository's copy differs in two setosas.)
_LENGTHS = (
    "14 14 13 15 14 17 14 15 14 15 15 16 14 11 12 15 13 14 17 15 17 15 10 17 19 "
    "16 16 15 14 16 16 15 15 14 15 12 13 14 13 15 13 13 13 16 19 14 16 14 15 14 "
    "47 45 49 40 46 45 47 33 46 39 35 42 40 47 36 44 45 41 45 39 48 40 49 47 43 "
    "44 48 50 45 35 38 37 39 51 45 45 47 44 41 40 44 46 40 33 42 42 42 43 30 41 "
    "60 51 59 56 58 66 45 63 58 61 51 53 55 50 51 53 55 67 69 50 57 49 67 49 57 "
    "60 48 49 56 58 61 64 56 51 56 61 56 55 48 54 56 51 51 59 57 52 50 52 54 51"
)
_WIDTHS = (
    "2 2 2 2 2 4 3 2 2 1 2 2 1 1 2 4 4 3 3 3 2 4 2 5 2 "
    "2 4 2 2 2 2 4 1 2 2 2 2 1 2 2 3 3 2 6 4 3 2 2 2 2 "
    "14 15 15 13 15 13 16 10 13 14 10 15 10 14 13 14 15 10 15 11 18 13 15 12 13 "
    "14 14 17 15 10 11 10 12 16 15 16 15 13 13 13 12 14 12 10 13 12 13 13 11 13 "
    "25 19 21 18 22 21 17 18 18 25 20 19 21 20 24 23 18 22 23 15 23 20 20 18 21 "
    "18 18 18 21 16 19 20 22 15 14 23 24 18 18 21 24 23 19 23 25 23 19 20 23 18"
)
_LENGTH, _WIDTH = (np.array(written.split(), dtype=float) / 10 for written in (_LENGTHS, _WIDTHS))  # centimetres


@SURFACES.register("iris_regression")
@dataclass(frozen=True)
class IrisRegression(LeastSquares):
    """A line through the petals of 150 flowers: with real labels a mini-batch's noise never ends, with interpolated ones it ends at the minimum."""

    label = "Iris regression"
    family = "Data"
    teaches = "mini-batches; whether noise at the minimum calls for a falling rate"
    formula = r"f = \frac1{2n}\sum_i (x\,l_i + y - w_i)^2,\quad w_i = \hat w_i + \tau\,(w_i^{\text{measured}} - \hat w_i)"
    source = "Petal lengths l and widths w in cm: Fisher, The use of multiple measurements in taxonomic problems, Annals of Eugenics 7 (1936)."

    mix: float = number(
        1.0, 0.0, 1.0, "Real labels", "1: the widths as measured. 0: those that the best line predicts, so that every flower is fitted exactly.",
        symbol=r"\tau",
    )  # fmt: skip

    bounds = ((-2.0, 2.0), (-2.0, 2.0))
    start = (-0.8, 1.0)

    @property
    def features(self) -> Array:
        return _LENGTH_AND_ONE

    @cached_property
    def labels(self) -> Array:
        return _FITTED + self.mix * (_WIDTH - _FITTED)


_LENGTH_AND_ONE = np.stack([_LENGTH, np.ones_like(_LENGTH)])
_FITTED = np.linalg.lstsq(_LENGTH_AND_ONE.T, _WIDTH)[0] @ _LENGTH_AND_ONE


class _Odds(LinearModel):
    """The odds of one species against another, from the width of a petal."""

    table: ClassVar["_Table"]

    @property
    def features(self) -> Array:
        return self.table.features

    @property
    def labels(self) -> Array:
        return self.table.labels

    def slope(self, prediction: Array, label: Array) -> Array:
        return _logistic(prediction) - label

    def value(self, point: Array) -> Array:
        x, y = point
        loss = np.zeros(np.shape(x))
        # One after another: all at once would take as many times the memory of the point.
        for width, sign, share in zip(*self.table.kinds, strict=True):
            loss = loss + share * np.logaddexp(0.0, -(width * x + sign * y))
        return loss

    def gradient(self, point: Array) -> Array:
        width, sign, share = self._kinds(point)
        wrong = share * _logistic(-(width * point[0] + sign * point[1]))
        return paired(point, -total(width * wrong), -total(sign * wrong))

    def hessian(self, point: Array) -> Array:
        width, sign, share = self._kinds(point)
        chance = _logistic(width * point[0] + sign * point[1])
        spread = share * chance * (1.0 - chance)
        return symmetric(point, total(width * width * spread), total(width * sign * spread), total(spread))

    def _kinds(self, point: Array) -> Array:
        """Return the table's kinds of rows along a first axis before those of the point's coordinates."""
        return self.table.kinds.reshape(3, -1, *[1] * (np.ndim(point) - 1))


@dataclass(frozen=True)
class _Table:
    """Flowers of two species.

    features: standardised width and 1, shape (2, flowers). labels: 1 for the second species, (flowers,). kinds: the different flowers – features,
    with the sign changed for the first species, and what share of all they are, (3, kinds): their loss is ln(1 + exp(−prediction)).
    """

    features: Array
    labels: Array
    kinds: Array

    @classmethod
    def of(cls, flowers: slice) -> "_Table":
        width, labels = _WIDTH[flowers], np.repeat([0.0, 1.0], 50)
        features = np.stack([(width - width.mean()) / width.std(), np.ones_like(width)])
        signed, count = np.unique(features * (2 * labels - 1), axis=1, return_counts=True)
        return cls(features, labels, np.concatenate([signed, [count / len(width)]]))


@SURFACES.register("iris_logistic")
@dataclass(frozen=True)
class IrisLogistic(_Odds):
    """The odds that a flower is a virginica and no versicolor, from its petal's width: from far away nearly straight, flat around the minimum."""

    label = "Iris logistic regression"
    family = "Data"
    teaches = "mini-batches on a loss whose curvature fades with the distance"
    formula = r"f = \frac1n\sum_i \ln\left(1 + e^{z_i}\right) - v_i z_i,\quad z_i = x\,u_i + y"
    source = (
        "Petal widths u, standardised, and species (v = 1 for the 50 virginicas, 0 for the 50 versicolors): "
        "Fisher, The use of multiple measurements in taxonomic problems, Annals of Eugenics 7 (1936)."
    )

    table = _Table.of(slice(50, 150))
    bounds = ((-8.0, 8.0), (-8.0, 8.0))
    start = (-6.0, 4.0)

    @property
    def minima(self) -> tuple[Minimum, ...]:
        return (self._best,)

    @cached_property
    def _best(self) -> Minimum:
        point = np.array([5.5, 0.6])
        for _ in range(6):  # Newton's method from close by doubles the digits each time
            point = point - np.linalg.solve(self.hessian(point), self.gradient(point))
        return Minimum((float(point[0]), float(point[1])), float(self.value(point)))


@SURFACES.register("iris_separable")
@dataclass(frozen=True)
class IrisSeparable(_Odds):
    """The odds that a flower is a versicolor and no setosa, which a width between always tells: the loss falls for ever, ever more slowly.

    What counts is how far the rates lead in total, so that reducing them costs the most here, and growing ones gain.
    """

    label = "Iris, separable"
    family = "Data"
    teaches = "a loss without a minimum, where the sum of the rates counts"
    formula = r"f = \frac1n\sum_i \ln\left(1 + e^{z_i}\right) - v_i z_i,\quad z_i = x\,u_i + y"
    source = (
        "Petal widths u, standardised, and species (v = 1 for the 50 versicolors, 0 for the 50 setosas): Fisher (1936). "
        "Soudry et al., The implicit bias of gradient descent on separable data (2018)."
    )
    undeclared = "no minimum: the loss falls towards 0 for ever, in the directions that separate the species"

    table = _Table.of(slice(0, 100))
    bounds = ((-4.0, 12.0), (-8.0, 8.0))
    minima = ()
    start = (-3.0, 3.0)


def _logistic(z: Array) -> Array:
    # By tanh, which does not overflow.
    return 0.5 + 0.5 * np.tanh(0.5 * z)
