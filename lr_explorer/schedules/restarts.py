"""Rates that fall, jump back up, and fall again."""

from dataclasses import dataclass

import numpy as np

from lr_explorer.params import whole
from lr_explorer.schedules.base import SCHEDULES, Array, Schedule, half_cosine


@SCHEDULES.register("cosine_restarts")
@dataclass(frozen=True)
class CosineRestarts(Schedule):
    """Cosine annealing that starts afresh: each restart kicks the iterate out, each fall yields another candidate solution (SGDR)."""

    label = "Cosine with warm restarts"
    family = "Cycles"
    formula = r"\eta_t = \tfrac12\,\eta_{\max}\left(1 + \cos\pi\frac{t_i}{T_i}\right),\quad T_i = T_0\,m^i"
    source = "Loshchilov & Hutter (2017); PyTorch CosineAnnealingWarmRestarts (T_0, T_mult, eta_min = floor · peak)."

    t_0: int = whole(100, 1, 1_000_000, "First cycle T₀", "Updates in the first cycle.", unit="updates", symbol="T_0", scale="log", slider=(2, 1000))
    t_mult: int = whole(
        1, 1, 10, "Cycle growth", "Each cycle is this many times as long as the one before (PyTorch's T_mult).", symbol="m", slider=(1, 4)
    )

    def shape(self, update: Array, total: int) -> Array:
        starts = self._cycle_starts(total)
        cycle = np.searchsorted(starts, update, side="right") - 1
        return half_cosine((update - starts[cycle]) / (float(self.t_0) * float(self.t_mult) ** cycle))

    def _cycle_starts(self, total: int) -> Array:
        """Return the update at which each cycle begins, as far as the run goes."""
        if self.t_mult == 1:
            return np.arange(0, total, self.t_0, dtype=float)
        starts, length = [0], self.t_0
        while starts[-1] + length < total:
            starts.append(starts[-1] + length)
            length *= self.t_mult
        return np.array(starts, dtype=float)
