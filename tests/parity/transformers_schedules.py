"""Our schedules by Transformers' names."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.parity.schedule_cases import LENGTHS, WARM, WARMUPS, Case, cases

FRAMEWORK = "transformers"


def named(name: str, **kwargs: Any):
    """Return the call for a schedule that only needs its name, the warm-up and the number of updates."""
    return lambda get, s, steps: get(name, s.warmup, steps, **kwargs)


def restarts(get, s, steps):
    """Transformers counts the cycles of a run; ours may have their length instead."""
    return get("cosine_with_restarts", s.warmup, steps, num_cycles=s.num_cycles or (steps - s.warmup) // s.t_0)


def polynomial(get, s, steps):
    return get("polynomial", s.warmup, steps, power=s.power, lr_end=s.floor * s.peak)


def inverse_sqrt(get, s, steps):
    return get("inverse_sqrt", s.warmup, steps, timescale=s.timescale or None)


def cosine(get, s, steps):
    return get("cosine", s.warmup, s.t_max + s.warmup if s.t_max else steps, num_cycles=s.num_cycles)


def cosine_with_min_lr(get, s, steps):
    return get("cosine_with_min_lr", s.warmup, steps, num_cycles=s.num_cycles, min_lr_rate=s.floor)


def cosine_warmup_with_min_lr(get, s, steps):
    """Its warm-up is at the peak one update early and its cosine at the floor in the last update: one of ours that is one update shorter."""
    told = {} if s.warmup_start == 1 / (s.warmup + 1) else {"warmup_lr_rate": s.warmup_start if s.warmup else 1.0}
    return get("cosine_warmup_with_min_lr", s.warmup + 1, steps, min_lr_rate=s.floor, **told)


SHAPES = {"linear": "linear", "cosine": "cosine", "one_minus_sqrt": "1-sqrt"}


def wsd(get, s, steps):
    """A floor lifts the start of the warm-up too: our warmup_start."""
    return get(
        "warmup_stable_decay",
        s.warmup,
        steps,
        num_decay_steps=round(s.decay * steps),
        warmup_type=SHAPES[s.warmup_shape],
        decay_type=SHAPES[s.decay_shape],
        min_lr_ratio=s.floor,
    )


def cooled(get, s, steps):
    """The same fall as an option of a constant rate."""
    return get("warmup_stable_decay", s.warmup, steps, num_decay_steps=s.cooldown, decay_type=SHAPES[s.cooldown_shape], min_lr_ratio=s.floor)


def flat(decay_type: str):
    """Return the call for one that holds the peak for a share of what follows warm-up, then falls."""

    def call(get, s, steps):
        decay = round((1 - s.flat) * (steps - s.warmup))
        return get("warmup_stable_decay", s.warmup, steps, num_decay_steps=decay, decay_type=decay_type, min_lr_ratio=s.floor)

    return call


WARMED = {"steps": [1, 2, WARM], "warmup": WARMUPS}
LEAST = {"floor": 0.1, "warmup_start": 0.1}
CASES = [
    *cases("constant", "constant", named("constant")),
    *cases("constant_with_warmup", "constant", named("constant_with_warmup"), **WARMED),
    *cases("linear", "linear", named("linear"), **WARMED),
    *cases("linear", "linear", named("linear"), steps=LENGTHS),
    *cases("cosine", "cosine", cosine, num_cycles=[0.5, 0.25, 1.5], **WARMED),
    *cases("cosine", "cosine", cosine, steps=[3, 40], t_max=[7, 100], warmup=[0, 5], past_end="rise"),
    *cases("cosine_with_restarts", "cosine_restarts", restarts, steps=40, t_0=[1, 5, 10, 40]),
    *cases("cosine_with_restarts", "cosine_restarts", restarts, steps=44, t_0=[5, 10, 40], warmup=4),
    *cases("cosine_with_restarts", "cosine_restarts", restarts, num_cycles=[1, 2, 3, 7], **WARMED),
    *cases("cosine_with_restarts", "cosine_restarts", restarts, num_cycles=[3, 7, 49], steps=[49, 1000]),
    *cases("polynomial", "polynomial", polynomial, power=[0.5, 1.0, 2.0], floor=[0.0, 0.1], **WARMED),
    *cases("inverse_sqrt", "inverse_sqrt", inverse_sqrt, timescale=[0, 1, 30], **WARMED),
    *cases("inverse_sqrt", "inverse_sqrt", inverse_sqrt, steps=40, timescale=[0, 30], warmup=[0, 10]),
    *cases("cosine_with_min_lr", "cosine", cosine_with_min_lr, num_cycles=[0.5, 1.5], floor=[0.0, 0.1], **WARMED),
    *(
        case
        for warmup in (0, 1, 10)
        for case in cases(
            "cosine_warmup_with_min_lr",
            "cosine",
            cosine_warmup_with_min_lr,
            steps=40,
            warmup=warmup,
            # What it starts at unless told otherwise, and told otherwise.
            warmup_start=[1 / (warmup + 1), 0.25] if warmup else 0.0,
            t_max=39 - warmup,
            floor=[0.0, 0.1],
        )
    ),
    *(
        case
        for case in cases("warmup_stable_decay", "wsd", wsd, decay=[0.0, 0.25, 0.5], decay_shape=list(SHAPES), **WARMED)
        # Where warm-up and decay together are longer than the run, Transformers begins the decay within the warm-up, and the rate jumps.
        if case.schedule.warmup >= case.steps or case.schedule.warmup + round(case.schedule.decay * case.steps) <= case.steps
    ),
    *cases("warmup_stable_decay", "wsd", wsd, steps=40, warmup=10, warmup_shape=list(SHAPES), decay=0.25, decay_shape=list(SHAPES), **LEAST),
    *cases("warmup_stable_decay", "knee", flat("linear"), steps=40, warmup=[0, 8], flat=[0.5, 0.75], floor=0.1, warmup_start=0.1),
    *cases("warmup_stable_decay", "flat_cosine", flat("cosine"), steps=40, warmup=[0, 8], flat=[0.5, 0.75], floor=0.1, warmup_start=0.1),
    *cases("warmup_stable_decay", "constant", cooled, steps=40, warmup=[0, 10], cooldown=[0, 1, 15, 30], cooldown_shape=list(SHAPES), **LEAST),
]


def answer(case: Case) -> NDArray[np.float64]:
    """Return Transformers' rate of every update."""
    import torch
    from transformers import get_scheduler

    sgd = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=case.schedule.peak)
    scheduler = case.call(
        lambda name, warmup, steps, **kwargs: get_scheduler(name, sgd, warmup, steps, scheduler_specific_kwargs=kwargs), case.schedule, case.steps
    )
    found = []
    for _ in range(case.steps):
        found.append(sgd.param_groups[0]["lr"])
        sgd.step()
        scheduler.step() if len(found) < case.steps else None
    return np.array(found, dtype=float)


def version() -> str:
    import transformers

    return transformers.__version__


def names() -> set[str]:
    """Return all of Transformers' names but the two that wait for a loss."""
    from transformers import SchedulerType

    return {kind.value for kind in SchedulerType} - {"reduce_lr_on_plateau", "greedy"}
