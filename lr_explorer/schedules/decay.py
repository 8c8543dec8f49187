"""Rates that only fall."""

from dataclasses import dataclass

import numpy as np

from lr_explorer.params import number, whole
from lr_explorer.schedules.base import SCHEDULES, Array, Schedule, half_cosine, progress


@SCHEDULES.register("step")
@dataclass(frozen=True)
class Step(Schedule):
    """Multiplied by γ every so many updates. The classic of image classification: plateaus of the loss show each drop."""

    label = "Step decay"
    family = "Decay"
    formula = r"\eta_t = \eta_{\max}\,\gamma^{\lfloor t/s \rfloor}"
    source = "PyTorch StepLR (step_size, gamma). Floor: cut off below it, as Optax's end_value."
    floor_is_a_clip = True

    step_size: int = whole(100, 1, 1_000_000, "Step size", "Updates between two drops.", unit="updates", symbol="s", scale="log", slider=(1, 1000))
    gamma: float = number(0.1, 0.0, 1.0, "Factor γ", "What the rate is multiplied by at each drop.", symbol=r"\gamma")

    def shape(self, update: Array, total: int) -> Array:
        return self.gamma ** np.floor(update / self.step_size)


@SCHEDULES.register("exponential")
@dataclass(frozen=True)
class Exponential(Schedule):
    """Multiplied by γ at every update: the same relative fall each time, fast at first and long near zero."""

    label = "Exponential decay"
    family = "Decay"
    formula = r"\eta_t = \eta_{\max}\,\gamma^{t}"
    source = "PyTorch ExponentialLR (gamma); Keras ExponentialDecay with decay_rate = γ^decay_steps. Floor: cut off below it, as Optax's end_value."
    floor_is_a_clip = True

    gamma: float = number(
        0.99, 0.0, 1.0, "Factor γ per update", "What the rate is multiplied by at every update; γ = 0.01^(1/steps) ends at 1 % of the peak.",
        symbol=r"\gamma", scale="near_one", slider=(0.9, 0.9999),
    )  # fmt: skip

    def shape(self, update: Array, total: int) -> Array:
        return self.gamma**update


@SCHEDULES.register("inverse_time")
@dataclass(frozen=True)
class InverseTime(Schedule):
    """Falls as 1/t: the textbook rate under which stochastic approximation provably converges."""

    label = "Inverse time decay"
    family = "Decay"
    formula = r"\eta_t = \frac{\eta_{\max}}{1 + k\,t}"
    source = "Robbins & Monro (1951); Keras InverseTimeDecay with k = decay_rate / decay_steps. Floor: cut off below it."
    floor_is_a_clip = True

    decay_rate: float = number(
        0.02, 0.0, 1000.0, "Decay rate k", "How fast the rate falls: it has halved after 1/k updates.", unit="per update", symbol="k", scale="log",
        slider=(1e-4, 1.0),
    )  # fmt: skip

    def shape(self, update: Array, total: int) -> Array:
        return 1 / (1 + self.decay_rate * update)


@SCHEDULES.register("linear")
@dataclass(frozen=True)
class Linear(Schedule):
    """Falls in a straight line to the floor at the end of the budget; the default of the Transformers Trainer."""

    label = "Linear decay"
    family = "Decay"
    formula = r"\eta_t = \eta_{\max}\,(1 - p),\quad p = \frac{t - w}{T - w}"
    source = "PyTorch LinearLR (start_factor 1, end_factor = floor, total_iters = T); Transformers linear; Li et al., Budgeted Training (2020)."

    def shape(self, update: Array, total: int) -> Array:
        return 1 - progress(update, total)


@SCHEDULES.register("cosine")
@dataclass(frozen=True)
class Cosine(Schedule):
    """Half a cosine wave: a long stay near the peak, a fast middle, a gentle landing."""

    label = "Cosine annealing"
    family = "Decay"
    formula = r"\eta_t = \tfrac12\,\eta_{\max}\,(1 + \cos \pi p),\quad p = \frac{t - w}{T - w}"
    source = "Loshchilov & Hutter (2017); PyTorch CosineAnnealingLR with T_max = T, eta_min = floor · peak."

    def shape(self, update: Array, total: int) -> Array:
        return half_cosine(progress(update, total))


@SCHEDULES.register("polynomial")
@dataclass(frozen=True)
class Polynomial(Schedule):
    """A power of the remaining share of the run: above 1 it falls early, below 1 late; 1 is linear."""

    label = "Polynomial decay"
    family = "Decay"
    formula = r"\eta_t = \eta_{\max}\,(1 - p)^q,\quad p = \frac{t - w}{T - w}"
    source = "PyTorch PolynomialLR (power, total_iters = T); Keras PolynomialDecay with end_learning_rate = floor · peak."

    power: float = number(2.0, 0.0, 20.0, "Power q", "Exponent of the remaining share of the run.", symbol="q", slider=(0.1, 5.0))

    def shape(self, update: Array, total: int) -> Array:
        return (1 - progress(update, total)) ** self.power
