"""Our schedules in PyTorch's words."""

import warnings
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lr_explorer.schedules import SCHEDULES
from tests.parity.schedule_cases import WARM, WARMUPS, Case, cases

FRAMEWORK = "torch"


def warmed(torch: Any, sgd: Any, schedule: Any, then: Any) -> Any:
    """Return a scheduler behind a warm-up, as PyTorch's documentation joins them."""
    if not schedule.warmup:
        return then
    return torch.SequentialLR(sgd, [torch.LinearLR(sgd, schedule.warmup_start, 1.0, schedule.warmup), then], [schedule.warmup])


def left(schedule: Any, steps: int) -> int:
    """Return how many updates follow warm-up; PyTorch needs one even where they are never run."""
    return max(steps - schedule.warmup, 1)


def constant(torch, sgd, s, steps):
    return warmed(torch, sgd, s, torch.LambdaLR(sgd, lambda t: 1.0))


def step(torch, sgd, s, steps):
    return warmed(torch, sgd, s, torch.StepLR(sgd, s.step_size, s.gamma))


def multistep(torch, sgd, s, steps):
    return warmed(torch, sgd, s, torch.MultiStepLR(sgd, [int(t) for t in s.milestones], s.gamma))


def exponential(torch, sgd, s, steps):
    return warmed(torch, sgd, s, torch.ExponentialLR(sgd, s.gamma))


def linear(torch, sgd, s, steps):
    return warmed(torch, sgd, s, torch.LinearLR(sgd, 1.0, s.floor, left(s, steps)))


def cosine(torch, sgd, s, steps):
    return warmed(torch, sgd, s, torch.CosineAnnealingLR(sgd, s.t_max or left(s, steps), s.floor * s.peak))


def polynomial(torch, sgd, s, steps):
    return warmed(torch, sgd, s, torch.PolynomialLR(sgd, s.decay_steps or left(s, steps), s.power))


def restarts(torch, sgd, s, steps):
    return warmed(torch, sgd, s, torch.CosineAnnealingWarmRestarts(sgd, s.t_0, s.t_mult, s.floor * s.peak))


def one_cycle(torch, sgd, s, steps):
    names = ("pct_start", "anneal_strategy", "div_factor", "final_div_factor", "three_phase", "cycle_momentum", "base_momentum", "max_momentum")
    return torch.OneCycleLR(sgd, s.peak, steps, **{name: getattr(s, name) for name in names})


def cyclic(torch, sgd, s, steps):
    names = ("step_size_up", "mode", "gamma", "cycle_momentum", "base_momentum", "max_momentum")
    return torch.CyclicLR(sgd, s.base * s.peak, s.peak, step_size_down=s.step_size_down or None, **{name: getattr(s, name) for name in names})


def swa(torch, sgd, s, steps):
    start = round(s.swa_start * steps)
    move = torch.SWALR(sgd, s.swa_rate * s.peak, s.anneal_steps, s.anneal_strategy)
    return torch.SequentialLR(sgd, [torch.LambdaLR(sgd, lambda t: 1.0), move], [start]) if start else move


def constant_lr(torch, sgd, s, steps):
    return torch.ConstantLR(sgd, s.factors[0], int(s.boundaries[0]))


def one_cycles():
    for case in cases(
        "OneCycleLR",
        "one_cycle",
        one_cycle,
        steps=[1, 2, 3, 5, 17, 50],
        pct_start=[0.0, 0.1, 0.3, 0.5, 1.0],
        anneal_strategy=["cos", "linear"],
        three_phase=[False, True],
    ):
        # PyTorch divides by a phase of no width.
        if case.schedule.pct_start * case.steps != 1:
            yield case


