"""Measure ensembles and print what a crowd costs beside its bare runs, by processor time, and its memory: python tests/bench/ensembles.py

With a number of workers behind it, the memory of a very large run and the wall time with so many processes, too: python tests/bench/ensembles.py 2
"""

import resource
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from lr_explorer.experiments.blocks import computed, replicate_blocks
from lr_explorer.experiments.crowd import crowd
from lr_explorer.experiments.ensemble import observe
from lr_explorer.experiments.fair import fair_fight
from lr_explorer.experiments.pool import Pool
from lr_explorer.experiments.presets import PRESETS
from lr_explorer.scenario import Scenario
from lr_explorer.simulate import simulate

ROUNDS = 5
SETTLE = PRESETS["settle"]
# Replicates, arms, steps.
SIZES = ((400, 6, 1000), (10_000, 4, 1000))


def scenario(arms: int, steps: int) -> Scenario:
    return SETTLE.scenario.with_values(arms=(SETTLE.scenario.arms * 2)[:arms], steps=steps)


def median_seconds(*works: Callable[[], object]) -> list[float]:
    """Return the median processor time of each, measured in turns so that a busy machine is unfair to none."""
    took: list[list[float]] = [[] for _ in works]
    for _ in range(ROUNDS):
        for place, work in enumerate(works):
            began = time.process_time()
            work()
            took[place].append(time.process_time() - began)
    return [statistics.median(times) for times in took]


def final_losses(what_if: Scenario, count: int) -> None:
    computed([partial(observe, what_if, SETTLE.measure, numbers) for numbers in replicate_blocks(what_if, count)])


def wall(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def main(workers: int) -> None:
    for count, arms, steps in SIZES:
        what_if = scenario(arms, steps)
        told, ends, bands = median_seconds(
            partial(simulate, what_if, count), partial(final_losses, what_if, count), partial(crowd, what_if, SETTLE.measure, count)
        )
        each = ends * 1e9 / (count * arms * steps)
        print(
            f"{count:,} replicates × {arms} arms × {steps:,} steps: final losses {ends:.2f} s ({each:.0f} ns an update); "
            f"with bands, times and basins {bands:.2f} s, {bands / ends:.1f} times that; paths and endings as a run {told:.2f} s"
        )
    usual = Scenario()
    usual = usual.with_values(arms=(usual.arms * 2)[: SIZES[-1][1]], steps=SIZES[-1][2])
    print(f"the same as a run on the default surface: {median_seconds(partial(simulate, usual, SIZES[-1][0]))[0]:.2f} s")
    fight = SETTLE.scenario.with_values(arms=SETTLE.scenario.arms[:2])
    print(f"a fair fight of two arms, 300 steps, 55 peaks × 100 replicates, judged on 400: {median_seconds(partial(fair_fight, fight))[0]:.2f} s")
    print(f"most memory so far {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
    if workers:
        # Paths are kept of the first only, whatever the number.
        simulate(scenario(6, 1000), 100_000)
        print(f"… after 100,000 replicates × 6 arms × 1,000 steps {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
        count, arms, steps = SIZES[-1]
        with Pool(workers) as pool:
            crowd(scenario(arms, 10), SETTLE.measure, 1000, executor=pool)
            together = wall(partial(crowd, scenario(arms, steps), SETTLE.measure, count, executor=pool))
        alone = wall(partial(crowd, scenario(arms, steps), SETTLE.measure, count))
        print(f"{workers} processes: {together:.2f} s instead of {alone:.2f} s by the clock, {alone / together:.1f} times as fast")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
