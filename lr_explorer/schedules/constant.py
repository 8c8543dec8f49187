"""The rate that does not change."""

from dataclasses import dataclass

import numpy as np

from lr_explorer.schedules.base import SCHEDULES, Array, Schedule


@SCHEDULES.register("constant")
@dataclass(frozen=True)
class Constant(Schedule):
    """The same rate throughout (after warm-up). The yardstick: whatever a schedule gains, it gains over this."""

    label = "Constant"
    family = "Constant"
    also_called = "ConstantLR"
    use_when = "As the baseline, for short experiments, or when the length of the run is not known and the iterates are averaged instead."
    watch_for = "Under noise the loss stalls at a floor that grows with the rate: only a lower rate or averaging gets below it."
    formula = r"\eta_t = \eta_{\max}"
    source = (
        "Robbins & Monro (1951) explain why it cannot converge under noise. PyTorch: no scheduler (its ConstantLR is a warm-up: a third of "
        "the rate for five updates)."
    )
    floor_is_a_clip = True

    def shape(self, update: Array, total: int) -> Array:
        return np.ones_like(update)

    def python(self, total: int) -> list[str]:
        return ["1.0"]
