"""Rates with named phases: rise, hold, fall."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate
from operator import mul

import numpy as np

from lr_explorer.params import choice, flag, number, whole
from lr_explorer.schedules.base import RAMPS, SCHEDULES, Array, Schedule, falling, falling_code, half_cosine, progress
from lr_explorer.schedules.decay import time_scale

CURVES = {"cos": "cosine", "linear": "linear"}
Knots = list[tuple[float, float]]


@SCHEDULES.register("wsd")
@dataclass(frozen=True)
class WSD(Schedule):
    """Warm-up, stable, decay: hold the peak for most of the run and fall only at its end, so the length need not be known at the start."""

    label = "WSD (warm-up, stable, decay)"
    family = "Phases"
    also_called = "trapezoid, MiniCPM, DeepSeek"
    use_when = "The length of the run is open: train on at the stable rate and branch off a decay whenever a result is needed."
    watch_for = "The loss looks poor until the decay, then drops; and a decay that is too short leaves part of that drop unused."
    formula = r"\eta_t = \eta_{\max}\,s(t)\cdot\begin{cases}1 & t < T - D\\ g\!\left(\frac{t - (T - D)}{D}\right) & t \ge T - D\end{cases}"
    source = (
        "Hu et al., MiniCPM (2024); Hägele et al. (2024) for 1 − √; Transformers get_wsd_schedule (min_lr_ratio = floor, and warmup_start "
        "too; its decay is a cosine by default, and begins within a warm-up that leaves less than it takes); timm WSDLRScheduler (stable_fn, "
        "stable_timescale, stable_power, decay_fn, decay_ratio); Megatron-LM (lr_wsd_decay_style)."
    )

    decay: float = number(0.2, 0.0, 1.0, "Decay share", "Share of the whole run that the final fall takes.", symbol="D/T")
    decay_shape: str = choice(
        "linear", RAMPS | {"one_minus_square": "1 − x²"}, "Decay shape",
        "How the rate falls at the end. Transformers: cosine unless told otherwise; timm: 1 − √; Megatron-LM: exponential with a ratio of 0.5.",
    )  # fmt: skip
    decay_ratio: float = number(
        0.1, 1e-6, 0.999, "Exponential ratio", "An exponential fall goes to this fraction and is shifted to end at the floor (timm's decay_ratio).",
        symbol="r", scale="log", slider=(0.001, 0.9),
    )  # fmt: skip
    stable: str = choice(
        "constant", {"constant": "constant", "inverse_sqrt": "inverse square root", "power": "inverse power"}, "Stable phase",
        "What the rate does before the fall, and through it (timm's stable_fn): it stays, or falls slowly as 1/√t or another power.",
    )  # fmt: skip
    timescale: int = whole(
        0, 0, 1_000_000, "Time scale τ",
        "Of a falling stable phase, (1 + t/τ)^(−q). 0: the warm-up, as in timm, or 10,000 without one.",
        unit="updates", symbol=r"\tau", slider=(0, 10_000),
    )  # fmt: skip
    exponent: float = number(0.5, 0.0, 10.0, "Power q", "Of an inverse-power stable phase (timm's stable_power).", symbol="q", slider=(0.0, 2.0))

    def shape(self, update: Array, total: int) -> Array:
        return self._stable(update) * self._decay(update, total)

    def floored(self, update: Array, total: int) -> Array:
        # As in timm the stable phase stops at the floor, and the decay goes from there to the floor.
        return self.floor + (np.maximum(self._stable(update), self.floor) - self.floor) * self._decay(update, total)

    def python(self, total: int) -> list[str]:
        decay = self._decay_code(total)
        if self.stable == "constant":
            return decay
        return [*decay[:-1], f"{self._stable_code()} * ({decay[-1]})"]

    def floored_python(self, total: int) -> list[str]:
        if self.stable == "constant" or not self.floor:
            return super().floored_python(total)
        *before, decay = self._decay_code(total)
        return [*before, f"floor + (max({self._stable_code()}, floor) - floor) * ({decay})"]

    def _stable_code(self) -> str:
        return f"(1 + update / {time_scale(self)}) ** -{'0.5' if self.stable == 'inverse_sqrt' else 'exponent'}"

    def _decay_code(self, total: int) -> list[str]:
        length = self._decay_length(total)
        if not length:
            return ["1.0"]
        return [f"fall = {length}", "share = max(update - (total - fall), 0) / fall", falling_code(self.decay_shape, "share", self.decay_ratio)]

    def _stable(self, update: Array) -> Array:
        if self.stable == "constant":
            return np.ones_like(update)
        return (1 + update / time_scale(self)) ** -(0.5 if self.stable == "inverse_sqrt" else self.exponent)

    def _decay_length(self, total: int) -> int:
        # The share is of the whole run, warm-up included; where warm-up leaves less than that, the fall takes all that is left.
        return min(round(self.decay * (total + self.warmup)), total)

    def _decay(self, update: Array, total: int) -> Array:
        length = self._decay_length(total)
        return falling(self.decay_shape, np.clip((update - (total - length)) / max(length, 1), 0, 1), self.decay_ratio)


@SCHEDULES.register("flat_cosine")
@dataclass(frozen=True)
class FlatCosine(Schedule):
    """Hold the peak for most of the run, then half a cosine wave down: fastai's companion of new optimizers."""

    label = "Flat, then cosine"
    family = "Phases"
    also_called = "fit_flat_cos, fastai"
    use_when = "You train with an optimizer that profits from a long time at the peak, as fastai does with Ranger."
    watch_for = "The share is of the updates after warm-up; and fastai ends at the peak divided by 100,000, a floor of 1e-5 here."
    formula = r"\eta_t = \eta_{\max}\cdot\begin{cases}1 & p < f\\ \tfrac12\left(1 + \cos\pi\frac{p - f}{1 - f}\right) & p \ge f\end{cases}"
    source = "fastai fit_flat_cos (pct_start = flat, div_final = 1/floor)."

    flat: float = number(0.75, 0.0, 1.0, "Flat share", "Share of the updates after warm-up that keep the peak (fastai's pct_start).", symbol="f")

    def shape(self, update: Array, total: int) -> Array:
        return half_cosine(_after(self.flat, progress(update, total)))

    def python(self, total: int) -> list[str]:
        if self.flat == 1:
            return ["1.0"]
        return ["share = max(update / total - flat, 0) / (1 - flat)", "0.5 * (1 + math.cos(math.pi * share))"]


