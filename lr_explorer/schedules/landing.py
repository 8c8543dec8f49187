"""Rates that know the length of the run and come down by its end."""

from dataclasses import dataclass

import numpy as np

from lr_explorer.params import choice, flag, number, whole
from lr_explorer.schedules.base import SCHEDULES, Array, Schedule, half_cosine, progress


@SCHEDULES.register("linear")
@dataclass(frozen=True)
class Linear(Schedule):
    """Falls in a straight line to the floor, reached one update past the last. Hard to beat when the budget is fixed."""

    label = "Linear decay"
    family = "Annealing"
    also_called = "Hugging Face default, BERT, get_linear_schedule_with_warmup, budgeted training"
    use_when = "The number of updates is fixed before the run: a strong default for fine-tuning and for small budgets."
    watch_for = "A total that is counted in micro-batches or epochs ends the fall too late or too early; stopping early means stopping hot."
    formula = r"\eta_t = \eta_{\max}\,(1 - p),\quad p = \frac{t - w}{T - w}"
    source = "PyTorch LinearLR (start_factor 1, end_factor = floor, total_iters = T); Transformers linear; Li et al., Budgeted Training (2020)."

    def shape(self, update: Array, total: int) -> Array:
        return 1 - progress(update, total)

    def python(self, total: int) -> list[str]:
        return ["1 - update / total"]


@SCHEDULES.register("cosine")
@dataclass(frozen=True)
class Cosine(Schedule):
    """Half a cosine wave: a long stay near the peak, a fast middle, a gentle landing."""

    label = "Cosine annealing"
    family = "Annealing"
    also_called = "LLaMA, GPT, ViT, CosineAnnealingLR, get_cosine_schedule_with_warmup"
    use_when = "The number of updates is known: the usual choice for training from scratch, from image models to language models."
    watch_for = "A T_max shorter than the run makes PyTorch and Transformers climb again, while Optax and Keras stay at the floor."
    formula = r"\eta_t = \eta_{\max}\left(\tfrac12\,(1 + \cos 2\pi c\,p)\right)^{a},\quad p = \frac{t - w}{T_{\max}}"
    source = (
        "Loshchilov & Hutter (2017); PyTorch CosineAnnealingLR (T_max = t_max, eta_min = floor · peak); Transformers cosine (num_cycles), "
        "cosine_with_min_lr (min_lr_rate = floor) and cosine_warmup_with_min_lr (whose w updates of warm-up are w − 1 here, from 1/w, with "
        "T_max = T − w, so that the floor is reached within the run); Optax cosine_decay_schedule (decay_steps, alpha = floor, exponent) and "
        "warmup_cosine_decay_schedule (decay_steps with the warm-up); Keras CosineDecay (decay_steps without the warm-up, alpha = floor)."
    )

    t_max: int = whole(
        0, 0, 1_000_000, "Half wave T_max",
        "Updates after warm-up that the wave is made for (PyTorch's T_max; decay_steps in Optax and Keras). 0: all.",
        unit="updates", symbol=r"T_{\max}", slider=(0, 5000),
    )  # fmt: skip
    past_end: str = choice(
        "rise", {"rise": "go on with the wave", "hold": "stay at its end"}, "Past the end",
        "What follows where T_max is shorter than the run. PyTorch and Transformers rise again, as the cosine does; Optax and Keras hold.",
    )  # fmt: skip
    exponent: float = number(
        1.0, 0.0, 20.0, "Exponent", "Power of the curve: above 1 it falls earlier (Optax's exponent).", symbol="a", slider=(0.1, 5.0)
    )
    num_cycles: float = number(
        0.5, 0.0, 100.0, "Waves", "Waves within T_max: 0.5 falls from peak to floor; 1.5 falls, rises and falls again (Transformers' num_cycles).",
        symbol="c", slider=(0.0, 5.0),
    )  # fmt: skip

    def shape(self, update: Array, total: int) -> Array:
        share = progress(update, self.t_max or total)
        if self.past_end == "hold":
            share = np.minimum(share, 1.0)
        return half_cosine(2 * self.num_cycles * share) ** self.exponent

    def python(self, total: int) -> list[str]:
        length = "t_max" if self.t_max else "total"
        halves = 2 * self.num_cycles
        waves = "" if halves == 1 else f"{int(halves) if halves == int(halves) else halves!r} * "
        angle = f"{waves}update / {length}"
        if self.past_end == "hold":
            angle = f"{waves}min(update / {length}, 1)"
        elif halves == int(halves) and halves * total > (self.t_max or total):
            # Whole numbers start each wave afresh, so that in single precision the thousandth is as good as the first.
            angle = f"({waves}update % (2 * {length})) / {length}"
        wave = f"0.5 * (1 + math.cos(math.pi * {angle}))"
        return [wave if self.exponent == 1 else f"({wave}) ** exponent"]


