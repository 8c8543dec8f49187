"""Rates that fall, rise or jump back up, and fall again."""

from dataclasses import dataclass

import numpy as np

from lr_explorer.params import choice, flag, number, whole
from lr_explorer.schedules.base import SCHEDULES, Array, Schedule, half_cosine, progress


@SCHEDULES.register("cosine_restarts")
@dataclass(frozen=True)
class CosineRestarts(Schedule):
    """Cosine annealing that starts afresh: each restart kicks the iterate out, each fall yields another candidate solution (SGDR)."""

    label = "Cosine with warm restarts"
    family = "Cycles"
    also_called = "SGDR, warm restarts, CosineAnnealingWarmRestarts"
    use_when = "Several good solutions of one run are wanted, for an ensemble or to stop at any cycle's end."
    watch_for = "The end of the run should be the end of a cycle: anywhere else the rate is high when training stops."
    formula = r"\eta_t = \tfrac12\,\eta_{\max}\,d^i\left(1 + \cos\pi\frac{t_i}{T_i}\right),\quad T_i = T_0\,m^i"
    source = (
        "Loshchilov & Hutter (2017); PyTorch CosineAnnealingWarmRestarts (T_0, T_mult, eta_min = floor · peak); Keras CosineDecayRestarts "
        "(first_decay_steps, t_mul, m_mul = cycle_decay, alpha = floor); timm CosineLRScheduler (t_initial, cycle_mul, cycle_decay, cycle_limit); "
        "Transformers cosine_with_restarts (num_cycles)."
    )

    t_0: int = whole(100, 1, 1_000_000, "First cycle T₀", "Updates in the first cycle.", unit="updates", symbol="T_0", scale="log", slider=(2, 1000))
    t_mult: int = whole(
        1, 1, 10, "Cycle growth", "Each cycle is this many times as long as the one before (PyTorch's T_mult).", symbol="m", slider=(1, 4)
    )
    cycle_decay: float = number(
        1.0, 0.0, 1.0, "Decay per cycle",
        "Each cycle's height over the floor is this many times that of the one before (Keras's m_mul). "
        "timm's cycle_decay lowers its top instead, which is the same where the floor is 0.", symbol="d",
    )  # fmt: skip
    cycle_limit: int = whole(
        0, 0, 1000, "Cycles at most", "After so many cycles the rate stays at the floor (timm's cycle_limit, 1 unless told otherwise); 0: no limit.",
        slider=(0, 10),
    )  # fmt: skip
    num_cycles: int = whole(
        0, 0, 1000, "Cycles in the run",
        "Above 0 the updates after warm-up are divided into so many cycles of one length (Transformers' num_cycles), whatever T₀ and growth say.",
        slider=(0, 10),
    )  # fmt: skip

    def shape(self, update: Array, total: int) -> Array:
        cycle, share = self._divided(update, total) if self.num_cycles else self._restarted(update, total)
        curve = self.cycle_decay**cycle * half_cosine(share)
        return np.where(cycle < self.cycle_limit, curve, 0.0) if self.cycle_limit else curve

    def python(self, total: int) -> list[str]:
        if self.num_cycles:
            lines, height, goes_on = self._divided_code(total), "math.floor(turns)", "turns < cycle_limit"
        elif self.t_mult == 1:
            lines, height, goes_on = ["share = update % t_0 / t_0"], "(update // t_0)", "update < cycle_limit * t_0"
        else:
            lines, height, goes_on = self._growing_code(), "cycle", "cycle < cycle_limit"
        curve = "0.5 * (1 + math.cos(math.pi * share))"
        curve = curve if self.cycle_decay == 1 else f"cycle_decay ** {height} * {curve}"
        return [*lines, f"({curve}) if {goes_on} else 0.0" if self.cycle_limit else curve]

    def _divided_code(self, total: int) -> list[str]:
        turns, _ = self._divided(np.arange(total, dtype=float), total)
        if (turns == self.num_cycles * np.arange(total) // total).all():
            # Whole numbers meet a restart in any precision.
            turned = ["turns = num_cycles * update / total"] if self.cycle_decay != 1 or self.cycle_limit else []
            return [*turned, "share = num_cycles * update % total / total"]
        return ["turns = num_cycles * (update / total)", "share = turns % 1.0"]

    def _growing_code(self) -> list[str]:
        counts = self.cycle_decay != 1 or self.cycle_limit
        return [
            "start, length, share = 0, t_0, update / t_0",
            *(["cycle = 0"] if counts else []),
            "while start + length < total:",
            "    start, length = start + length, length * t_mult",
            "    share = (update - start) / length if update >= start else share",
            *(["    cycle = cycle + 1 if update >= start else cycle"] if counts else []),
        ]

    def _divided(self, update: Array, total: int) -> tuple[Array, Array]:
        """Return the cycle of each update and the share of it that is over; in Transformers' own order of operations."""
        turns = self.num_cycles * progress(update, total)
        return np.floor(turns), turns % 1.0

    def _restarted(self, update: Array, total: int) -> tuple[Array, Array]:
        starts = self._cycle_starts(total)
        cycle = np.searchsorted(starts, update, side="right") - 1
        return cycle.astype(float), (update - starts[cycle]) / (float(self.t_0) * float(self.t_mult) ** cycle)

    def _cycle_starts(self, total: int) -> Array:
        """Return the update at which each cycle begins, as far as the run goes."""
        if self.t_mult == 1:
            return np.arange(0, total, self.t_0, dtype=float)
        starts, length = [0], self.t_0
        while starts[-1] + length < total:
            starts.append(starts[-1] + length)
            length *= self.t_mult
        return np.array(starts, dtype=float)


@SCHEDULES.register("cyclic")
@dataclass(frozen=True)
class Cyclic(Schedule):
    """Up and down between a base rate and the peak in straight lines, over and over. Its first rise is a warm-up of its own.

    On request the momentum goes the other way: high where the rate is low, low at the peak.
    """

    label = "Cyclic (triangular)"
    family = "Cycles"
    also_called = "CLR, triangular, CyclicLR"
    use_when = "A good rate is not known but a range is: the cycles visit all of it, and their lows are good moments to stop."
    watch_for = (
        "PyTorch's scheduler overwrites the optimizer's rate and cycles the momentum unless told otherwise, which optimizers without one refuse."
    )
    formula = (
        r"\eta_t = \eta_{\max}\left(b + (1 - b)\,x\,s\right),\quad x = \text{triangle } 0 \to 1 \to 0,"
        r"\quad s \in \{1,\ 2^{1-i},\ \gamma^t\}"
    )
    source = (
        "Smith, Cyclical learning rates (2017); PyTorch CyclicLR "
        "(base_lr = base · peak, max_lr, step_size_up, step_size_down, mode, gamma, cycle_momentum, base_momentum, max_momentum)."
    )
    floor_is_a_clip = True

    base: float = number(0.1, 0.0, 1.0, "Base rate", "The lowest rate as a fraction of the peak (PyTorch's base_lr divided by max_lr).", symbol="b")
    step_size_up: int = whole(
        50, 1, 1_000_000, "Updates up", "Updates of the rising half of a cycle (PyTorch's step_size_up, 2000 there).",
        unit="updates", scale="log", slider=(1, 2000),
    )  # fmt: skip
    step_size_down: int = whole(0, 0, 1_000_000, "Updates down", "Updates of the falling half; 0: as many as up.", unit="updates", slider=(0, 2000))
    mode: str = choice(
        "triangular",
        {"triangular": "all alike", "triangular2": "halved each cycle", "exp_range": "γ per update"},
        "Height of the cycles", "How the height above the base rate changes (PyTorch's mode).",
    )  # fmt: skip
    gamma: float = number(
        0.999, 0.0, 1.0, "Factor γ", "With γ per update: what the height is multiplied by at every update; PyTorch has 1 unless told otherwise.",
        symbol=r"\gamma", scale="near_one", slider=(0.9, 0.9999),
    )  # fmt: skip
    cycle_momentum: bool = flag(False, "Cycle the momentum", "Move momentum (Adam's β₁) against the rate; PyTorch does so unless told otherwise.")
    base_momentum: float = number(0.8, 0.0, 1.0, "Lowest momentum", "Momentum where the rate is at its peak.", needs="cycle_momentum")
    max_momentum: float = number(0.9, 0.0, 1.0, "Highest momentum", "Momentum where the rate is low.", needs="cycle_momentum")

    def shape(self, update: Array, total: int) -> Array:
        return self.base + (1 - self.base) * self._height(update)

    def python(self, total: int) -> list[str]:
        down = "step_size_down" if self.step_size_down else "step_size_up"
        scale = {"triangular": "", "triangular2": " * 0.5 ** (update // length)", "exp_range": " * gamma ** update"}[self.mode]
        return [
            f"length = step_size_up + {down}",
            "place = update % length",
            f"height = place / step_size_up if place <= step_size_up else (length - place) / {down}",
            f"base + (1 - base) * height{scale}",
        ]

    def momentum_shape(self, update: Array, total: int) -> Array | None:
        if not self.cycle_momentum:
            return None
        return self.max_momentum - (self.max_momentum - self.base_momentum) * self._height(update)

    def _height(self, update: Array) -> Array:
        """Return how high above the base each update is: 0 at the base, 1 at the peak."""
        length = self.step_size_up + (self.step_size_down or self.step_size_up)
        top = self.step_size_up / length
        cycle = np.floor(1 + update / length)
        place = 1.0 + update / length - cycle
        height = np.where(place <= top, place / top, (place - 1) / (top - 1))
        match self.mode:
            case "triangular2":
                return height / 2.0 ** (cycle - 1)
            case "exp_range":
                return height * self.gamma**update
        return height


@SCHEDULES.register("chebyshev")
@dataclass(frozen=True)
class Chebyshev(Schedule):
    """The steps that solve a quadratic fastest: some far above the stable rate, in a fractal order that keeps their product tame.

    With T updates the error along every curvature from m to M shrinks to 1/T_T of it, a Chebyshev polynomial, where a constant rate needs
    about the square of the updates. The peak stands for 1/m, the largest step.
    """

    label = "Chebyshev (fractal)"
    family = "Cycles"
    use_when = "The problem is close to a quadratic of known curvatures and you want to see what rates above 2/M can do."
    watch_for = "It works as a whole: stopped halfway, or with noise, its large steps are just too large."
    formula = r"\eta_t = \eta_{\max}\,\frac{m}{c - r\cos\frac{(\sigma_t + 1/2)\,\pi}{T}},\quad c = \tfrac{1 + m}{2},\quad r = \tfrac{1 - m}{2}"
    source = (
        "Young (1953); Agarwal, Goel & Zhang, Acceleration via fractal learning rate schedules (2021), whose order is for powers of two; here "
        "it leaves out what is past the run."
    )
    floor_is_a_clip = True
    reaches_peak = False

    lowest: float = number(
        0.05, 1e-6, 1.0, "Curvatures m/M",
        "Lowest curvature as a share of the highest: steps range from about this fraction of the peak up to the peak.",
        symbol="m", scale="log", slider=(1e-3, 1.0),
    )  # fmt: skip
    fractal: bool = flag(
        True, "Fractal order", "Mix large and small steps so that rounding and curvature do no harm on the way; else from the largest down."
    )

    def shape(self, update: Array, total: int) -> Array:
        order = self._order(total) if self.fractal else np.arange(total)
        centre, radius = (1 + self.lowest) / 2, (1 - self.lowest) / 2
        return (self.lowest / (centre - radius * np.cos((order + 0.5) * np.pi / total)))[update.astype(int)]

    def python(self, total: int) -> list[str]:
        ordered = [*_FRACTAL_ORDER, "order = fractal_order(total)", "place = order[min(update, total - 1)]"]
        return [
            *(ordered if self.fractal else ["place = update"]),
            "angle = (place + 0.5) * math.pi / total",
            # The curve without its difference of c and r, which would lose digits in single precision.
            "lowest / (lowest + (1 - lowest) * math.sin(angle / 2) ** 2)",
        ]

    @staticmethod
    def _order(total: int) -> np.ndarray:
        """Return the fractal order of 0 … total − 1: each doubling interlaces the order with its mirror image."""
        order = np.array([0])
        while len(order) < total:
            order = np.stack([order, 2 * len(order) - 1 - order], axis=1).ravel()
        return order[order < total]


_FRACTAL_ORDER = [
    "@cache",
    "def fractal_order(total):",
    "    order = [0]",
    "    while len(order) < total:  # each doubling interlaces the order with its mirror image",
    "        order = [place for i in order for place in (i, 2 * len(order) - 1 - i)]",
    "    return [place for place in order if place < total]",
]
