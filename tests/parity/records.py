"""Records: what a framework answered once, kept so that the tests need no framework."""

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]


def path(framework: str) -> Path:
    return Path(__file__).with_name(f"{framework}.npz")


def save(framework: str, version: str, answers: dict[str, Numbers]) -> None:
    """Write the answers by the id of their case, with the framework's version."""
    # One array of numbers, since every file in an archive costs a few hundred bytes.
    np.savez_compressed(
        path(framework),
        version=version,
        ids="\n".join(answers),
        lengths=[len(numbers) for numbers in answers.values()],
        numbers=np.concatenate(list(answers.values())),
    )


@cache
def load(framework: str) -> dict[str, Numbers]:
    """Return the answers by the id of their case."""
    with np.load(path(framework)) as stored:
        parts = np.split(stored["numbers"], np.cumsum(stored["lengths"])[:-1])
        return dict(zip(str(stored["ids"]).split("\n"), parts, strict=True))
