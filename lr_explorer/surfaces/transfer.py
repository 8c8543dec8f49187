"""Transfer: a pretraining task and the fine-tuning task that begins where it ended.

A model of two layers that share the work: x stands for the pretrained backbone, y for a new head.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from lr_explorer.draws import Draws
from lr_explorer.params import number, whole
from lr_explorer.surfaces.base import SURFACES, Array
from lr_explorer.surfaces.data import LeastSquares

# Sixteen rows of two balanced features, so that every curvature is 1 …
_FEATURES = np.tile([[1.0, 1.0, -1.0, -1.0], [1.0, -1.0, 1.0, -1.0]], 4)
# … and the errors of their labels: sixteen normal numbers, a draw that is typical since it misleads each weight by one standard error, ¼.
_ERRORS = np.array([0.55, 0.22, -0.06, -2.32, 0.43, -2.13, 0.91, 0.61, 0.83, 0.83, 0.3, -0.54, -0.31, 1.51, -0.58, -0.23])


def _shift() -> Any:
    return number(
        0.1, -3.0, 3.0, "Shift Δ", "How far the task changed: the backbone is right at 1 + Δ before and at 1 after.", symbol=r"\Delta",
        slider=(0.0, 1.5),
    )  # fmt: skip


class _Task(LeastSquares):
    """What the two tasks have in common."""

    family = "Data"
    bounds = ((-3.0, 5.0), (-4.0, 4.0))

    @property
    def features(self) -> Array:
        return _FEATURES


@SURFACES.register("pretraining")
@dataclass(frozen=True)
class Pretraining(_Task):
    """The task before fine-tuning: labels without error that need the backbone at 1 + Δ and no head yet."""

    label = "Pretraining task"
    teaches = "what fine-tuning begins with"
    formula = r"f = \frac1{2n}\sum_i (x\,a_i + y\,b_i - w_i)^2,\quad w_i = (1 + \Delta)\,a_i"
    source = "Two features of 16 rows, each balanced between −1 and 1, made for this pair of surfaces."

    shift: float = _shift()

    start = (-2.0, 2.0)

    @cached_property
    def labels(self) -> Array:
        return (1.0 + self.shift) * _FEATURES[0]


@SURFACES.register("fine_tuning")
@dataclass(frozen=True)
class FineTuning(_Task):
    """Few rows of a new task, in which backbone and head should both be 1: the start is where pretraining ended, and the minimum overfits the labels.

    A smaller rate for the backbone keeps it from what the few labels get wrong, as long as the task changed little.
    """

    label = "Fine-tuning task"
    teaches = "a smaller rate for pretrained layers"
    formula = r"f = \frac1{2n}\sum_i (x\,a_i + y\,b_i - w_i)^2,\quad w_i = a_i + b_i + s\,\varepsilon_i,\quad (x_0, y_0) = (1 + \Delta, 0)"
    source = (
        "Made for this purpose after Howard & Ruder, Universal language model fine-tuning (2018); n = 16, one typical draw of ε. "
        "The loss on new rows is ½|(x, y) − (1, 1)|² and what their errors add."
    )

    shift: float = _shift()
    error: float = number(
        1.0, 0.0, 10.0, "Error of the labels s", "Standard deviation of what the 16 labels get wrong.", symbol="s", slider=(0.0, 2.0)
    )

    draw: int = whole(
        0, 0, 99_999, "Draw of the errors", "Names the errors: 0 is a typical draw, which misleads each weight by one standard error.",
        slider=(0, 99),
    )  # fmt: skip

    @property
    def start(self) -> tuple[float, float]:
        return (1.0 + self.shift, 0.0)

    @cached_property
    def labels(self) -> Array:
        return _FEATURES.sum(axis=0) + self.error * _errors(self.draw)


def _errors(draw: int) -> Array:
    """Return the errors of a draw by its number, (16,)."""
    return _ERRORS if draw == 0 else Draws(draw, [0], 0, len(_ERRORS) // 2).normals().ravel()
