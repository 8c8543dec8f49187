"""The cases that are compared with PyTorch, in one table: `record.py` records them, and the tests compare with the record and live."""

from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from lr_explorer.optimizers import OPTIMIZERS, Optimizer
from lr_explorer.schedules import SCHEDULES, Schedule
from tests.helpers import followed

RECORD = Path(__file__).with_name("torch.npz")

# Optimizers: three lanes of given gradients. Exogenous, since along a loss of its own a rounding may grow without bound.
STEPS = 200
START = np.array([[0.0, 0.0, 0.0], [1.5, -0.7, 3.0]])
# With decay the point feeds back into its gradient. Near zero that would amplify roundings as any loop does, so these start far away.
FAR_START = np.array([[40.0, -60.0, 50.0], [150.0, -70.0, 30.0]])
# Every tenth point, and the first ones, where bias corrections and first-step rules show.
RECORDED = [*range(1, 10), *range(10, STEPS + 1, 10)]


def gradients() -> np.ndarray:
    """Return the gradients (steps, 2, lanes): tiny ones, which show where epsilon stands; any from 1e-9 to 1e3; growing ones."""
    rng = np.random.default_rng(20)
    any_size = rng.uniform(-9, 3, (STEPS, 2))
    exponent = np.stack([rng.uniform(-9, -6, (STEPS, 2)), any_size, np.sort(any_size, axis=0)], axis=-1)
    return rng.choice([-1.0, 1.0], exponent.shape) * 10**exponent


def rates() -> np.ndarray:
    """Return a changing rate, half a cosine wave: a constant one hides whether the rate stands inside or outside a buffer."""
    return 0.05 * (1 + np.cos(np.pi * np.arange(STEPS) / STEPS))


@dataclass(frozen=True)
class OptimizerCase:
    id: str
    optimizer: Optimizer

    @property
    def start(self) -> np.ndarray:
        return FAR_START if getattr(self.optimizer, "weight_decay", 0) else START


def _optimizer(name: str, **values: Any) -> OptimizerCase:
    return OptimizerCase(" ".join([name, *(f"{key}={value}" for key, value in values.items())]), OPTIMIZERS.create(name, **values))


def _combined(name: str, **options: tuple[Any, ...]) -> list[OptimizerCase]:
    return [_optimizer(name, **dict(zip(options, values, strict=True))) for values in product(*options.values())]


_DECAYS = (0.0, 0.02)
OPTIMIZER_CASES = [
    *_combined("sgd", momentum=(0.0, 0.5, 0.9), dampening=(0.0, 0.3, 1.0), weight_decay=_DECAYS),
    *_combined("sgd", momentum=(0.5, 0.9), nesterov=(True,), weight_decay=_DECAYS),
    *_combined("adagrad", lr_decay=(0.0, 0.05), initial_accumulator_value=(0.0, 0.1), weight_decay=_DECAYS, eps=(1e-10, 1e-3)),
    *_combined("rmsprop", alpha=(0.99, 0.6), momentum=(0.0, 0.9), centered=(False, True), weight_decay=_DECAYS),
    *_combined("rmsprop", eps=(1e-3,), momentum=(0.0, 0.9), centered=(False, True)),
    *(
        case
        for name in ("adam", "adamw")
        for betas in ({"beta1": (0.9,), "beta2": (0.999,)}, {"beta1": (0.0,), "beta2": (0.99,), "eps": (1e-3,)}, {"beta1": (0.3,), "beta2": (0.5,)})
        for case in _combined(name, amsgrad=(False, True), weight_decay=_DECAYS, **betas)
    ),
]


def path(case: OptimizerCase) -> np.ndarray:
    """Return our points (steps + 1, 2, lanes)."""
    points, _ = followed([case.optimizer], rates(), gradients(), case.start)
    return points[:, :, 0]


@dataclass(frozen=True)
class ScheduleCase:
    id: str
    schedule: Schedule
    steps: int


def _schedule(name: str, steps: int, **values: Any) -> ScheduleCase:
    return ScheduleCase(
        " ".join([name, f"steps={steps}", *(f"{key}={value}" for key, value in values.items())]), SCHEDULES.create(name, **values), steps
    )


def _one_cycles() -> list[ScheduleCase]:
    options = product((1, 2, 3, 5, 17, 50), (0.0, 0.1, 0.3, 0.5, 1.0), ("cos", "linear"), (False, True))
    cases = [
        _schedule("one_cycle", steps, peak=0.01, pct_start=pct, anneal_strategy=curve, three_phase=three) for steps, pct, curve, three in options
        # PyTorch divides by a phase of no width.
        if pct * steps != 1
    ]  # fmt: skip
    return [*cases, _schedule("one_cycle", 40, peak=1.0, div_factor=4.0, final_div_factor=10.0)]


SCHEDULE_CASES = [
    *(
        _schedule(name, steps, peak=0.3, **values)
        for steps in (1, 2, 3, 100)
        for name, values in (
            ("constant", {}),
            ("step", {"step_size": 1, "gamma": 0.5}),
            ("step", {"step_size": 7, "gamma": 0.9}),
            ("exponential", {"gamma": 0.95}),
            ("exponential", {"gamma": 0.5}),
            ("inverse_time", {"decay_rate": 0.02}),
            ("inverse_time", {"decay_rate": 10.0}),
            ("linear", {}),
            ("linear", {"floor": 0.1}),
            ("cosine", {}),
            ("cosine", {"floor": 0.1}),
            ("polynomial", {"power": 2.0}),
            ("polynomial", {"power": 0.5}),
            ("polynomial", {"power": 1.0}),
            ("cosine_restarts", {"t_0": 1, "t_mult": 2}),
            ("cosine_restarts", {"t_0": 5, "t_mult": 1, "floor": 0.1}),
            ("cosine_restarts", {"t_0": 3, "t_mult": 3}),
            ("cosine_restarts", {"t_0": 200, "t_mult": 2, "floor": 0.01}),
        )
    ),
    *_one_cycles(),
    # Warm-up: LinearLR, then the schedule, joined by SequentialLR.
    *(
        _schedule(name, 60, peak=0.3, warmup=warmup, warmup_start=0.25, **values)
        for warmup in (1, 10, 59)
        for name, values in (
            ("constant", {}),
            ("exponential", {"gamma": 0.9}),
            ("step", {"step_size": 8, "gamma": 0.5}),
            ("linear", {}),
            ("cosine", {"floor": 0.1}),
            ("polynomial", {"power": 2.0}),
            ("cosine_restarts", {"t_0": 7, "t_mult": 2}),
        )
    ),
]
