"""Measure the engine against torch.optim with autograd, in one run, and print ratios: python tests/bench/engine.py

Needs requirements-oracles.txt. Both sides run the same loop: one arm, Rosenbrock, a cosine schedule, no noise.
"""

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parents[2]))

import lr_explorer as lrx
from lr_explorer.noise import Gaussian

STEPS = 2000
ROUNDS = 7
OURS: dict[str, dict[str, float]] = {"sgd": {"momentum": 0.9}, "adam": {}}
THEIRS = {"sgd": lambda p: torch.optim.SGD(p, lr=1e-4, momentum=0.9), "adam": lambda p: torch.optim.Adam(p, lr=1e-4)}


def scenario(optimizer: str) -> lrx.Scenario:
    arm = lrx.Arm("arm", optimizer=lrx.optimizer(optimizer, **OURS[optimizer]), schedule=lrx.schedule("cosine", peak=1e-4))
    return lrx.Scenario(surface=lrx.surface("rosenbrock"), noise=Gaussian(), arms=(arm,), steps=STEPS)


def torch_loop(optimizer: str) -> None:
    point = torch.tensor([-1.5, 2.0], dtype=torch.float64, requires_grad=True)
    rule = THEIRS[optimizer]([point])
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(rule, STEPS)
    for _ in range(STEPS):
        rule.zero_grad()
        loss = (1 - point[0]) ** 2 + 100 * (point[1] - point[0] ** 2) ** 2
        loss.backward()
        rule.step()
        schedule.step()


def seconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def main() -> None:
    torch.set_num_threads(1)
    for optimizer in OURS:
        what_if = scenario(optimizer)
        pairs = [(seconds(lambda w=what_if: lrx.simulate(w)), seconds(lambda o=optimizer: torch_loop(o))) for _ in range(ROUNDS)]
        ours, theirs = (statistics.median(side) * 1e6 / STEPS for side in zip(*pairs, strict=True))
        print(f"{optimizer}: {ours:.1f} µs a step, torch {theirs:.0f} µs a step: {theirs / ours:.0f} times faster")
    for replicates in (1, 200):
        default = lrx.Scenario()
        took = statistics.median(seconds(lambda r=replicates, d=default: lrx.simulate(d, r)) for _ in range(ROUNDS))
        print(f"default scenario, {replicates} replicates: {took * 1000:.0f} ms")


if __name__ == "__main__":
    main()
