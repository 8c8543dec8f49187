"""Raise the rate while the loss improves, lower it when it does not."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from lr_explorer.controllers.base import CONTROLLERS, LEAST_CHANGE, Array, Control, Controller, Epoch, Mask, every_field, is_better
from lr_explorer.optimizers.base import Shape, stack
from lr_explorer.params import choice, flag, number, whole


@CONTROLLERS.register("greedy")
@dataclass(frozen=True)
class Greedy(Controller):
    """Divided by a factor while the loss keeps improving, multiplied by it on a plateau: it may rise far above where it began."""

    label = "GreedyLR"
    also_called = "GreedyLR"
    formula = (
        r"\eta \leftarrow \eta/\gamma \text{ after } > P \text{ good epochs in a row},\quad "
        r"\eta \leftarrow \gamma\,\eta \text{ after } > P \text{ bad ones}"
    )
    source = (
        "Transformers GreedyLR (arXiv 2512.14527): min_lr = floor · peak, max_lr = ceiling · peak, here by default 0 and 10, there 0.001 and 1 "
        "whatever the rate; eps = 1e-8."
    )
    use_when = "You do not know the rate, and the loss tells soon whether it was too high."
    watch_for = "It climbs until the loss stops improving, which on a steep surface is past the stable rate; the ceiling holds it back."

    factor: float = number(
        0.95, 0.01, 0.9999, "Factor γ", "The rate is divided by it when improving and multiplied by it on a plateau.", symbol=r"\gamma",
        slider=(0.5, 0.99),
    )  # fmt: skip
    patience: int = whole(
        10, 0, 100_000, "Patience", "The rate changes at the epoch after so many good ones in a row, or after so many bad ones.",
        unit="epochs", symbol="P", slider=(0, 50),
    )  # fmt: skip
    threshold: float = number(
        1e-6, 0.0, 1e6, "Threshold", "How much lower than the best the metric must be to count as better.", scale="log", slider=(1e-8, 1.0)
    )
    threshold_mode: str = choice(
        "abs",
        {"abs": "absolute", "rel": "relative"},
        "Threshold is",
        "A difference from the best loss, or a share of it, which below a loss of 0 makes it easier to be better, not harder.",
    )
    cooldown: int = whole(0, 0, 100_000, "Rest after a cut", "Epochs after a cut that are not looked at.", unit="epochs", slider=(0, 50))
    pause: int = whole(
        0,
        0,
        100_000,
        "Rest after a rise",
        "Epochs after a rise that are not looked at (Transformers calls it warmup).",
        unit="epochs",
        slider=(0, 50),
    )
    ceiling: float = number(10.0, 1.0, 1e6, "Ceiling", "The highest rate, as a multiple of the first one.", scale="log", slider=(1.0, 1000.0))
    smooth: bool = flag(False, "Smooth the metric", "Judge by the mean of the last epochs' metrics instead of the last one.")
    window_size: int = whole(
        50, 1, 1000, "Window", "How many epochs' metrics the smoothing takes the mean of.", unit="epochs", slider=(1, 100), needs="smooth"
    )
    reset_start: int = whole(
        500, 1, 100_000, "Starts over after", "Cuts asked for at the floor after which rate, best loss and all counts begin anew.",
        unit="cuts", scale="log", slider=(1, 1000),
    )  # fmt: skip
    every: int = every_field()

    def structure(self) -> Hashable:
        return (super().structure(), self.every, self.window_size)

    @classmethod
    def begins(cls, arms: Sequence[Self], lanes: Shape, lowest: float) -> Control:
        return _Greedy(arms, lanes)


class _Greedy(Control):
    """best: the best metric since the last start. bad, good: epochs in a row. resting: epochs still to rest. patient: cuts at the floor left.

    All are (arms, replicates).
    """

    def __init__(self, arms: Sequence[Greedy], lanes: Shape) -> None:
        super().__init__(arms, lanes)
        names = ("factor", "patience", "threshold", "cooldown", "pause", "reset_start")
        self._factor, self._patience, self._threshold, self._cooldown, self._pause, self._reset_start = (stack(arms, name) for name in names)
        self._ceiling = stack(arms, "ceiling") * self.peak
        self._mode = arms[0].threshold_mode
        self._epoch = Epoch(arms[0].every, lanes)
        self._window = _Window(arms[0].window_size, lanes) if arms[0].smooth else None
        self.best = np.full(lanes[1:], np.inf)
        self.bad, self.good, self.resting = (np.zeros(lanes[1:], dtype=int) for _ in range(3))
        self.patient = np.zeros(lanes[1:], dtype=int) + self._reset_start

    def follow(self, update: int, loss: Array, grad: Array) -> None:
        metric = self._epoch.closes(update, loss)
        if metric is None:
            return
        if self._window is not None:
            metric = self._window.mean_with(metric)
        looks = self.resting == 0
        better = is_better(metric, self.best, self._threshold, self._mode)
        self.best = np.where(looks & better, metric, self.best)
        self.good = np.where(looks & better, self.good + 1, 0)
        self.bad = np.where(looks & ~better, self.bad + 1, 0)
        rises, cuts = self.good > self._patience, self.bad > self._patience
        self.resting = np.where(rises, self._pause, np.where(cuts, self._cooldown, self.resting - ~looks))
        self.good, self.bad = np.where(rises, 0, self.good), np.where(cuts, 0, self.bad)
        self._move(rises, np.minimum(self.rate / self._factor, self._ceiling))
        self._move(cuts, np.maximum(self.rate * self._factor, self.floor))
        self.patient = np.where(rises, self._reset_start, self.patient - (cuts & (self.rate <= self.floor)))
        if np.any(self.patient <= 0):
            self._start_over(self.patient <= 0)

    def _move(self, where: Mask, rate: Array) -> None:
        self.rate = np.where(where & (np.abs(rate - self.rate) > LEAST_CHANGE), rate, self.rate)

    def _start_over(self, where: Mask) -> None:
        """Forget all but the rest after the cut that led here."""
        self.rate = np.where(where, self.peak, self.rate)
        self.best = np.where(where, np.inf, self.best)
        self.patient = np.where(where, self._reset_start, self.patient)
        if self._window is not None:
            self._window.empty(where)


class _Window:
    """The mean of the last metrics of every lane, as Transformers computes it: from a running sum."""

    def __init__(self, size: int, lanes: Shape) -> None:
        self._values = np.zeros((size, *lanes[1:]))
        self._sum = np.zeros(lanes[1:])
        self._count = np.zeros(lanes[1:], dtype=int)
        self._next = 0

    def mean_with(self, metric: Array) -> Array:
        size = len(self._values)
        # A place that has not been filled since the lane started over holds 0.
        self._sum = self._sum + metric - self._values[self._next]
        self._values[self._next] = metric
        self._next = (self._next + 1) % size
        self._count = np.minimum(self._count + 1, size)
        return self._sum / self._count

    def empty(self, where: Mask) -> None:
        self._values[:, where] = 0.0
        self._sum = np.where(where, 0.0, self._sum)
        self._count = np.where(where, 0, self._count)
