"""Rates that fall by factors or with time, and need not know when the run ends."""

from dataclasses import dataclass

import numpy as np

from lr_explorer.params import choice, flag, number, series, whole
from lr_explorer.schedules.base import SCHEDULES, Array, Schedule

# Where a boundary counts: the update that a list of boundaries names is the first at the new rate, or the last at the old one.
CHANGES = {"at": "at the boundary", "after": "one update later"}
_PASSED = {"at": ">=", "after": ">"}


@SCHEDULES.register("step")
@dataclass(frozen=True)
class Step(Schedule):
    """Multiplied by γ every so many updates. The classic of image classification: plateaus of the loss show each drop."""

    label = "Step decay"
    family = "Decay"
    also_called = "StepLR, staircase"
    use_when = "You reproduce a recipe that has it, or want to see how the loss answers to each drop."
    watch_for = "A step size in epochs where the scheduler counts updates drops the rate to nothing within the first epoch."
    formula = r"\eta_t = \eta_{\max}\,\gamma^{\lfloor t/s \rfloor}"
    source = "PyTorch StepLR (step_size, gamma). Floor: cut off below it, as Optax's end_value."
    floor_is_a_clip = True

    step_size: int = whole(100, 1, 1_000_000, "Step size", "Updates between two drops.", unit="updates", symbol="s", scale="log", slider=(1, 1000))
    gamma: float = number(0.1, 0.0, 1.0, "Factor γ", "What the rate is multiplied by at each drop.", symbol=r"\gamma")

    def shape(self, update: Array, total: int) -> Array:
        return self.gamma ** np.floor(update / self.step_size)

    def python(self, total: int) -> list[str]:
        return ["gamma ** (update // step_size)"]


@SCHEDULES.register("multistep")
@dataclass(frozen=True)
class MultiStep(Schedule):
    """Multiplied by γ at each of a list of updates: step decay whose drops are placed by hand, as in most ResNet recipes."""

    label = "Multi-step decay"
    family = "Decay"
    also_called = "ResNet, ImageNet, MultiStepLR"
    use_when = "You know from earlier runs where the loss stops improving and drop the rate there."
    watch_for = "Milestones past the end of the run are never reached, and milestones in epochs come far too early when updates are counted."
    formula = r"\eta_t = \eta_{\max}\,\gamma^{\,\#\{m_i \le t\}}"
    source = (
        "PyTorch MultiStepLR (milestones, gamma); Optax piecewise_constant_schedule (boundaries_and_scales: every scale γ). Floor: cut off below it."
    )
    floor_is_a_clip = True

    milestones: tuple[float, ...] = series(
        (100, 300), 0, 1_000_000, "Milestones",
        "Updates at which the rate drops, counted from the end of warm-up; one that is written twice drops it twice, as in PyTorch.",
        whole=True, rising=True,
    )  # fmt: skip
    gamma: float = number(0.1, 0.0, 1.0, "Factor γ", "What the rate is multiplied by at each milestone.", symbol=r"\gamma")
    change: str = choice(
        "at", CHANGES, "Change", "At: update m is the first at the new rate (PyTorch, Optax). After: it is the last at the old one (Keras)."
    )  # fmt: skip

    def shape(self, update: Array, total: int) -> Array:
        return self.gamma ** _passed(self.milestones, update, self.change).astype(float)

    def python(self, total: int) -> list[str]:
        return [f"gamma ** sum(update {_PASSED[self.change]} milestone for milestone in milestones)"]