@SCHEDULES.register("knee")
@dataclass(frozen=True)
class Knee(Schedule):
    """Explore at the peak, then exploit: hold it for a share of the run, then fall in a straight line to the floor."""

    label = "Knee (explore, exploit)"
    family = "Phases"
    use_when = "You suspect that a long time at a high rate finds wider minima, and want to cut the run shorter than the usual recipe."
    watch_for = "The shorter the fall, the noisier the result; half of the run for each phase is the paper's usual choice."
    formula = r"\eta_t = \eta_{\max}\cdot\begin{cases}1 & p < f\\ \frac{1 - p}{1 - f} & p \ge f\end{cases}"
    source = (
        "Iyer et al., Wide-minima density hypothesis and the explore-exploit learning rate schedule (2023); Transformers get_wsd_schedule "
        "with decay_type linear has the same form."
    )

    flat: float = number(0.5, 0.0, 1.0, "Exploring share", "Share of the updates after warm-up that keep the peak.", symbol="f")

    def shape(self, update: Array, total: int) -> Array:
        return 1 - _after(self.flat, progress(update, total))

    def python(self, total: int) -> list[str]:
        return ["1.0"] if self.flat == 1 else ["1 - max(update / total - flat, 0) / (1 - flat)"]


@SCHEDULES.register("slanted_triangular")
@dataclass(frozen=True)
class SlantedTriangular(Schedule):
    """A short steep rise and a long straight fall, for fine-tuning a language model without forgetting (ULMFiT)."""

    label = "Slanted triangular"
    family = "Phases"
    also_called = "ULMFiT, STLR"
    use_when = "You fine-tune a pretrained model and want to move quickly to a good region, then settle slowly."
    watch_for = "Its own rise is a warm-up already: another one in front of it starts at a fraction of the first rate."
    formula = r"\eta_t = \eta_{\max}\,\frac{1 + p\,(r - 1)}{r},\quad p = \begin{cases}t/c & t < c\\ 1 - \frac{t - c}{T - c} & t \ge c\end{cases}"
    source = (
        "Howard & Ruder, ULMFiT (2018), cut_frac and ratio. For the fall the paper divides by c(1/cut_frac − 1), which is T − c but for "
        "rounding, and with rounding can go below 0; AllenNLP's SlantedTriangular divides by T − c, as here."
    )
    floor_is_a_clip = True

    cut: float = number(
        0.1, 0.0, 1.0, "Rising share", "Share of the updates after warm-up that rise, rounded down to whole ones (cut_frac).", symbol="c/T"
    )
    ratio: float = number(
        32.0, 1.0, 1e6, "Ratio", "How much smaller the lowest rate is than the peak.", symbol="r", scale="log", slider=(1.0, 1000.0)
    )

    def shape(self, update: Array, total: int) -> Array:
        top = np.floor(self.cut * total)
        share = np.where(update < top, update / max(top, 1), 1 - (update - top) / max(total - top, 1))
        return (1 + share * (self.ratio - 1)) / self.ratio

    def python(self, total: int) -> list[str]:
        top = math.floor(self.cut * total)
        rise, fall = f"update / {top}", f"1 - (update - {top}) / (total - {top})" if top else "1 - update / total"
        # Without a rise the run begins at the top, without a fall it is all rise.
        share = fall if not top else rise if top == total else f"{rise} if update < {top} else {fall}"
        return [f"share = {share}", "(1 + share * (ratio - 1)) / ratio"]


