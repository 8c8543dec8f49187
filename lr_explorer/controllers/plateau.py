"""Cut the rate when the loss has stopped falling."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from lr_explorer.controllers.base import CONTROLLERS, LEAST_CHANGE, Array, Control, Controller, Epoch, every_field, is_better
from lr_explorer.optimizers.base import Shape, stack
from lr_explorer.params import choice, number, whole


@CONTROLLERS.register("reduce_on_plateau")
@dataclass(frozen=True)
class ReduceOnPlateau(Controller):
    """Multiplied by a factor whenever the loss has not improved for a while: a step decay that places its own steps."""

    label = "Reduce on plateau"
    also_called = "ReduceLROnPlateau, validation loss"
    formula = r"\eta \leftarrow \max(\gamma\,\eta,\ \eta_{\min}),\quad\text{if epochs without a new best loss} > P"
    source = "PyTorch ReduceLROnPlateau (min_lr = floor · peak, eps = 1e-8); Keras ReduceLROnPlateau (min_delta = threshold with mode abs)."
    use_when = "You have a validation loss and no fixed budget: the rate falls when it has to."
    watch_for = "With noise the best loss is a lucky one, so that patience runs out although the run still improves; look at means over more updates."

    factor: float = number(0.1, 0.0, 1.0, "Factor γ", "What the rate is multiplied by at each cut.", symbol=r"\gamma")
    patience: int = whole(
        10, 0, 100_000, "Patience", "Epochs without improvement that are put up with; PyTorch cuts at one more, Keras at the last of them.",
        unit="epochs", symbol="P", slider=(0, 50),
    )  # fmt: skip
    threshold: float = number(
        1e-4, 0.0, 1e6, "Threshold", "How much lower than the best the metric must be to count as better.", scale="log", slider=(1e-6, 1.0)
    )
    threshold_mode: str = choice(
        "rel",
        {"rel": "relative", "abs": "absolute"},
        "Threshold is",
        "A share of the best loss, or a difference from it. As in PyTorch, below a loss of 0 a share makes it easier to be better, not harder.",
    )
    cooldown: int = whole(0, 0, 100_000, "Rest after a cut", "Epochs after a cut in which none is counted as bad.", unit="epochs", slider=(0, 50))
    every: int = every_field()
    convention: str = choice(
        "torch",
        {"torch": "PyTorch", "keras": "Keras"},
        "Counts as",
        "PyTorch cuts when more than `patience` epochs were bad; Keras when `patience` were, its rest is one epoch shorter, and once at the "
        "floor it neither cuts nor rests. A loss that is no number is bad for both.",
    )

    def structure(self) -> Hashable:
        return (super().structure(), self.every)

    @classmethod
    def begins(cls, arms: Sequence[Self], lanes: Shape, lowest: float) -> Control:
        return _Plateau(arms, lanes)


class _Plateau(Control):
    """best: the best metric so far. bad: epochs without a better one. resting: epochs still to rest; each (arms, replicates)."""

    def __init__(self, arms: Sequence[ReduceOnPlateau], lanes: Shape) -> None:
        super().__init__(arms, lanes)
        self._epoch = Epoch(arms[0].every, lanes)
        self._mode, self._is_keras = arms[0].threshold_mode, arms[0].convention == "keras"
        self._factor, self._patience, self._threshold, self._rest = (stack(arms, name) for name in ("factor", "patience", "threshold", "cooldown"))
        self.best = np.full(lanes[1:], np.inf)
        self.bad = np.zeros(lanes[1:], dtype=int)
        self.resting = np.zeros(lanes[1:], dtype=int)

    def follow(self, update: int, loss: Array, grad: Array) -> None:
        metric = self._epoch.closes(update, loss)
        if metric is None:
            return
        better = is_better(metric, self.best, self._threshold, self._mode)
        self.best = np.where(better, metric, self.best)
        rests = self.resting > 0
        self.resting = self.resting - rests
        lower = np.maximum(self.rate * self._factor, self.floor)
        if self._is_keras:
            # The epoch with which a rest ends is counted already, and where the rate cannot fall the count goes on.
            counts = ~better & (self.resting == 0)
            self.bad = np.where(better | rests, 0, self.bad) + counts
            cut = falls = counts & (self.bad >= self._patience) & (self.rate > self.floor)
        else:
            self.bad = np.where(better | rests, 0, self.bad + 1)
            cut = self.bad > self._patience
            falls = cut & (self.rate - lower > LEAST_CHANGE)
        self.rate = np.where(falls, lower, self.rate)
        self.resting = np.where(cut, self._rest, self.resting)
        self.bad = np.where(cut, 0, self.bad)