@SCHEDULES.register("piecewise")
@dataclass(frozen=True)
class Piecewise(Schedule):
    """Constant between boundaries, at a fraction of the peak that each stage names: any staircase, up or down."""

    label = "Piecewise constant"
    family = "Decay"
    also_called = "PiecewiseConstantDecay, staircase"
    use_when = "A recipe gives the rates of its stages one by one, or you want to raise the rate between stages."
    watch_for = "Keras changes one update later than Optax and PyTorch; and Optax multiplies its scales, while these are fractions of the peak."
    formula = r"\eta_t = \eta_{\max}\,f_i,\quad i = \#\{b_j \le t\}"
    source = (
        "Keras PiecewiseConstantDecay (boundaries, values = factors · peak, change after); Optax piecewise_constant_schedule (change at; its "
        "scales are ratios of neighbours)."
    )
    floor_is_a_clip = True
    reaches_peak = False

    boundaries: tuple[float, ...] = series(
        (100, 300), 0, 1_000_000, "Boundaries", "Updates at which a new stage begins, counted from the end of warm-up.", whole=True, rising=True
    )
    factors: tuple[float, ...] = series(
        (1.0, 0.3, 0.1), 0.0, 1.0, "Fractions of the peak",
        "The rate of each stage as a fraction of the peak, one more than boundaries. What there is too much of has no effect: "
        "without a fraction of its own a stage goes on as the one before, and fractions past the last boundary are never reached.",
    )  # fmt: skip
    change: str = choice(
        "at", CHANGES, "Change", "At: update b is the first at the new rate (Optax, PyTorch). After: it is the last at the old one (Keras)."
    )

    def shape(self, update: Array, total: int) -> Array:
        stage = _passed(self.boundaries, update, self.change)
        return np.array(self.factors)[np.minimum(stage, len(self.factors) - 1)]

    def python(self, total: int) -> list[str]:
        return [
            "level = factors[0]",
            "for boundary, fraction in zip(boundaries, factors[1:]):",
            f"    level = fraction if update {_PASSED[self.change]} boundary else level",
            "level",
        ]


@SCHEDULES.register("exponential")
@dataclass(frozen=True)
class Exponential(Schedule):
    """Multiplied by γ at every update: the same relative fall each time, fast at first and long near zero."""

    label = "Exponential decay"
    family = "Decay"
    also_called = "ExponentialLR"
    use_when = "The rate should fall by the same percentage all the time, whatever the length of the run."
    watch_for = "γ per update and γ per epoch are worlds apart: 0.95 per update leaves 0.6 % of the rate after 100 updates."
    formula = r"\eta_t = \eta_{\max}\,\gamma^{t/s}"
    source = (
        "PyTorch ExponentialLR (gamma); Keras ExponentialDecay (decay_rate = γ, decay_steps, staircase); Optax exponential_decay (decay_rate "
        "= γ, transition_steps). Floor: cut off below it, as Optax's end_value."
    )
    floor_is_a_clip = True

    gamma: float = number(
        0.99, 0.0, 1.0, "Factor γ", "What the rate is multiplied by once every s updates; with s = 1, γ = 0.01^(1/steps) ends at 1 % of the peak.",
        symbol=r"\gamma", scale="near_one", slider=(0.9, 0.9999),
    )  # fmt: skip
    decay_steps: int = whole(
        1, 1, 1_000_000, "Updates per factor", "Updates that it takes to fall by one γ (Keras's decay_steps, Optax's transition_steps; PyTorch: 1).",
        unit="updates", symbol="s", scale="log", slider=(1, 1000),
    )  # fmt: skip
    staircase: bool = flag(False, "Staircase", "Fall at once every s updates, not a little at each: t/s is rounded down (Keras, Optax).")

    def shape(self, update: Array, total: int) -> Array:
        return self.gamma ** _periods(update, self.decay_steps, self.staircase)

    def python(self, total: int) -> list[str]:
        return [f"gamma ** {_periods_code(self.decay_steps, self.staircase)}"]


@SCHEDULES.register("inverse_time")
@dataclass(frozen=True)
class InverseTime(Schedule):
    """Falls as 1/t: the textbook rate under which stochastic approximation provably converges."""

    label = "Inverse time decay"
    family = "Decay"
    also_called = "InverseTimeDecay, hyperbolic, Robbins-Monro"
    use_when = "The objective is convex and noisy, and you want the guarantee of stochastic approximation."
    watch_for = "With k too small nothing falls within the run, with k too large the iterate stops far from the minimum."
    formula = r"\eta_t = \frac{\eta_{\max}}{1 + k\,t/s}"
    source = "Robbins & Monro (1951); Keras InverseTimeDecay (decay_rate = k, decay_steps, staircase). Floor: cut off below it."
    floor_is_a_clip = True

    decay_rate: float = number(
        0.02, 0.0, 1000.0, "Decay rate k", "How fast the rate falls: it has halved after s/k updates.", symbol="k", scale="log",
        slider=(1e-4, 1.0),
    )  # fmt: skip
    decay_steps: int = whole(
        1, 1, 1_000_000, "Updates per unit of time", "Updates that count as one unit of time (Keras's decay_steps).",
        unit="updates", symbol="s", scale="log", slider=(1, 1000),
    )  # fmt: skip
    staircase: bool = flag(False, "Staircase", "Fall at once every s updates, not a little at each: t/s is rounded down (Keras).")

    def shape(self, update: Array, total: int) -> Array:
        return 1 / (1 + self.decay_rate * _periods(update, self.decay_steps, self.staircase))

    def python(self, total: int) -> list[str]:
        return [f"1 / (1 + decay_rate * {_periods_code(self.decay_steps, self.staircase)})"]