@SCHEDULES.register("polynomial")
@dataclass(frozen=True)
class Polynomial(Schedule):
    """A power of the remaining share of the run: above 1 it falls early, below 1 late; 1 is linear."""

    label = "Polynomial decay"
    family = "Annealing"
    also_called = "DeepLab, poly, PolynomialLR"
    use_when = "A recipe asks for it (segmentation models use 0.9), or linear decay should be bent a little."
    watch_for = "A large power spends most of the run near the floor; Keras's cycle starts each further cycle lower than the one before."
    formula = r"\eta_t = \eta_{\max}\,(1 - p)^q,\quad p = \frac{t - w}{T_d}"
    source = (
        "PyTorch PolynomialLR (power, total_iters = decay_steps); Keras PolynomialDecay (decay_steps, power, cycle, end_learning_rate = floor "
        "· peak); Optax polynomial_schedule (transition_steps); Transformers polynomial (lr_end = floor · peak; it "
        "refuses an end above the start, where Keras and Optax rise)."
    )

    power: float = number(2.0, 0.0, 20.0, "Power q", "Exponent of the remaining share of the run.", symbol="q", slider=(0.1, 5.0))
    decay_steps: int = whole(
        0, 0, 1_000_000, "Length of the fall",
        "Updates after warm-up until the floor, which then holds (Keras's decay_steps, PyTorch's total_iters). 0: all of the run.",
        unit="updates", symbol="T_d", slider=(0, 5000),
    )  # fmt: skip
    cycle: bool = flag(
        False,
        "Cycle",
        "Past its length, stretch the fall to the next multiple of it: the rate jumps up and falls again (Keras's cycle, which rounds up).",
    )

    def shape(self, update: Array, total: int) -> Array:
        share = progress(update, self.decay_steps or total)
        if self.cycle:
            # Within the cycle that is n lengths long, and so ends at n.
            share = share / np.maximum(np.ceil(share), 1.0)
        return (1 - np.minimum(share, 1.0)) ** self.power

    def python(self, total: int) -> list[str]:
        length = "decay_steps" if self.decay_steps else "total"
        if self.cycle:
            return [f"length = {length} * max(-(-update // {length}), 1)", "(1 - update / length) ** power"]
        share = f"min(update / {length}, 1)" if self.decay_steps else "update / total"
        return [f"(1 - {share}) ** power"]


@SCHEDULES.register("k_decay")
@dataclass(frozen=True)
class KDecay(Schedule):
    """Cosine annealing with a lever: the power k of the progress keeps the rate high for longer (k above 1) or lets go sooner."""

    label = "k-decay"
    family = "Annealing"
    use_when = "Cosine annealing seems to let go of the peak too early or too late, and one number should shift that."
    watch_for = "With k above 1 the fall at the end is steeper, so that its last updates matter more."
    formula = r"\eta_t = \tfrac12\,\eta_{\max}\,(1 + \cos \pi p^k),\quad p = \frac{t - w}{T - w}"
    source = "Zhang & Li, k-decay (2020); timm CosineLRScheduler (k_decay)."

    k: float = number(1.5, 0.0, 20.0, "Power k", "Power of the progress within the cosine; 1 is cosine annealing.", symbol="k", slider=(0.2, 5.0))

    def shape(self, update: Array, total: int) -> Array:
        return half_cosine(progress(update, total) ** self.k)

    def python(self, total: int) -> list[str]:
        return ["0.5 * (1 + math.cos(math.pi * (update / total) ** k))"]


@SCHEDULES.register("rex")
@dataclass(frozen=True)
class Rex(Schedule):
    """Reflected exponential: stays above the straight line and falls ever faster, made for runs with a small budget."""

    label = "REX (reflected exponential)"
    family = "Annealing"
    use_when = "The budget is small and fixed, and linear decay seems to lower the rate too soon."
    watch_for = "The last updates carry the whole fall: stopping a little early leaves a high rate."
    formula = r"\eta_t = \eta_{\max}\,\frac{1 - p}{1 - p/2},\quad p = \frac{t - w}{T - w}"
    source = "Chen, Wolfe & Kyrillidis, REX (2022)."

    def shape(self, update: Array, total: int) -> Array:
        p = progress(update, total)
        return (1 - p) / (1 - p / 2)

    def python(self, total: int) -> list[str]:
        return ["p = update / total", "(1 - p) / (1 - p / 2)"]


@SCHEDULES.register("tanh")
@dataclass(frozen=True)
class Tanh(Schedule):
    """Hyperbolic-tangent decay: a plateau, then a slope, with bounds that place the slope and say how steep it is."""

    label = "Tanh decay"
    family = "Annealing"
    use_when = "A long plateau and a smooth but late fall are wanted, with two numbers to shape them."
    watch_for = (
        "It neither begins exactly at the peak nor ends exactly at the floor: tanh of the bounds decides, 0.25 % above it for an upper bound of 3."
    )
    formula = r"\eta_t = \tfrac12\,\eta_{\max}\left(1 - \tanh(L\,(1 - p) + U p)\right),\quad p = \frac{t - w}{T - w}"
    source = "Hsueh et al., HTD (2019); timm TanhLRScheduler (lb, ub)."

    lb: float = number(
        -7.0,
        -50.0,
        0.0,
        "Lower bound L",
        "Where on the tanh the run begins; the further down, the longer the plateau.",
        symbol="L",
        slider=(-10.0, 0.0),
    )
    ub: float = number(
        3.0, 0.0, 50.0, "Upper bound U", "Where on the tanh the run ends; the further up, the closer to the floor.", symbol="U", slider=(0.0, 10.0)
    )

    def shape(self, update: Array, total: int) -> Array:
        p = progress(update, total)
        return 0.5 * (1 - np.tanh(self.lb * (1 - p) + self.ub * p))

    def python(self, total: int) -> list[str]:
        return ["p = update / total", "0.5 * (1 - math.tanh(lb * (1 - p) + ub * p))"]