@SCHEDULES.register("one_cycle")
@dataclass(frozen=True)
class OneCycle(Schedule):
    """Up from a low rate to the peak, then down far below it, once. Its own rise is the warm-up.

    On request the momentum goes the other way: high where the rate is low, low at the peak.
    """

    label = "One-cycle"
    family = "Phases"
    also_called = "1cycle, super-convergence, OneCycleLR, fastai fit_one_cycle"
    use_when = "A model should train fast at a rate that would be too high to start with (super-convergence)."
    watch_for = (
        "PyTorch's scheduler ignores the optimizer's rate, refuses an update past the last and divides by zero where pct_start · steps is exactly 1."
    )
    formula = (
        r"\eta_t: \frac{\eta_{\max}}{d}\nearrow\eta_{\max}\searrow\frac{\eta_{\max}}{d\,d_f},"
        r"\quad\text{peak at } t = p_{\text{start}} T - 1,\ \text{end at } t = T - 1"
    )
    source = (
        "Smith & Topin (2018); PyTorch OneCycleLR (pct_start, div_factor, final_div_factor, anneal_strategy, three_phase, cycle_momentum, "
        "base_momentum, max_momentum); Optax cosine_onecycle_schedule and linear_onecycle_schedule (pct_final); fastai fit_one_cycle (div, "
        "div_final, moms)."
    )
    floor_is_a_clip = True

    pct_start: float = number(
        0.3, 0.0, 1.0, "Rising share", "Share of the cycle spent rising: a fraction, although PyTorch's name pct_start says per cent. fastai: 0.25."
    )
    div_factor: float = number(
        25.0, 1.0, 1e6, "Start divisor", "The first rate is the peak divided by this (PyTorch's div_factor, fastai's div).",
        scale="log", slider=(1.0, 1000.0),
    )  # fmt: skip
    final_div_factor: float = number(
        1e4, 1.0, 1e12, "Final divisor",
        "The last rate is the first one divided by this (PyTorch's and Optax's final_div_factor); "
        "in fastai (div_final, 1e5) it is the peak divided by this.",
        scale="log", slider=(1.0, 1e6),
    )  # fmt: skip
    anneal_strategy: str = choice("cos", CURVES, "Curve", "How the phases are joined (PyTorch's anneal_strategy; fastai's is a cosine).")
    three_phase: bool = flag(
        False, "Three phases",
        "Fall back to the first rate symmetrically before the final fall, as in the paper. "
        "Optax decides by the curve: linear has three phases, cosine two.",
    )  # fmt: skip
    convention: str = choice(
        "torch", {"torch": "PyTorch", "optax": "Optax", "fastai": "fastai"}, "Convention",
        "When phases end: in PyTorch the peak is at update pct_start · T − 1 and the end is the last update; "
        "in Optax and fastai the peak is at pct_start · T (Optax rounds down) and the end is one update past the last.",
    )  # fmt: skip
    pct_final: float = number(
        0.85, 0.0, 1.0, "Back at the first rate", "In Optax's linear one-cycle: share of the cycle until the first rate is reached again."
    )
    cycle_momentum: bool = flag(
        False, "Cycle the momentum", "Move momentum (Adam's β₁) against the rate; PyTorch and fastai do so unless told otherwise, Optax never."
    )
    base_momentum: float = number(0.85, 0.0, 1.0, "Lowest momentum", "Momentum where the rate is at its peak.", needs="cycle_momentum")
    max_momentum: float = number(0.95, 0.0, 1.0, "Highest momentum", "Momentum where the rate is low.", needs="cycle_momentum")

    def shape(self, update: Array, total: int) -> Array:
        return _joined(update, self._knots(total), self._ease)

    def python(self, total: int) -> list[str]:
        return _joined_code(self._knots(total), total, self.anneal_strategy)

    def momentum_shape(self, update: Array, total: int) -> Array | None:
        if not self.cycle_momentum:
            return None
        high, low = self.max_momentum, self.base_momentum
        # Along the same phases: high, low at the peak, and high ever after.
        knots = [(end, low if i == 1 else high) for i, (end, _) in enumerate(self._knots(total))]
        return _joined(update, knots, self._ease)

    def _knots(self, total: int) -> Knots:
        """Return the updates at which phases end, and the fractions of the peak there."""
        low = 1 / self.div_factor
        if self.convention == "optax":
            return self._optax_knots(total, low)
        # PyTorch counts to the last update of a phase, fastai to the first of the next.
        counted = 1 if self.convention == "torch" else 0
        last = 1 / (self.div_factor * self.final_div_factor) if self.convention == "torch" else 1 / self.final_div_factor
        rise = self.pct_start * total - counted
        back = [(2 * rise, low)] if self.three_phase else []
        return [(0.0, low), (rise, 1.0), *back, (float(total - counted), last)]

    def _optax_knots(self, total: int, low: float) -> Knots:
        """Return what Optax makes of its dictionary from update to scale: it multiplies the scales up, and of two for one update keeps the later."""
        if self.anneal_strategy == "cos":
            scales = {int(self.pct_start * total): self.div_factor, total: 1 / (self.div_factor * self.final_div_factor)}
        else:
            rise, back = int(self.pct_start * total), int(self.pct_final * total)
            scales = {rise: self.div_factor, back: 1 / self.div_factor, total: 1 / self.final_div_factor}
        ends = sorted(scales)
        return list(zip([0.0, *map(float, ends)], accumulate([low, *(scales[end] for end in ends)], mul), strict=True))

    def _ease(self, share: Array) -> Array:
        return 1 - half_cosine(share) if self.anneal_strategy == "cos" else share


