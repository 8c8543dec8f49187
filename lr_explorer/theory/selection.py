"""What choosing the best of many by their scores does to the score."""

import numpy as np


def selection_bound(spread: float, settings: int, seeds: int) -> float:
    """Return by how much at most the best of several settings looks better than it is, on average: s·√(2 ln K/n).

    spread: standard deviation s of a setting's score over seeds, whose mean over n seeds is what is compared. Reached as K grows if all K settings
    are equally good and their scores independent and normal; settings that share their noise, or differ, gain less.
    Source: the mean of the largest of K normal numbers, Boucheron, Lugosi & Massart (2013), theorem 2.5; Cawley & Talbot (2010) on what it does
    to comparisons.
    """
    if settings < 1 or seeds < 1:
        raise ValueError(f"selection_bound: settings and seeds must be at least 1; got {settings} and {seeds}")
    return float(spread * np.sqrt(2 * np.log(settings) / seeds))