@SCHEDULES.register("inverse_sqrt")
@dataclass(frozen=True)
class InverseSqrt(Schedule):
    """Falls as 1/√t after warm-up: slow enough to train on for as long as one likes, as T5 and vision transformers do."""

    label = "Inverse square root"
    family = "Decay"
    also_called = "T5, rsqrt"
    use_when = "The length of the run is open and you will continue, or branch off a short cool-down, later."
    watch_for = "It falls so slowly that without a cool-down the run ends at a high rate; and the time scale follows the warm-up unless it is set."
    formula = r"\eta_t = \eta_{\max}\sqrt{\frac{\tau}{\tau + t - w}}"
    source = "Raffel et al., T5 (2020); Transformers get_inverse_sqrt_schedule (timescale), after Big Vision. Floor: cut off below it."
    floor_is_a_clip = True

    timescale: int = whole(
        0, 0, 1_000_000, "Time scale τ",
        "After τ updates past warm-up the rate has fallen to 71 %, after 3τ to half. 0: the warm-up, or 10,000 without one, as in Transformers.",
        unit="updates", symbol=r"\tau", slider=(0, 10_000),
    )  # fmt: skip

    def shape(self, update: Array, total: int) -> Array:
        return 1 / np.sqrt((update + time_scale(self)) / time_scale(self))

    def python(self, total: int) -> list[str]:
        return [f"1 / math.sqrt((update + {time_scale(self)}) / {time_scale(self)})"]


@SCHEDULES.register("noam")
@dataclass(frozen=True)
class Noam(Schedule):
    """The first Transformer's rate: a linear rise over the warm-up, then 1/√t, scaled by the model's width.

    The peak multiplies the paper's formula: 1 is the paper. Updates count from 0, so with a warm-up the first one moves nothing.
    """

    label = "Noam (Attention is all you need)"
    family = "Decay"
    also_called = "Transformer base"
    use_when = "You reproduce a Transformer recipe that names a model size, a factor and a warm-up instead of a rate."
    watch_for = (
        "The peak is a factor here, not the highest rate, which is factor/√(d·w); and code that starts at step 0 divides by zero unless it guards."
    )
    formula = r"\eta_t = \eta_{\max}\,d^{-1/2}\min\!\left(t^{-1/2},\ t\,w^{-3/2}\right)"
    source = (
        "Vaswani et al. (2017), who count steps from 1; the Annotated Transformer and AllenNLP's NoamLR (model_size, warmup_steps, factor) "
        "count from 0 and use step 1's rate for step 0, where this has 0. Floor: cut off below it."
    )
    floor_is_a_clip = True
    reaches_peak = False

    model_dim: int = whole(512, 1, 1_000_000, "Model width d", "Width of the model's hidden state.", symbol="d", scale="log", slider=(64, 8192))

    def shape(self, update: Array, total: int) -> Array:
        # Without a warm-up the first update is step 0, whose rate the formula does not give; step 1's stands in.
        return (self.model_dim * np.maximum(update + self.warmup, 1.0)) ** -0.5

    def python(self, total: int) -> list[str]:
        since = "update + warmup" if self.warmup else "update"
        return [f"(model_dim * max({since}, 1.0)) ** -0.5"]


def time_scale(schedule: Schedule) -> int:
    """Return a schedule's `timescale`; where it is 0 the warm-up, or 10,000 without one, as in Transformers."""
    return getattr(schedule, "timescale", 0) or schedule.warmup or 10_000


def _passed(boundaries: tuple[float, ...], update: Array, change: str) -> np.ndarray:
    """Return how many boundaries are behind each update, the update at a boundary among those before or behind it."""
    return np.searchsorted(np.array(boundaries), update, side="right" if change == "at" else "left")


def _periods(update: Array, length: int, staircase: bool) -> Array:
    periods = update / length
    return np.floor(periods) if staircase else periods


def _periods_code(length: int, staircase: bool) -> str:
    if length == 1:
        return "update"
    return "(update // decay_steps)" if staircase else "(update / decay_steps)"