@SCHEDULES.register("swalr")
@dataclass(frozen=True)
class SWALR(Schedule):
    """Hold the peak, move to a second, constant rate and stay there while the weights are averaged (SWA)."""

    label = "SWALR (rate for weight averaging)"
    family = "Phases"
    also_called = "stochastic weight averaging, SWA"
    use_when = "The last part of the run averages its weights, which wants a constant rate that is not too low."
    watch_for = "Without averaging, the last iterate at this rate is no better than the noise floor; the average is what counts."
    formula = r"\eta_t = \eta_{\max}\left(a\,f + (1 - a)\right),\quad a = g\!\left(\frac{t - t_s}{A}\right)"
    source = (
        "Izmailov et al., SWA (2018); PyTorch torch.optim.swa_utils.SWALR (swa_lr = swa_rate · peak, anneal_epochs = anneal_steps, "
        "anneal_strategy), after a constant rate."
    )
    floor_is_a_clip = True

    swa_start: float = number(
        0.75, 0.0, 1.0, "Averaging starts at", "Share of the updates after warm-up before the move to the second rate.", symbol="t_s/T"
    )
    swa_rate: float = number(
        0.05, 0.0, 1.0, "Averaging rate", "The second rate as a fraction of the peak (PyTorch's swa_lr divided by the rate).", symbol="f"
    )
    anneal_steps: int = whole(
        10, 0, 1_000_000, "Move takes", "Updates from the peak to the second rate (PyTorch's anneal_epochs); 0 jumps.",
        unit="updates", symbol="A", slider=(0, 500),
    )  # fmt: skip
    anneal_strategy: str = choice("cos", CURVES, "Curve", "How the rate moves (PyTorch's anneal_strategy).")

    def shape(self, update: Array, total: int) -> Array:
        since = update - round(self.swa_start * total)
        # Without a move PyTorch is at the second rate at once.
        share = np.clip(since / self.anneal_steps, 0, 1) if self.anneal_steps else (since >= 0).astype(float)
        moved = 1 - half_cosine(share) if self.anneal_strategy == "cos" else share
        return self.swa_rate * moved + (1 - moved)

    def python(self, total: int) -> list[str]:
        start = round(self.swa_start * total)
        if not self.anneal_steps:
            return [f"swa_rate if update >= {start} else 1.0"]
        ease = "0.5 * (1 - math.cos(math.pi * share))" if self.anneal_strategy == "cos" else "share"
        return [f"share = min(max(update - {start}, 0) / anneal_steps, 1)", f"moved = {ease}", "swa_rate * moved + (1 - moved)"]


