"""Lanes on a bowl without a page or a scenario around them, for against_frameworks.py and the processes of a pool."""

from functools import partial

import numpy as np

import lr_explorer as lrx
from lr_explorer.draws import whole_groups
from lr_explorer.experiments.blocks import computed
from lr_explorer.experiments.pool import Pool
from lr_explorer.noise import Gaussian
from lr_explorer.simulate import _STRETCH, _run_block
from lr_explorer.start import Point

STEPS = 1000
SIGMA = 1.0
START = (-4.0, 1.0)
BOWL = lrx.surface("quadratic")
# Updates of single lanes in a block, about as many as blocks of an ensemble have.
BLOCK = 2_600_000


def rates(arms: int) -> np.ndarray:
    return np.linspace(0.01, 0.1, arms)


def contenders(optimizer: str, arms: int) -> tuple[lrx.Arm, ...]:
    return tuple(lrx.Arm(optimizer=lrx.optimizer(optimizer), schedule=lrx.schedule("constant", peak=rate)) for rate in rates(arms))


def block_losses(optimizer: str, arms: int, numbers: range) -> np.ndarray:
    """Return the final losses of some replicates, (arms, replicates), by the loop below a run, since a scenario has no more than six arms."""
    scenario = lrx.Scenario(surface=BOWL, start=Point(*START), noise=Gaussian(sigma=SIGMA), steps=STEPS)
    path = np.empty((2, _STRETCH // (2 * arms * len(numbers)) + 1, arms, len(numbers)))
    told = _run_block(scenario, contenders(optimizer, arms), np.array(numbers), path, None, anatomy=False, endings=False)
    return np.array([arm["final_loss"] for arm in told])


def final_losses(optimizer: str, arms: int, replicates: int, pool: Pool | None = None) -> np.ndarray:
    """Return the final losses, (arms, replicates), block by block, here or in the pool's processes."""
    size = whole_groups(BLOCK // (arms * STEPS))
    blocks = [range(first, min(first + size, replicates)) for first in range(0, replicates, size)]
    return np.concatenate(computed([partial(block_losses, optimizer, arms, block) for block in blocks], pool), axis=1)