TYPED = "1/sqrt(t + 1)*(1 - t/T)"
WAVE = {"cycle_momentum": True, "quantity": "momentum"}
CASES = [
    *cases("LambdaLR", "constant", constant),
    *cases("LambdaLR", "inverse_time", lambda torch, sgd, s, n: torch.LambdaLR(sgd, lambda t: 1 / (1 + s.decay_rate * t)), decay_rate=[0.02, 10.0]),
    *cases(
        "LambdaLR",
        "lambda",
        lambda torch, sgd, s, n: torch.LambdaLR(sgd, lambda t: 1 / (t + 1) ** 0.5 * (1 - t / n)),
        expression="1/sqrt(t+1)*(1-t/T)",
    ),
    *cases("MultiplicativeLR", "exponential", lambda torch, sgd, s, n: torch.MultiplicativeLR(sgd, lambda t: s.gamma), gamma=[0.95, 1.0]),
    *cases("StepLR", "step", step, step_size=[1, 7], gamma=[0.5, 0.9]),
    *cases("MultiStepLR", "multistep", multistep, milestones=[(1,), (3, 20), (2, 2, 39), (40, 100)], gamma=[0.1, 0.5]),
    *cases("ExponentialLR", "exponential", exponential, gamma=[0.5, 0.95, 1.0]),
    *cases("LinearLR", "linear", linear, floor=[0.0, 0.1, 1.0]),
    *cases("CosineAnnealingLR", "cosine", cosine, floor=[0.0, 0.1]),
    # The wave goes on past its end, and at twice that is back at the peak.
    *cases("CosineAnnealingLR", "cosine", cosine, t_max=[1, 7, 100], floor=[0.0, 0.1], past_end="rise"),
    *cases("PolynomialLR", "polynomial", polynomial, power=[0.5, 1.0, 2.0]),
    *cases("PolynomialLR", "polynomial", polynomial, power=[0.5, 2.0], decay_steps=[1, 7, 100]),
    *cases("CosineAnnealingWarmRestarts", "cosine_restarts", restarts, t_0=[1, 5, 200], t_mult=[1, 2, 3], floor=[0.0, 0.1]),
    *one_cycles(),
    *cases("OneCycleLR", "one_cycle", one_cycle, steps=40, div_factor=4.0, final_div_factor=10.0),
    *cases("OneCycleLR", "one_cycle", one_cycle, steps=[2, 3, 40], anneal_strategy=["cos", "linear"], three_phase=[False, True], **WAVE),
    *cases("OneCycleLR", "one_cycle", one_cycle, steps=40, base_momentum=0.5, max_momentum=0.99, **WAVE),
    *cases("CyclicLR", "cyclic", cyclic, base=[0.0, 0.1], step_size_up=[1, 4], step_size_down=[0, 7], mode=["triangular", "triangular2"]),
    *cases("CyclicLR", "cyclic", cyclic, base=0.1, step_size_up=4, step_size_down=[0, 7], mode="exp_range", gamma=[0.9, 1.0]),
    *cases("CyclicLR", "cyclic", cyclic, step_size_up=4, step_size_down=[0, 7], mode=["triangular", "triangular2", "exp_range"], gamma=0.9, **WAVE),
    *cases("SWALR", "swalr", swa, swa_start=[0.0, 0.75], swa_rate=[0.0, 0.1], anneal_steps=[0, 1, 6, 50], anneal_strategy=["cos", "linear"]),
    # ConstantLR is a warm-up: a small rate first, then the full one.
    *cases("ConstantLR", "piecewise", constant_lr, boundaries=[(1,), (5,)], factors=(0.25, 1.0)),
    *(
        case
        for floor, name, call, more in (
            (0.0, "constant", constant, {}),
            (0.0, "step", step, {"step_size": 8, "gamma": 0.5}),
            (0.0, "multistep", multistep, {"milestones": (3, 20)}),
            (0.0, "exponential", exponential, {"gamma": 0.9}),
            (0.1, "linear", linear, {}),
            (0.1, "cosine", cosine, {}),
            (0.0, "polynomial", polynomial, {"power": 2.0}),
            (0.0, "cosine_restarts", restarts, {"t_0": 4, "t_mult": 2}),
        )
        for case in cases("SequentialLR", name, call, steps=[1, 2, WARM], warmup=WARMUPS[1:], warmup_start=0.25, floor=floor, **more)
    ),
    *cases(
        "SequentialLR",
        "sequential",
        lambda torch, sgd, s, n: torch.SequentialLR(
            sgd, [torch.ExponentialLR(sgd, 0.9), torch.CosineAnnealingLR(sgd, 9), torch.StepLR(sgd, 2, 0.5)], [s.switch1, s.switch2]
        ),
        first=SCHEDULES.create("exponential", peak=1.0, gamma=0.9),
        second=SCHEDULES.create("cosine", peak=1.0, t_max=9),
        third=SCHEDULES.create("step", peak=1.0, step_size=2, gamma=0.5),
        switch1=[1, 8],
        switch2=[9, 20, 39],
    ),
    *cases(
        "ChainedScheduler",
        "chained",
        lambda torch, sgd, s, n: torch.ChainedScheduler([torch.ExponentialLR(sgd, 0.9), torch.StepLR(sgd, 5, 0.5)]),
        first=SCHEDULES.create("exponential", gamma=0.9),
        second=SCHEDULES.create("step", step_size=5, gamma=0.5),
    ),
    *cases(
        "ChainedScheduler",
        "chained",
        lambda torch, sgd, s, n: torch.ChainedScheduler([torch.ConstantLR(sgd, 0.1, 5), torch.ExponentialLR(sgd, 0.9)]),
        first=SCHEDULES.create("piecewise", boundaries=(5,), factors=(0.1, 1.0)),
        second=SCHEDULES.create("exponential", gamma=0.9),
    ),
]


def answer(case: Case) -> NDArray[np.float64]:
    """Return PyTorch's rate, or momentum, of every update."""
    import torch
    from torch.optim import lr_scheduler, swa_utils

    names = SimpleNamespace(**vars(lr_scheduler), SWALR=swa_utils.SWALR)
    sgd = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=case.schedule.peak, momentum=0.9)
    found = []
    with warnings.catch_warnings():
        # SequentialLR calls its parts with an epoch, and PyTorch warns of its own call.
        warnings.filterwarnings("ignore", "The epoch parameter in `scheduler.step", UserWarning)
        scheduler = case.call(names, sgd, case.schedule, case.steps)
        for _ in range(case.steps):
            found.append(sgd.param_groups[0]["momentum" if case.quantity == "momentum" else "lr"])
            sgd.step()
            scheduler.step() if len(found) < case.steps else None
    return np.array(found, dtype=float)


def version() -> str:
    import torch

    return torch.__version__


def names() -> set[str]:
    """Return all that PyTorch calls a scheduler and that does not wait for a loss."""
    from torch.optim import lr_scheduler, swa_utils

    classes = {cls.__name__ for cls in vars(lr_scheduler).values() if isinstance(cls, type) and issubclass(cls, lr_scheduler.LRScheduler)}
    return (classes | {swa_utils.SWALR.__name__}) - {"LRScheduler", "_LRScheduler", "ReduceLROnPlateau"}