def _after(held: float, share: Array) -> Array:
    """Return the share of what follows `held`: 0 up to there, 1 at the end."""
    return np.clip((share - held) / (1 - held), 0, 1) if held < 1 else np.zeros_like(share)


def _joined(update: Array, knots: Knots, ease: Callable[[Array], Array]) -> Array:
    """Return the curve through `knots` (update, value), each pair joined by `ease` (share 0…1 -> 0…1).

    As in PyTorch a phase ends with the update at its later knot, and a knot before the run's start is honoured.
    """
    (start, low), *rest = knots
    phases = []
    for end, high in rest:
        # A phase of no width, on which PyTorch divides by zero, is over at once.
        with np.errstate(over="ignore"):  # in a phase of almost no width, for updates outside it
            share = np.clip((update - start) / (end - start), 0, 1) if end != start else np.ones_like(update)
        phases.append((end, low + (high - low) * ease(share)))
        start, low = end, high
    curve = phases[-1][1]
    for end, values in reversed(phases[:-1]):
        curve = np.where(update <= end, values, curve)
    return curve


def _joined_code(knots: Knots, total: int, strategy: str) -> list[str]:
    """Return `_joined` as plain Python: a line for each phase that has an update in it, then the choice among them."""
    (start, low), *rest = knots
    phases: list[tuple[str, float, str]] = []
    reached = -1
    for name, (end, high) in zip(("rising", "falling", "landing"), rest, strict=False):
        is_last = end >= total - 1 or (end, high) == rest[-1]
        # Updates are whole, so a phase may lie between two of them.
        if is_last or math.floor(end) > reached:
            phases.append((name, end, _phase_code(start, end, low, high, strategy)))
        if is_last:
            break
        start, low, reached = end, high, max(reached, math.floor(end))
    lines = [f"{name} = {code}" for name, _, code in phases]
    *earlier, (chosen, _, _) = phases
    for name, end, _ in reversed(earlier):
        if chosen != phases[-1][0]:
            lines.append(f"later = {chosen}")
            chosen = "later"
        chosen = f"{name} if update <= {_short(end)} else {chosen}"
    return [*lines, chosen]


def _phase_code(start: float, end: float, low: float, high: float, strategy: str) -> str:
    if end == start:
        return repr(high)
    since = f"(update - {_short(start)})" if start > 0 else f"(update + {_short(-start)})" if start < 0 else "update"
    share = f"{since} / {_short(end - start)}"
    ease = f"0.5 * (1 - math.cos(math.pi * {share}))" if strategy == "cos" else share
    return f"{low!r} + {high - low!r} * {ease}" if high >= low else f"{low!r} - {low - high!r} * {ease}"


def _short(update: float) -> str:
    return repr(int(update) if update == int(update) else update)
