"""Which seed is for what, so that nothing is judged on the noise on which it was chosen."""

from enum import IntEnum

from lr_explorer.scenario import MAX_SEED, Scenario

# Every purpose has a block of seeds of its own; seeds below this, as people type them, never lead into another's block.
_BLOCK = 10**12
_PURPOSES = 10
MOST_REPETITIONS = 900


class Purpose(IntEnum):
    """What a seed's noise is used for."""

    DISPLAY = 0  # the scenario's own seed: what one looks at, and tunes by hand on
    TUNING = 1
    EVALUATION = 2


def seed_for(seed: int, purpose: Purpose, repetition: int = 0) -> int:
    """Return the seed of one purpose under a scenario's seed; the displayed run has the scenario's own.

    repetition: 0 for the experiment itself, 1, 2, … for the same once more with other seeds. For one scenario's seed all answers differ, and
    for seeds below 10¹² no answer is that of another seed, purpose or repetition.
    """
    if not 0 <= repetition <= MOST_REPETITIONS:
        raise ValueError(f"seed_for: repetition must be between 0 and {MOST_REPETITIONS}; got {repetition}")
    return (seed + (_PURPOSES * repetition + purpose) * _BLOCK) % (MAX_SEED + 1)


def under(scenario: Scenario, purpose: Purpose, repetition: int = 0) -> Scenario:
    """Return the scenario with the seed of one purpose."""
    return scenario.with_values(seed=seed_for(scenario.seed, purpose, repetition))
