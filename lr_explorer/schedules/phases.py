"""Rates with named phases: rise, hold, fall."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lr_explorer.params import choice, flag, number
from lr_explorer.schedules.base import SCHEDULES, Array, Schedule, half_cosine


@SCHEDULES.register("wsd")
@dataclass(frozen=True)
class WSD(Schedule):
    """Warm-up, stable, decay: hold the peak for most of the run and fall only at its end, so the length need not be known at the start."""

    label = "WSD (warm-up, stable, decay)"
    family = "Phases"
    formula = r"\eta_t = \eta_{\max}\cdot\begin{cases}1 & t < T - D\\ g\!\left(\frac{t - (T - D)}{D}\right) & t \ge T - D\end{cases}"
    source = "Hu et al., MiniCPM (2024); Hägele et al. (2024) for 1 − √; Transformers get_wsd_schedule with min_lr_ratio = floor."

    decay: float = number(0.2, 0.0, 1.0, "Decay share", "Share of the whole run that the final fall takes.", symbol="D/T")
    decay_shape: str = choice(
        "linear", {"linear": "linear", "cosine": "cosine", "one_minus_sqrt": "1 − √"}, "Decay shape", "How the rate falls at the end."
    )

    def shape(self, update: Array, total: int) -> Array:
        # The share is of the whole run, warm-up included; where warm-up leaves less than that, the fall takes all that is left.
        falling = min(round(self.decay * (total + self.warmup)), total)
        share = np.clip((update - (total - falling)) / max(falling, 1), 0, 1)
        if self.decay_shape == "cosine":
            return half_cosine(share)
        return 1 - (np.sqrt(share) if self.decay_shape == "one_minus_sqrt" else share)


@SCHEDULES.register("one_cycle")
@dataclass(frozen=True)
class OneCycle(Schedule):
    """Up from a low rate to the peak, then down far below it, once. Its own rise is the warm-up; momentum is left as the optimizer has it."""

    label = "One-cycle"
    family = "Phases"
    formula = (
        r"\eta_t: \frac{\eta_{\max}}{d}\nearrow\eta_{\max}\searrow\frac{\eta_{\max}}{d\,d_f},"
        r"\quad\text{peak at } t = p_{\text{start}} T - 1,\ \text{end at } t = T - 1"
    )
    source = "Smith & Topin (2018); PyTorch OneCycleLR (pct_start, div_factor, final_div_factor, anneal_strategy, three_phase; cycle_momentum=False)."
    floor_is_a_clip = True

    pct_start: float = number(
        0.3, 0.0, 1.0, "Rising share", "Share of the cycle spent rising: a fraction, although PyTorch's name pct_start says per cent."
    )
    div_factor: float = number(
        25.0, 1.0, 1e6, "Start divisor", "The first rate is the peak divided by this (PyTorch's div_factor).", scale="log", slider=(1.0, 1000.0)
    )
    final_div_factor: float = number(
        1e4,
        1.0,
        1e12,
        "Final divisor",
        "The last rate is the first one divided by this (PyTorch's final_div_factor).",
        scale="log",
        slider=(1.0, 1e6),
    )
    anneal_strategy: str = choice("cos", {"cos": "cosine", "linear": "linear"}, "Curve", "How the phases are joined (PyTorch's anneal_strategy).")
    three_phase: bool = flag(False, "Three phases", "Fall back to the first rate symmetrically before the final fall, as in the paper.")

    def shape(self, update: Array, total: int) -> Array:
        low, last = 1 / self.div_factor, 1 / (self.div_factor * self.final_div_factor)
        rise = self.pct_start * total - 1
        if self.three_phase:
            knots = [(0.0, low), (rise, 1.0), (2 * rise, low), (total - 1.0, last)]
        else:
            knots = [(0.0, low), (rise, 1.0), (total - 1.0, last)]
        return _joined(update, knots, _cosine_ease if self.anneal_strategy == "cos" else _no_ease)


def _cosine_ease(share: Array) -> Array:
    return 1 - half_cosine(share)


def _no_ease(share: Array) -> Array:
    return share


def _joined(update: Array, knots: list[tuple[float, float]], ease: Callable[[Array], Array]) -> Array:
    """Return the curve through `knots` (update, fraction), each pair joined by `ease` (share 0…1 -> 0…1).

    As in PyTorch a phase ends with the update at its later knot, and a knot before the run's start is honoured.
    """
    (start, low), *rest = knots
    phases = []
    for end, high in rest:
        # A phase of no width, on which PyTorch divides by zero, is over at once.
        share = (update - start) / (end - start) if end != start else np.ones_like(update)
        phases.append((end, low + (high - low) * ease(share)))
        start, low = end, high
    curve = phases[-1][1]
    for end, values in reversed(phases[:-1]):
        curve = np.where(update <= end, values, curve)
    return curve
