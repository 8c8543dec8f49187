"""Rates that rise over the whole run, to find out what rate a run can bear."""

from dataclasses import dataclass

import numpy as np

from lr_explorer.params import choice, number
from lr_explorer.schedules.base import SCHEDULES, Array, Schedule

RISES = {"exponential": "by a constant factor", "linear": "by a constant amount"}


@SCHEDULES.register("range_test")
@dataclass(frozen=True)
class RangeTest(Schedule):
    """Rises from a tiny rate to the peak over the run: where the loss begins to fall, and where it blows up, bracket the usable rates."""

    label = "LR range test"
    family = "Tools"
    also_called = "LR finder, lr_find"
    use_when = "You look for a peak rate: read it a factor of three to ten below the rate at which the loss turns up."
    watch_for = (
        "The loss lags behind the rate: the faster the rise, the higher the rate that still looks fine. It is no schedule to train with, and "
        "code that divides the rise by n instead of n − 1 never tries its last rate."
    )
    formula = r"\eta_t = \eta_{\max}\,r^{\,1 - \frac{t}{T-1}}\ \text{ (linear: } \eta_{\max}\,(r + (1 - r)\tfrac{t}{T-1}))"
    source = "Smith (2017), Cyclical learning rates; fastai lr_find (1e-7 to 10 by a constant factor). Floor: cut off below it."
    floor_is_a_clip = True

    lowest: float = number(
        1e-4, 1e-12, 1.0, "First rate", "The first rate as a fraction of the peak, which is the last.", symbol="r", scale="log", slider=(1e-8, 1.0)
    )
    rise: str = choice("exponential", RISES, "Rise", "By a constant factor (fastai, Lightning's exponential) or by a constant amount.")

    def shape(self, update: Array, total: int) -> Array:
        # A run of one update tries the peak.
        share = update / (total - 1) if total > 1 else np.ones_like(update)
        return self.lowest ** (1 - share) if self.rise == "exponential" else self.lowest + (1 - self.lowest) * share

    def python(self, total: int) -> list[str]:
        if total == 1:
            return ["1.0"]
        share = "update / (total - 1)"
        return [f"lowest ** (1 - {share})" if self.rise == "exponential" else f"lowest + (1 - lowest) * {share}"]
