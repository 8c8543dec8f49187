"""Record what the real PyTorch answers to the cases, so that the tests need no PyTorch: `python -m tests.parity.record`."""

import warnings

import numpy as np
import torch
from torch.optim import lr_scheduler

from tests.parity.parity_cases import OPTIMIZER_CASES, RECORD, RECORDED, SCHEDULE_CASES, OptimizerCase, ScheduleCase, gradients, rates

_OPTIMIZERS = {
    "sgd": torch.optim.SGD,
    "adagrad": torch.optim.Adagrad,
    "rmsprop": torch.optim.RMSprop,
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
}

# From our schedule and the number of updates to PyTorch's scheduler.
_SCHEDULERS = {
    "constant": lambda sgd, s, total: lr_scheduler.LambdaLR(sgd, lambda t: 1.0),
    "step": lambda sgd, s, total: lr_scheduler.StepLR(sgd, s.step_size, s.gamma),
    "exponential": lambda sgd, s, total: lr_scheduler.ExponentialLR(sgd, s.gamma),
    "inverse_time": lambda sgd, s, total: lr_scheduler.LambdaLR(sgd, lambda t: 1 / (1 + s.decay_rate * t)),
    "linear": lambda sgd, s, total: lr_scheduler.LinearLR(sgd, 1.0, s.floor, total),
    "cosine": lambda sgd, s, total: lr_scheduler.CosineAnnealingLR(sgd, total, s.floor * s.peak),
    "polynomial": lambda sgd, s, total: lr_scheduler.PolynomialLR(sgd, total, s.power),
    "cosine_restarts": lambda sgd, s, total: lr_scheduler.CosineAnnealingWarmRestarts(sgd, s.t_0, s.t_mult, s.floor * s.peak),
    "one_cycle": lambda sgd, s, total: lr_scheduler.OneCycleLR(
        sgd,
        s.peak,
        total,
        pct_start=s.pct_start,
        anneal_strategy=s.anneal_strategy,
        div_factor=s.div_factor,
        final_div_factor=s.final_div_factor,
        three_phase=s.three_phase,
        cycle_momentum=False,
    ),
}


def path(case: OptimizerCase) -> np.ndarray:
    """Return PyTorch's points (steps + 1, 2, lanes)."""
    values = {name: getattr(case.optimizer, name) for name in case.optimizer.params()}
    if "beta1" in values:
        values["betas"] = (values.pop("beta1"), values.pop("beta2"))
    x = torch.tensor(case.start, requires_grad=True)
    optimizer = _OPTIMIZERS[case.optimizer.name]([x], lr=1.0, foreach=False, **values)
    points = [case.start]
    for rate, gradient in zip(rates(), gradients(), strict=True):
        optimizer.param_groups[0]["lr"] = float(rate)
        x.grad = torch.tensor(gradient)
        optimizer.step()
        points.append(x.detach().numpy().copy())
    return np.array(points)


def values(case: ScheduleCase) -> np.ndarray:
    """Return PyTorch's rate of every update."""
    schedule, warmup = case.schedule, case.schedule.warmup
    sgd = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=schedule.peak)
    with warnings.catch_warnings():
        # SequentialLR warns about its own way of starting a scheduler at 0.
        warnings.simplefilter("ignore")
        scheduler = _SCHEDULERS[schedule.name](sgd, schedule, case.steps - warmup)
        if warmup:
            rise = lr_scheduler.LinearLR(sgd, schedule.warmup_start, 1.0, warmup)
            scheduler = lr_scheduler.SequentialLR(sgd, [rise, scheduler], [warmup])
        found = []
        for _ in range(case.steps):
            found.append(sgd.param_groups[0]["lr"])
            sgd.step()
            scheduler.step() if len(found) < case.steps else None
    return np.array(found, dtype=float)


if __name__ == "__main__":
    record = {case.id: path(case)[RECORDED] for case in OPTIMIZER_CASES} | {case.id: values(case) for case in SCHEDULE_CASES}
    # One array, since every file in an archive costs a few hundred bytes; the tests know each case's length.
    np.savez_compressed(RECORD, version=torch.__version__, ids=list(record), numbers=np.concatenate([numbers.ravel() for numbers in record.values()]))
    print(f"{len(record)} cases of PyTorch {torch.__version__}, {RECORD.stat().st_size} bytes")
